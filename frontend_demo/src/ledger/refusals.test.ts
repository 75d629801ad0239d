import { expect, test } from "vitest";
import type { Refusal } from "./documents";
import { plainWords, sortRefusals } from "./refusals";

const FIELDS = ["customerId", "typeCode", "amount", "idempotencyKey"];

const invalid = (message: string, ...field: string[]) =>
  ({ __typename: "InvalidInput", code: "INVALID_INPUT", message, field, retryable: false }) as Refusal;

test("a refusal stands beside the field that its path names; what names none stands above", () => {
  const sorted = sortRefusals(
    [invalid("Too many decimals.", "input", "amount"), invalid("Too long.", "idempotencyKey"), invalid("No.")],
    FIELDS,
  );
  expect(sorted.fields).toEqual({ amount: ["Too many decimals."], idempotencyKey: ["Too long."] });
  expect(sorted.general).toEqual(["No."]);
});

test("too little says what there is, what is missing, and where the rest is", () => {
  const refusal = {
    __typename: "InsufficientBalance",
    code: "INSUFFICIENT_BALANCE",
    message: "",
    field: ["input", "amount"],
    retryable: false,
    available: "40",
    missing: "60",
    unusable: "0",
    held: "25",
    pending: "0.00",
    nextActivationAt: null,
  } as Refusal;
  expect(plainWords(refusal)).toBe("Not enough: 40 is available, 60 is missing. 25 is held.");
});

test("a code without a sentence of its own is told in the ledger's words", () => {
  expect(plainWords(invalid("An amount is above 0.", "amount"))).toBe("An amount is above 0.");
});
