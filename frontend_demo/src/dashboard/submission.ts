/**
 * Sending one request to the ledger under an idempotency key that the reader sees: what came back, and sending the
 * very same again. The key stays while the outcome is unknown, because only then is sending again safe.
 */
import { useState } from "react";
import type { CombinedError } from "urql";
import type { Refusal } from "../ledger/documents";
import { newIdempotencyKey } from "../ledger/idempotency";
import { type FieldRefusals, sortRefusals } from "../ledger/refusals";

export interface Answer {
  replayed: boolean;
  errors: readonly Refusal[];
}

export type Submission<Result extends Answer> =
  | { state: "idle" }
  | { state: "sending" }
  | { state: "done"; result: Result }
  | { state: "refused"; refusals: FieldRefusals }
  | { state: "unknown"; message: string };

export type Send<Input, Result> = (
  input: Input & { idempotencyKey: string },
) => Promise<{ result: Result | null; error: CombinedError | undefined }>;

export function useSubmission<Input extends object, Result extends Answer>(purpose: string, send: Send<Input, Result>) {
  const [key, setKey] = useState(() => newIdempotencyKey(purpose));
  const [submission, setSubmission] = useState<Submission<Result>>({ state: "idle" });
  const [last, setLast] = useState<(Input & { idempotencyKey: string }) | null>(null);

  async function deliver(input: Input & { idempotencyKey: string }): Promise<void> {
    setLast(input);
    setSubmission({ state: "sending" });
    const { result, error } = await send(input);
    setSubmission(judge(result, error, Object.keys(input)));
  }

  const take = (next: string) => {
    setKey(next);
    if (submission.state === "done") setSubmission({ state: "idle" });
    return next;
  };
  const takeNewKey = () => take(newIdempotencyKey(purpose));

  return {
    key,
    setKey: take,
    /** For the next request: a new key, and the answer to the last one put away. */
    takeNewKey,
    submission,
    last,
    /** Sends a request of its own: what was answered already never goes out under the same key by this. */
    submit: (input: Input) => deliver({ ...input, idempotencyKey: submission.state === "done" ? takeNewKey() : key }),
    sendAgain: () => (last ? deliver(last) : Promise.resolve()),
  };
}

/** What an answer means to the reader; an internal error leaves as much open as no answer at all. */
export function judge<Result extends Answer>(
  result: Result | null,
  error: CombinedError | undefined,
  fieldNames: readonly string[],
): Submission<Result> {
  if (result && result.errors.length > 0)
    return { state: "refused", refusals: sortRefusals(result.errors, fieldNames) };
  if (result) return { state: "done", result };
  const complaints = error?.graphQLErrors ?? [];
  if (complaints.length > 0 && !complaints.some((each) => each.extensions?.["code"] === "INTERNAL")) {
    const sentences = complaints.map((each) => each.message);
    return { state: "refused", refusals: { fields: {}, general: sentences } };
  }
  return {
    state: "unknown",
    message:
      "No answer came, so it is not known whether this was written. Send again: the same key never writes twice.",
  };
}
