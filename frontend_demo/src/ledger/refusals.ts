/**
 * A refusal in plain words, and beside which field of a form it belongs. The ledger's own message is kept for
 * what has no sentence here: a new code must never leave a reader without an explanation.
 */
import type { Refusal } from "./documents";
import { amountText, dateTimeText } from "./format";

export interface FieldRefusals {
  /** By the form's field name. */
  fields: Record<string, string[]>;
  /** What no field of the form is named by. */
  general: string[];
}

export function sortRefusals(refusals: readonly Refusal[], fieldNames: readonly string[]): FieldRefusals {
  const sorted: FieldRefusals = { fields: {}, general: [] };
  for (const refusal of refusals) {
    const name = refusal.field.find((part) => fieldNames.includes(part));
    const sentence = plainWords(refusal);
    if (name === undefined) sorted.general.push(sentence);
    else (sorted.fields[name] ??= []).push(sentence);
  }
  return sorted;
}

export function plainWords(refusal: Refusal): string {
  if (refusal.__typename === "InsufficientBalance") return insufficient(refusal);
  if (refusal.__typename === "LimitReached")
    return `This would go over the limit of ${amountText(refusal.limit)}; ${amountText(refusal.remaining)} more is possible.`;
  if (refusal.__typename === "IdempotencyConflict" && refusal.firstEvent)
    return `This key was already used, for event #${refusal.firstEvent.position}. Take a new key for a new request.`;
  const sentence = sentences[refusal.code];
  return sentence ?? refusal.message;
}

function insufficient(refusal: Extract<Refusal, { __typename: "InsufficientBalance" }>): string {
  const parts = [
    `Not enough: ${amountText(refusal.available)} is available, ${amountText(refusal.missing)} is missing.`,
  ];
  if (!isZero(refusal.held)) parts.push(`${amountText(refusal.held)} is held.`);
  if (!isZero(refusal.unusable)) parts.push(`${amountText(refusal.unusable)} is kept for other uses.`);
  if (!isZero(refusal.pending)) {
    const when = refusal.nextActivationAt ? `, from ${dateTimeText(refusal.nextActivationAt)} on` : "";
    parts.push(`${amountText(refusal.pending)} is still to come${when}.`);
  }
  return parts.join(" ");
}

function isZero(amount: string): boolean {
  return /^0(\.0+)?$/.test(amount);
}

const sentences: Partial<Record<Refusal["code"], string>> = {
  OVERLOADED: "The ledger is busy right now. Send again: nothing was written.",
  UNAVAILABLE: "The ledger cannot write at the moment. Send again with the same key later.",
  OUTCOME_UNKNOWN: "It is not known whether this was written. Send again: the same key can never write twice.",
  IDEMPOTENCY_CONFLICT: "This key was already used for something else. Take a new key for a new request.",
};
