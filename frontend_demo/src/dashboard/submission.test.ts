import { CombinedError } from "urql";
import { expect, test } from "vitest";
import { type Answer, judge } from "./submission";

const answer = (change: Partial<Answer>): Answer => ({ replayed: false, errors: [], ...change });

test("an answer without refusals is done, replayed or not", () => {
  expect(judge(answer({ replayed: true }), undefined, [])).toEqual({
    state: "done",
    result: answer({ replayed: true }),
  });
});

test("no answer and an internal error both leave it open whether something was written", () => {
  const offline = new CombinedError({ networkError: new Error("Failed to fetch") });
  const broken = new CombinedError({
    graphQLErrors: [{ message: "Internal error", extensions: { code: "INTERNAL" } }],
  });
  expect(judge(null, offline, []).state).toBe("unknown");
  expect(judge(null, broken, []).state).toBe("unknown");
});

test("a malformed request was refused for certain, in the server's words", () => {
  const error = new CombinedError({ graphQLErrors: [{ message: "No.", extensions: { code: "BAD_USER_INPUT" } }] });
  expect(judge(null, error, [])).toEqual({ state: "refused", refusals: { fields: {}, general: ["No."] } });
});
