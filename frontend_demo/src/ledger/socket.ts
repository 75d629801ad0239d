/**
 * One graphql-ws client for all subscriptions of a page: retries for ever, notices a half-open connection within
 * seconds, and carries the access key. What to do when a single subscription ends belongs to `live.ts`.
 */
import { type Client, createClient } from "graphql-ws";
import { authorization } from "./access";

const PING_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const LONGEST_WAIT_MS = 4_000;

export function connect(url: string = socketUrl(window.location)): Client {
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url,
    connectionParams: authorization,
    retryAttempts: Infinity,
    retryWait: (attempt) => wait(Math.min(250 * 2 ** attempt, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2)),
    shouldRetry: (failure) => !isForbidden(failure),
    keepAlive: PING_EVERY_MS,
    connectionAckWaitTimeout: PONG_WITHIN_MS,
    on: {
      ping: (received) => {
        // A half-open TCP connection sends no close event: without an answer the socket is given up.
        if (!received) pongTimer = setTimeout(() => client.terminate(), PONG_WITHIN_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
      closed: () => clearTimeout(pongTimer),
    },
  });
  return client;
}

export function socketUrl(page: Pick<Location, "protocol" | "host">): string {
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}/graphql`;
}

/** True where the server wants another access key: trying again with the same one leads nowhere. */
export function isForbidden(failure: unknown): boolean {
  const code = (failure as { code?: unknown } | null)?.code;
  return code === 4401 || code === 4403;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
