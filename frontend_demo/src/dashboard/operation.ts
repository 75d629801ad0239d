/** What the forms for issue and consume hold, and what of it is sent. */
import { useClient } from "urql";
import { consumeMutation, type EntitlementTypeSummary, issueMutation, type OperationResult } from "../ledger/documents";
import { type Expiry, expiryInput } from "./ExpiryFields";
import type { Send } from "./submission";

export type OperationName = "issue" | "consume";

export interface OperationValues {
  /** Null until the reader has chosen one. */
  typeCode: string | null;
  amount: string;
  expiry: Expiry;
  reason: string;
  note: string;
}

export const blankOperation: OperationValues = {
  typeCode: null,
  amount: "",
  expiry: { choice: "default", date: "", duration: "" },
  reason: "",
  note: "",
};

export interface OperationInput {
  customerId: string;
  typeCode: string;
  amount: string;
  reason?: string;
  note?: string;
  expiresAt?: string;
  validity?: { duration?: string; until?: "NEVER" };
}

/** Members that were left empty are left out: absent and empty are not the same to the ledger. */
export function inputOf(
  operation: OperationName,
  customerId: string,
  type: EntitlementTypeSummary | undefined,
  { amount, reason, note, expiry }: OperationValues,
): OperationInput {
  return {
    customerId,
    typeCode: type?.code ?? "",
    amount: amount.trim(),
    ...(reason ? { reason } : {}),
    ...(note ? { note } : {}),
    ...(operation === "issue" ? expiryInput(expiry) : {}),
  };
}

export function useSendOperation(operation: OperationName): Send<OperationInput, OperationResult> {
  const client = useClient();
  return async (input) => {
    if (operation === "issue") {
      const { data, error } = await client.mutation(issueMutation, { input }).toPromise();
      return { result: data?.issue ?? null, error };
    }
    const { data, error } = await client.mutation(consumeMutation, { input }).toPromise();
    return { result: data?.consume ?? null, error };
  };
}
