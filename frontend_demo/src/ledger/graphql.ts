/**
 * Typed GraphQL: `graphql(...)` gives every document the types of the server's exported schema.graphql, so that a
 * change of the contract shows as a type error here. Documents themselves live in `documents.ts`.
 */
import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./graphql-env";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: {
    Amount: string;
    Cursor: string;
    DateTime: string;
    Duration: string;
    JSON: unknown;
    Position: number;
  };
}>();

export type { ResultOf, VariablesOf } from "gql.tada";
