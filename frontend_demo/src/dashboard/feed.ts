/**
 * The event tail's state: a snapshot and everything that follows it live, under one filter. Following without gap
 * or duplicate is the work of `live.ts`, holding rows back that of `tail.ts`; drawing is no concern of this module.
 */
import { print } from "graphql";
import { onAccessKey } from "../ledger/access";
import { eventsLive, historyQuery, type TailEvent } from "../ledger/documents";
import { type Follower, followEvents, gather, type Proof, type ReloadReason } from "../ledger/live";
import type { Moment } from "./activity";
import type { Session } from "./session";
import { createStore, type Store } from "./store";
import { arrive, emptyTail, release, seed, type Tail } from "./tail";
import type { View } from "./url";

export interface FeedState {
  phase: "loading" | "ready";
  trouble: string | null;
  tail: Tail<TailEvent>;
  /** Events above this position came live: their rows may show that they are new. */
  liveAbove: number;
  /** What came live, oldest first, for the activity chart. */
  moments: readonly Moment[];
  resumed: { proof: Proof; at: number } | null;
  reloaded: ReloadReason | "gap" | null;
}

export interface Feed {
  state: Store<FeedState>;
  hold(held: boolean): void;
  /** Puts the notice about a reload away. */
  understood(): void;
  stop(): void;
}

export interface Filter {
  customerId?: string;
  typeCode?: string;
  kinds?: TailEvent["kind"][];
}

const SNAPSHOT_ROWS = 50;
const MOMENTS_AT_MOST = 20_000;
const RETRY_MS = 2_000;

const nothingYet: FeedState = {
  phase: "loading",
  trouble: null,
  tail: emptyTail,
  liveAbove: 0,
  moments: [],
  resumed: null,
  reloaded: null,
};

export function filterOf(view: Pick<View, "customer" | "type" | "kind">): Filter | null {
  const filter: Filter = {};
  if (view.customer) filter.customerId = view.customer;
  if (view.type) filter.typeCode = view.type;
  if (view.kind) filter.kinds = [view.kind];
  return Object.keys(filter).length > 0 ? filter : null;
}

export function openFeed(session: Session, filter: Filter | null): Feed {
  const state = createStore<FeedState>(nothingYet);
  let held = false;
  let stopped = false;
  let follower: Follower | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const show = gather<TailEvent>((events) => {
    if (stopped) return;
    const { tail, moments } = state.get();
    state.update({
      tail: arrive(tail, events, held),
      moments: [...moments, ...events].slice(-MOMENTS_AT_MOST),
    });
  });

  function start(): void {
    follower?.stop();
    follower = followEvents<TailEvent>(session.socket, {
      query: print(eventsLive),
      filter: filter as Record<string, unknown> | null,
      onBegin: () => void loadSnapshot(),
      onEvents: show,
      onResumed: (proof) => {
        state.update({ resumed: { proof, at: Date.now() }, trouble: null });
        if (proof.gap === "found") reload("gap");
      },
      onReload: reload,
      onForbidden: session.wantKey,
      onTrouble: (trouble) => state.update({ trouble }),
    });
  }

  function reload(reason: ReloadReason | "gap"): void {
    state.set({ ...nothingYet, reloaded: reason });
    if (reason === "diverged") session.generation.set(session.generation.get() + 1);
    start();
  }

  async function loadSnapshot(): Promise<void> {
    const result = await session.queries.query(historyQuery, { filter, first: SNAPSHOT_ROWS }).toPromise();
    if (stopped) return;
    if (!result.data) {
      state.update({ trouble: result.error?.message ?? "The history could not be read." });
      retry = setTimeout(() => void loadSnapshot(), RETRY_MS);
      return;
    }
    const rows = result.data.history.nodes;
    const newest = rows[0]?.position ?? 0;
    follower?.seen(newest);
    state.update({ phase: "ready", trouble: null, tail: seed(state.get().tail, rows), liveAbove: newest });
  }

  const forgetKey = onAccessKey(start);
  start();

  return {
    state,
    hold(next) {
      held = next;
      if (!held) state.update({ tail: release(state.get().tail) });
    },
    understood: () => state.update({ reloaded: null }),
    stop() {
      stopped = true;
      clearTimeout(retry);
      forgetKey();
      follower?.stop();
    },
  };
}
