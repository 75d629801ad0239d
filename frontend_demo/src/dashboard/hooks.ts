/** React's side of the live data: the feed under a filter, the ledger's head, a customer's balances, a clock. */
import { print } from "graphql";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { onAccessKey } from "../ledger/access";
import { balancesLive, type BalanceCard, ledgerLive, type LedgerHead } from "../ledger/documents";
import { isForbidden } from "../ledger/socket";
import { keepSubscribed } from "../ledger/live";
import { countCatalogChanges } from "./catalog";
import { type Feed, type FeedState, type Filter, openFeed } from "./feed";
import { useSession } from "./session";
import { createStore, type Store, useStore } from "./store";

export function useFeed(filter: Filter | null): Feed | null {
  const session = useSession();
  const [feed, setFeed] = useState<Feed | null>(null);
  const key = JSON.stringify(filter);
  useEffect(() => {
    const opened = openFeed(session, JSON.parse(key) as Filter | null);
    setFeed(opened);
    return () => opened.stop();
  }, [session, key]);
  return feed;
}

/** What the feed shows now; null before the first feed is open. */
export function useFeedState(feed: Feed | null): FeedState | null {
  return useStore<FeedState | null>(feed ? (feed.state as Store<FeedState | null>) : noFeed);
}

/** Grows with each live event that may have changed who and what there is; other events draw nothing anew. */
export function useCatalogChanges(feed: Feed | null): number {
  return useSyncExternalStore(feed?.state.watch ?? noFeed.watch, () =>
    feed ? countCatalogChanges(feed.state.get().moments) : 0,
  );
}

export function useLedgerHead(): LedgerHead | null {
  const [head, setHead] = useState<LedgerHead | null>(null);
  useLive<{ ledger: LedgerHead }>(ledgerQuery, noVariables, (data) => setHead(data.ledger));
  return head;
}

/** The customer's balances by type, kept current; null until the first one has come. */
export function useBalances(customerId: string): ReadonlyMap<string, BalanceCard> {
  const [balances, setBalances] = useState<ReadonlyMap<string, BalanceCard>>(new Map());
  const variables = useMemo(() => ({ customerId }), [customerId]);
  useEffect(() => setBalances(new Map()), [customerId]);
  useLive<{ balances: BalanceCard }>(balancesQuery, variables, ({ balances: balance }) =>
    setBalances((before) => new Map(before).set(balance.typeCode, balance)),
  );
  return balances;
}

/** The current time, again after each interval: for what ages on screen. */
export function useNow(everyMs: number): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function useDebounced<Value>(value: Value, afterMs: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return settled;
}

const noFeed = createStore<FeedState | null>(null);
const ledgerQuery = print(ledgerLive);
const balancesQuery = print(balancesLive);
const noVariables = {};

function useLive<Data>(query: string, variables: Record<string, unknown>, next: (data: Data) => void): void {
  const session = useSession();
  const [round, setRound] = useState(0);
  useEffect(() => onAccessKey(() => setRound((before) => before + 1)), []);
  useEffect(() => {
    return keepSubscribed<Data>(
      session.socket,
      { query, variables },
      {
        next,
        ended: (failure) => {
          if (isForbidden(failure)) session.wantKey();
        },
      },
    );
    // `next` only calls state setters: a new closure needs no new subscription
  }, [session, query, variables, round]);
}
