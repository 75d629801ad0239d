/** A document of this page for use elsewhere, variables and all: as a link to GraphiQL, or as a curl command. */
import { type DocumentNode, print } from "graphql";

export function graphiqlLink(document: DocumentNode, variables: object): string {
  const parameters = new URLSearchParams({ q: print(document), variables: JSON.stringify(variables, null, 2) });
  return `/graphql?${parameters.toString()}`;
}

/** For a POSIX shell. The access key is never copied: the command reads it from `$LEDGER_KEY`. */
export function curlCommand(document: DocumentNode, variables: object, origin: string, guarded: boolean): string {
  const query = print(document).replaceAll(/\s+/g, " ").trim();
  const body = JSON.stringify({ query, variables }).replaceAll("'", `'\\''`);
  const key = guarded ? ` -H "authorization: Bearer $LEDGER_KEY"` : "";
  return `curl -s ${origin}/graphql -H 'content-type: application/json'${key} -d '${body}'`;
}
