// @vitest-environment node
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSchema, coerceInputValue, type OperationDefinitionNode, parse, typeFromAST, validate } from "graphql";
import { expect, test } from "vitest";
import { examples, linkedExample } from "./examples";

const path = fileURLToPath(new URL("../../../schema.graphql", import.meta.url));
const schema = buildSchema(readFileSync(path, "utf8"));

test.each(examples)("an example fits the exported schema, variables included: $query", ({ query, variables }) => {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const values = JSON.parse(variables ?? "{}") as Record<string, unknown>;
  for (const definition of operation.variableDefinitions ?? []) {
    const type = typeFromAST(schema, definition.type as never) as never;
    expect(() => coerceInputValue(values[definition.variable.name.value], type)).not.toThrow();
  }
});

test("a link opens its own document, and the server's parameter name is left alone", () => {
  expect(linkedExample("?q=%7Bledger%7Bhead%7D%7D&variables=%7B%7D")).toEqual({
    query: "{ledger{head}}",
    variables: "{}",
  });
  expect(linkedExample("?query=%7Bledger%7Bhead%7D%7D")).toBeNull();
});
