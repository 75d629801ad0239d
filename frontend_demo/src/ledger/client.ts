/** The urql client for queries and mutations. There is no cache: what changes on this page, changes live. */
import { Client, fetchExchange, mapExchange } from "urql";
import { authorization } from "./access";

export function createLedgerClient(onForbidden: () => void): Client {
  return new Client({
    url: "/graphql",
    preferGetMethod: false,
    requestPolicy: "network-only",
    exchanges: [
      mapExchange({
        onError(error) {
          const response = error.response as Response | undefined;
          if (response?.status === 401) onForbidden();
        },
      }),
      fetchExchange,
    ],
    fetchOptions: () => ({ headers: authorization() }),
  });
}
