/** Issue to, or consume from, one customer. The ledger judges the input: nothing is checked twice here. */
import { type FormEvent, useEffect, useState } from "react";
import { useClient } from "urql";
import {
  consumeMutation,
  type EntitlementTypeSummary,
  issueMutation,
  type OperationResult,
} from "../ledger/documents";
import { amountText, deltaText } from "../ledger/format";
import { useCatalog } from "./catalog";
import { type Expiry, ExpiryFields, expiryInput } from "./ExpiryFields";
import { Field } from "./Field";
import { KeyField } from "./KeyField";
import { Outcome } from "./Outcome";
import { RequestLinks } from "./RequestLinks";
import { type Send, useSubmission } from "./submission";

export type OperationName = "issue" | "consume";

interface OperationInput {
  customerId: string;
  typeCode: string;
  amount: string;
  reason?: string;
  note?: string;
  expiresAt?: string;
  validity?: { duration?: string; until?: "NEVER" };
}

interface OperationFormProps {
  operation: OperationName;
  customerId: string;
  typeCode: string | null;
}

export function OperationForm({ operation, customerId, typeCode }: OperationFormProps) {
  const { types, phase } = useCatalog();
  const [chosenType, setChosenType] = useState<string | null>(null);
  const [amount, setAmount] = useState("");
  const [expiry, setExpiry] = useState<Expiry>({ choice: "default", date: "", duration: "" });
  const [reason, setReason] = useState("");
  const [note, setNote] = useState("");
  const { key, setKey, submission, last, submit, sendAgain, startAnew } = useSubmission(
    operation,
    useSend(operation),
  );
  useEffect(() => setChosenType(null), [typeCode]);
  const type = types.find((each) => each.code === (chosenType ?? typeCode)) ?? types[0];
  const refused = submission.state === "refused" ? submission.refusals.fields : {};
  const done = submission.state === "done";

  const edited = (change: () => void) => {
    change();
    if (done) startAnew();
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (done) return startAnew();
    void submit(inputOf(operation, { customerId, type, amount, reason, note, expiry }));
  };

  return (
    <form className="form" aria-label={TITLES[operation]} noValidate onSubmit={onSubmit}>
      <div className="fields">
        <Field label="Type" refusals={refused["typeCode"]}>
          <select value={type?.code ?? ""} onChange={(event) => edited(() => setChosenType(event.target.value))}>
            {types.map((each) => (
              <option key={each.code} value={each.code}>
                {each.code}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Amount" hint={amountHint(type)} refusals={refused["amount"]}>
          <input
            name="amount"
            inputMode="decimal"
            autoComplete="off"
            value={amount}
            onChange={(event) => edited(() => setAmount(event.target.value))}
          />
        </Field>
        {operation === "issue" && (
          <ExpiryFields
            type={type}
            value={expiry}
            refusals={refused}
            onChange={(next) => edited(() => setExpiry(next))}
          />
        )}
      </div>
      <details>
        <summary>Reason and note</summary>
        <div className="fields">
          <Field label="Reason" hint="A short code, such as order.paid" refusals={refused["reason"]}>
            <input name="reason" value={reason} onChange={(event) => edited(() => setReason(event.target.value))} />
          </Field>
          <Field label="Note" hint="For your own staff" refusals={refused["note"]}>
            <input name="note" value={note} onChange={(event) => edited(() => setNote(event.target.value))} />
          </Field>
        </div>
      </details>
      <KeyField value={key} refusals={refused["idempotencyKey"]} onChange={(next) => edited(() => setKey(next))} onNew={startAnew} />
      <div className="actions">
        <button type="submit" className="primary" disabled={submission.state === "sending" || types.length === 0}>
          {done ? `${TITLES[operation]} more` : TITLES[operation]}
        </button>
        {last && <RequestLinks document={DOCUMENTS[operation]} variables={{ input: last }} />}
      </div>
      {types.length === 0 && phase === "ready" && <p className="hint">There is no entitlement type yet: define one first.</p>}
      <Outcome
        submission={submission}
        idempotencyKey={last?.idempotencyKey ?? key}
        written={writtenText}
        onSendAgain={() => void sendAgain()}
      />
    </form>
  );
}

const TITLES: Record<OperationName, string> = { issue: "Issue", consume: "Consume" };
const DOCUMENTS = { issue: issueMutation, consume: consumeMutation };

function useSend(operation: OperationName): Send<OperationInput, OperationResult> {
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

interface FormValues {
  customerId: string;
  type: EntitlementTypeSummary | undefined;
  amount: string;
  reason: string;
  note: string;
  expiry: Expiry;
}

function inputOf(operation: OperationName, values: FormValues): OperationInput {
  const { customerId, type, amount, reason, note, expiry } = values;
  return {
    customerId,
    typeCode: type?.code ?? "",
    amount: amount.trim(),
    ...(reason ? { reason } : {}),
    ...(note ? { note } : {}),
    ...(operation === "issue" ? expiryInput(expiry) : {}),
  };
}

function amountHint(type: EntitlementTypeSummary | undefined): string | undefined {
  if (!type) return undefined;
  return type.scale === 0 ? `Whole ${type.unit}` : `${type.unit}, up to ${type.scale} decimals`;
}

function writtenText({ event, balance }: OperationResult): string {
  if (!event) return "Accepted.";
  const change = event.delta === null ? "" : ` ${deltaText(event.delta)}`;
  const after = balance ? `; available now ${amountText(balance.available)}` : "";
  return `Event #${event.position}:${change} ${event.typeCode ?? ""}${after}.`;
}
