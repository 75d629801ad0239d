/** A link that opens a document of this page in GraphiQL, variables and all. */
import { type DocumentNode, print } from "graphql";

export function graphiqlLink(document: DocumentNode, variables: Record<string, unknown>): string {
  const parameters = new URLSearchParams({ q: print(document), variables: JSON.stringify(variables, null, 2) });
  return `/graphql?${parameters.toString()}`;
}
