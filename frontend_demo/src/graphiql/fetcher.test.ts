import { expect, test } from "vitest";
import { asWritten } from "./fetcher";

test("what runs is what is written, not what the last tab held", () => {
  const [params, options] = asWritten({
    query: "subscription Events { ledger { head } }",
    operationName: "DefineType",
  });
  expect(params.operationName).toBe("Events");
  expect(options?.documentAST?.definitions).toHaveLength(1);
});

test("one of several operations stays the one that was chosen", () => {
  const query = "query One { ledger { head } } query Two { ledger { name } }";
  expect(asWritten({ query, operationName: "Two" })[0].operationName).toBe("Two");
});

test("a nameless operation has no name, and what is no GraphQL goes to the server as it is", () => {
  expect(asWritten({ query: "{ ledger { head } }", operationName: "Old" })[0].operationName).toBeUndefined();
  expect(asWritten({ query: "{", operationName: "Old" })[0]).toEqual({ query: "{", operationName: "Old" });
});
