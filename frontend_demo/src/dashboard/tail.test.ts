import { expect, test } from "vitest";
import { arrive, emptyTail, release, seed, type Tail } from "./tail";

const events = (...positions: number[]) => positions.map((position) => ({ position }));
const shown = (tail: Tail<{ position: number }>) => tail.rows.map((event) => event.position);

test("the newest event is on top", () => {
  const tail = arrive(arrive(emptyTail, events(1, 2), false), events(3), false);
  expect(shown(tail)).toEqual([3, 2, 1]);
});

test("a snapshot goes under what came live meanwhile, each event once", () => {
  const tail = seed(arrive(emptyTail, events(5, 6), false), events(5, 4, 3));
  expect(shown(tail)).toEqual([6, 5, 4, 3]);
});

test("while held, rows stay as they are and new ones are counted; released, all are there", () => {
  const before = arrive(emptyTail, events(1), false);
  const held = arrive(arrive(before, events(2, 3), true), events(4), true);
  expect(shown(held)).toEqual([1]);
  expect(held.waitingCount).toBe(3);
  const released = release(held);
  expect(shown(released)).toEqual([4, 3, 2, 1]);
  expect(released.waitingCount).toBe(0);
});

test("the list is bounded, also while held, and the count stays true", () => {
  const many = events(...Array.from({ length: 1_000 }, (_, index) => index + 2));
  const held = arrive(arrive(emptyTail, events(1), false), many, true);
  expect(held.waiting).toHaveLength(200);
  expect(held.waitingCount).toBe(1_000);
  expect(shown(release(held))[0]).toBe(1_001);
  expect(release(held).rows).toHaveLength(200);
});

test("nothing new changes nothing: React need not draw again", () => {
  const tail = arrive(emptyTail, events(1), false);
  expect(arrive(tail, [], false)).toBe(tail);
  expect(release(tail)).toBe(tail);
});
