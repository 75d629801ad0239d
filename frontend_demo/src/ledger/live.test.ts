// @vitest-environment node
/** The resume recipe against a real socket: what a reader relies on is order, no gap, no duplicate, and honest counts. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import WebSocket from "ws";
import { followEvents, gather, type Follower, type Proof, type ReloadReason, Sequence } from "./live";
import { ScriptedServer } from "./live.testserver";
import { connect } from "./socket";

vi.stubGlobal("WebSocket", WebSocket);

let server: ScriptedServer;
let follower: Follower;
let positions: number[];
let proofs: Proof[];
let reloads: ReloadReason[];
let forbidden: number;
let begun: number;

beforeEach(async () => {
  server = await ScriptedServer.start();
  positions = [];
  proofs = [];
  reloads = [];
  forbidden = 0;
  begun = 0;
});

afterEach(async () => {
  follower.stop();
  await server.stop();
});

function follow(filter: Record<string, unknown> | null = null): void {
  follower = followEvents<{ position: number }>(connect(server.url), {
    query: "subscription Events($after: Cursor) { events(after: $after) { cursor } }",
    filter,
    onBegin: () => (begun += 1),
    onEvents: (events) => positions.push(...events.map((event) => event.position)),
    onResumed: (proof) => proofs.push(proof),
    onReload: (reason) => reloads.push(reason),
    onForbidden: () => (forbidden += 1),
    onTrouble: () => {},
  });
}

describe("following a ledger", () => {
  test("delivers in order and leaves out what the snapshot already holds", async () => {
    follow();
    const live = await server.subscribed();
    expect(live.variables.after).toBeNull();
    live.deliver(10, 9);
    await vi.waitFor(() => expect(begun).toBe(1));
    follower.seen(11);
    live.deliver(10, 13);
    await vi.waitFor(() => expect(positions).toEqual([12, 13]));
    expect(proofs).toEqual([]);
  });

  test("a lost connection is resumed from the newest cursor, and the proof counts what was missed", async () => {
    follow();
    const before = await server.subscribed();
    before.deliver(1, 3);
    await vi.waitFor(() => expect(positions).toEqual([1, 2, 3]));
    before.close(1012);
    const after = await server.subscribed();
    expect(after.variables.after).toBe("cursor-3");
    after.deliver(4, 6, false);
    after.deliver(7, 8);
    await vi.waitFor(() => expect(proofs).toHaveLength(1));
    expect(positions).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(proofs[0]).toEqual({ from: 3, to: 8, replayed: 5, duplicates: 0, gap: "none" });
  });

  test("an event that is missing or repeated after a resume is found", async () => {
    follow();
    const before = await server.subscribed();
    before.deliver(1, 3);
    before.close(1012);
    const after = await server.subscribed();
    after.deliver(3, 3, false);
    after.deliver(5, 6);
    await vi.waitFor(() => expect(proofs).toHaveLength(1));
    expect(proofs[0]).toMatchObject({ replayed: 2, duplicates: 1, gap: "found" });
    expect(positions).toEqual([1, 2, 3, 5, 6]);
  });

  test("under a filter no gap is claimed that positions cannot show", async () => {
    follow({ customerId: "ada" });
    const before = await server.subscribed();
    before.deliver(1, 1);
    before.close(1012);
    const after = await server.subscribed();
    after.deliver(7, 7);
    await vi.waitFor(() => expect(proofs[0]).toMatchObject({ replayed: 1, gap: "unknowable" }));
  });

  test.each(["complete", "error", "fatal close"] as const)("goes on after the server's %s", async (ending) => {
    follow();
    const before = await server.subscribed();
    before.deliver(1, 2);
    await vi.waitFor(() => expect(positions).toEqual([1, 2]));
    if (ending === "complete") before.complete();
    else if (ending === "error") before.error("UNAVAILABLE");
    else before.close(4500);
    const after = await server.subscribed();
    expect(after.variables.after).toBe("cursor-2");
    after.deliver(3, 3);
    await vi.waitFor(() => expect(positions).toEqual([1, 2, 3]));
    expect(proofs).toHaveLength(1);
  });

  test.each(["error", "next"] as const)("a diverged cursor, told by %s, asks for a fresh snapshot", async (message) => {
    follow();
    const before = await server.subscribed();
    before.deliver(1, 2);
    before.close(1012);
    const after = await server.subscribed();
    if (message === "error") after.error("CURSOR_DIVERGED");
    else after.next({ data: null, errors: [{ message: "", extensions: { code: "CURSOR_DIVERGED" } }] });
    await vi.waitFor(() => expect(reloads).toEqual(["diverged"]));
  });

  test("after more than 5,000 missed events it asks for a fresh snapshot instead of replaying on", async () => {
    follow();
    const before = await server.subscribed();
    before.deliver(1, 1);
    before.close(1012);
    const after = await server.subscribed();
    after.deliver(2, 5_001, false);
    await vi.waitFor(() => expect(positions).toHaveLength(5_001));
    expect(reloads).toEqual([]);
    after.deliver(5_002, 5_002, false);
    await vi.waitFor(() => expect(reloads).toEqual(["too-far-behind"]));
    expect(positions).toHaveLength(5_001);
  });

  test("a connection that answers no ping within 5 seconds is given up and resumed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    follow();
    const before = await server.subscribed();
    before.deliver(1, 2);
    await vi.waitFor(() => expect(positions).toEqual([1, 2]));
    server.silent = true;
    await vi.advanceTimersByTimeAsync(10_000);
    await vi.advanceTimersByTimeAsync(5_000);
    const resubscribed = server.subscribed();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await resubscribed).variables.after).toBe("cursor-2");
    vi.useRealTimers();
  });

  test.each([4401, 4403])("close code %i asks for an access key and does not knock again by itself", async (code) => {
    server.refuseWith = code;
    follow();
    await vi.waitFor(() => expect(forbidden).toBe(1));
  });
});

test("a sequence that starts anywhere counts from its first event", () => {
  const sequence = new Sequence(true);
  expect(sequence.take([{ position: 41 }, { position: 42 }])).toHaveLength(2);
  expect(sequence.proof()).toMatchObject({ from: null, to: 42, replayed: 2, gap: "none" });
});

test("what arrives within 16 ms is shown at once, in order", () => {
  vi.useFakeTimers();
  const shown: number[][] = [];
  const show = gather<number>((items) => shown.push(items));
  show([1, 2]);
  show([3]);
  vi.advanceTimersByTime(15);
  expect(shown).toEqual([]);
  vi.advanceTimersByTime(1);
  show([4]);
  vi.advanceTimersByTime(16);
  expect(shown).toEqual([[1, 2, 3], [4]]);
  vi.useRealTimers();
});
