/** What every part of the page shares: the socket, the query client, and whether an access key is wanted. */
import { createContext, useContext } from "react";
import type { Client as SocketClient } from "graphql-ws";
import type { Client as QueryClient } from "urql";
import { onAccessKey } from "../ledger/access";
import { createLedgerClient } from "../ledger/client";
import { connect } from "../ledger/socket";
import { type Connection, watchConnection } from "./connection";
import { createStore, type Store } from "./store";

export interface Session {
  socket: SocketClient;
  queries: QueryClient;
  connection: Store<Connection>;
  /** True while the ledger refuses to speak without an access key. */
  keyWanted: Store<boolean>;
  wantKey(): void;
  /** Grows when the ledger turns out to be another than before, or the key is: what was read is read anew. */
  generation: Store<number>;
}

export function createSession(): Session {
  const keyWanted = createStore(false);
  const wantKey = () => keyWanted.set(true);
  const generation = createStore(0);
  onAccessKey(() => {
    keyWanted.set(false);
    generation.set(generation.get() + 1);
  });
  const socket = connect();
  return {
    socket,
    queries: createLedgerClient(wantKey),
    connection: watchConnection(socket),
    keyWanted,
    wantKey,
    generation,
  };
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession needs a SessionContext above it");
  return session;
}
