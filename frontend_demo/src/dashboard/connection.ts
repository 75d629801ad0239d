/** Whether the page hears the ledger, and when it last did: what the connection badge and stale marks show. */
import type { Client } from "graphql-ws";
import { isForbidden } from "../ledger/socket";
import { createStore, type Store } from "./store";

export interface Connection {
  status: "connecting" | "live" | "reconnecting" | "forbidden";
  /** Milliseconds since 1970; null before the first answer. */
  lastHeardAt: number | null;
}

export function watchConnection(client: Client): Store<Connection> {
  const store = createStore<Connection>({ status: "connecting", lastHeardAt: null });
  let lastHeardAt: number | null = null;
  const heard = () => {
    lastHeardAt = Date.now();
  };
  client.on("connected", () => {
    heard();
    store.set({ status: "live", lastHeardAt });
  });
  client.on("message", heard);
  client.on("closed", (event) => {
    const status = isForbidden(event) ? "forbidden" : lastHeardAt === null ? "connecting" : "reconnecting";
    store.set({ status, lastHeardAt });
  });
  return store;
}
