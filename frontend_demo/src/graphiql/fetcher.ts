/** How GraphiQL reaches the ledger: queries and mutations by POST, subscriptions over graphql-ws, one address for both. */
import { createGraphiQLFetcher, type Fetcher, type FetcherOpts, type FetcherParams } from "@graphiql/toolkit";
import { type DocumentNode, Kind, parse } from "graphql";
import { authorization } from "../ledger/access";
import { connect } from "../ledger/socket";

export function createFetcher(): Fetcher {
  const fetcher = createGraphiQLFetcher({ url: "/graphql", wsClient: connect(), fetch: authorizedFetch });
  return (params, options) => fetcher(...asWritten(params, options));
}

/**
 * What GraphiQL says about a document lags behind its text: run right after a change of tabs, it would name the last
 * tab's operation. The text is what the reader sees, so operation and document are taken from it.
 */
export function asWritten(params: FetcherParams, options?: FetcherOpts): [FetcherParams, FetcherOpts | undefined] {
  const document = parsed(params.query);
  const names = document?.definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION ? [each.name?.value] : [],
  );
  if (!document || !names) return [params, options];
  const { operationName: chosen, ...rest } = params;
  const name = names.includes(chosen ?? undefined) ? chosen : names[0];
  return [name ? { ...rest, operationName: name } : rest, { ...options, documentAST: document }];
}

const authorizedFetch: typeof fetch = (url, request) => {
  const headers = new Headers(request?.headers);
  for (const [name, value] of Object.entries(authorization())) if (!headers.has(name)) headers.set(name, value);
  return fetch(url, { ...request, headers });
};

function parsed(query: string): DocumentNode | null {
  try {
    return parse(query);
  } catch {
    return null; // the server says what is wrong with it
  }
}
