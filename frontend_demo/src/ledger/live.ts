/**
 * The recipe for following a ledger over graphql-ws without a gap and without a duplicate, whatever happens to the
 * network or the server. It knows nothing of React and little of the dashboard: copy it into a client of your own.
 *
 * 1. Keep ONE variables object and move `after` forward in place: graphql-ws sends that very object again whenever
 *    it reconnects, so the stock client resumes exactly where it stopped.
 * 2. Subscribe again on `error` and on `complete`: graphql-ws retries lost sockets, but not these.
 * 3. Take CURSOR_DIVERGED (the ledger was restored from a backup) and a very long absence as a reason to load a
 *    fresh snapshot instead of replaying.
 */
import type { Client, SubscribePayload } from "graphql-ws";
import { isForbidden } from "./socket";

export interface Delivery<Event> {
  cursor: string;
  events: readonly Event[];
  caughtUp: boolean;
}

/** What a resume achieved, computed from positions alone. */
export interface Proof {
  from: number | null;
  to: number | null;
  replayed: number;
  duplicates: number;
  /** `none` and `found` where every event of the ledger is followed; a filter leaves positions out: `unknowable`. */
  gap: "none" | "found" | "unknowable";
}

export type ReloadReason = "diverged" | "too-far-behind";

export interface FollowOptions<Event> {
  query: string;
  filter: Record<string, unknown> | null;
  /** The first delivery has come: what is committed from now on will be delivered, so load the snapshot now. */
  onBegin(): void;
  onEvents(events: Event[]): void;
  onResumed(proof: Proof): void;
  onReload(reason: ReloadReason): void;
  onForbidden(): void;
  onTrouble(message: string): void;
}

export interface Follower {
  /** Tells the follower what a snapshot already holds, so that it is not delivered twice. */
  seen(position: number): void;
  stop(): void;
}

const REPLAY_AT_MOST = 5_000;

/** The ledger does not know the cursor: it was restored from a backup, or is another one by now. */
const LOST_ITS_PLACE = new Set<unknown>(["CURSOR_DIVERGED", "BAD_CURSOR"]);

export function followEvents<Event extends { position: number }>(
  client: Client,
  options: FollowOptions<Event>,
): Follower {
  const variables = { after: null as string | null, filter: options.filter };
  const sequence = new Sequence(options.filter === null);
  let begun = false;
  let resuming = false;

  const interrupted = () => {
    if (begun && !resuming) sequence.startCounting();
    resuming = begun;
  };
  const forgetClosed = client.on("closed", interrupted);

  const unsubscribe = keepSubscribed<{ events: Delivery<Event> }>(
    client,
    { query: options.query, variables },
    {
      next({ events: delivery }) {
        variables.after = delivery.cursor;
        const fresh = sequence.take(delivery.events);
        if (resuming && sequence.replayed > REPLAY_AT_MOST) return reload("too-far-behind");
        if (fresh.length > 0) options.onEvents(fresh);
        if (!begun) options.onBegin();
        if (resuming && delivery.caughtUp) options.onResumed(sequence.proof());
        if (delivery.caughtUp) resuming = false;
        begun = true;
      },
      ended(failure) {
        interrupted();
        if (isForbidden(failure)) return options.onForbidden();
        if (codesOf(failure).some((code) => LOST_ITS_PLACE.has(code))) return reload("diverged");
        const message = messageOf(failure);
        if (message) options.onTrouble(message);
      },
    },
  );

  function stop(): void {
    forgetClosed();
    unsubscribe();
  }

  function reload(reason: ReloadReason): void {
    stop();
    options.onReload(reason);
  }

  return { seen: (position) => sequence.seen(position), stop };
}

/** Watches positions: drops what came before, finds gaps, counts what a resume brought. */
export class Sequence {
  replayed = 0;
  private last: number | null = null;
  private from: number | null = null;
  private duplicates = 0;
  private gap = false;

  constructor(private readonly wholeLedger: boolean) {}

  seen(position: number): void {
    this.last = Math.max(this.last ?? 0, position);
  }

  startCounting(): void {
    this.from = this.last;
    this.replayed = 0;
    this.duplicates = 0;
    this.gap = false;
  }

  take<Event extends { position: number }>(events: readonly Event[]): Event[] {
    return events.filter((event) => {
      if (this.last !== null && event.position <= this.last) {
        this.duplicates += 1;
        return false;
      }
      if (this.last !== null && event.position !== this.last + 1) this.gap = true;
      this.last = event.position;
      this.replayed += 1;
      return true;
    });
  }

  proof(): Proof {
    return {
      from: this.from,
      to: this.last,
      replayed: this.replayed,
      duplicates: this.duplicates,
      gap: this.wholeLedger ? (this.gap ? "found" : "none") : "unknowable",
    };
  }
}

export interface LastingSink<Data> {
  next(data: Data): void;
  /** Told before each new try; `failure` is undefined where the server just completed. */
  ended?(failure: unknown): void;
}

/** A subscription that begins again, with a growing wait, each time the server ends it. Stop it with the result. */
export function keepSubscribed<Data>(client: Client, payload: SubscribePayload, sink: LastingSink<Data>): () => void {
  let stopped = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe = () => {};

  function subscribe(): void {
    let over = false;
    const end = (failure?: unknown) => {
      if (stopped || over) return;
      over = true;
      unsubscribe();
      sink.ended?.(failure);
      if (!stopped && !isForbidden(failure)) timer = setTimeout(subscribe, Math.min(250 * 2 ** failures++, 4_000));
    };
    unsubscribe = client.subscribe<Data>(payload, {
      next(result) {
        if (stopped || over) return;
        if (result.errors?.length || !result.data) return end(result.errors);
        failures = 0;
        sink.next(result.data);
      },
      error: end,
      complete: () => end(),
    });
  }

  subscribe();
  return () => {
    stopped = true;
    clearTimeout(timer);
    unsubscribe();
  };
}

/** Gathers what arrives within 16 ms, by a timer: animation frames stop in hidden tabs. */
export function gather<Item>(flush: (items: Item[]) => void, afterMs = 16): (items: readonly Item[]) => void {
  let waiting: Item[] = [];
  return (items) => {
    if (items.length > 0 && waiting.length === 0) {
      setTimeout(() => {
        const gathered = waiting;
        waiting = [];
        flush(gathered);
      }, afterMs);
    }
    waiting.push(...items);
  };
}

function codesOf(failure: unknown): unknown[] {
  if (!Array.isArray(failure)) return [];
  return failure.map((error: { extensions?: { code?: unknown } }) => error.extensions?.code);
}

function messageOf(failure: unknown): string | null {
  if (Array.isArray(failure)) return failure.map((error: { message?: string }) => error.message ?? "").join(" ");
  return failure instanceof Error ? failure.message : null;
}
