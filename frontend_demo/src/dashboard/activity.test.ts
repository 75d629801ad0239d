import { expect, test } from "vitest";
import { countActivity, fittingWindow } from "./activity";

const NOW = Date.parse("2026-03-01T12:00:00Z") / 1000;
const at = (secondsAgo: number, kind: string, position = secondsAgo) => ({
  position,
  kind,
  recordedAt: new Date((NOW - secondsAgo) * 1000).toISOString(),
});

test("events are counted in the step in which they were recorded, by what they do", () => {
  const activity = countActivity([at(0, "ISSUED"), at(4, "CONSUMED"), at(5, "ISSUED"), at(6, "EXPIRED")], "5m", NOW);
  expect(activity.times).toHaveLength(60);
  expect(activity.times.at(-1)).toBe(NOW);
  expect([activity.issued.at(-1), activity.consumed.at(-1), activity.others.at(-1)]).toEqual([1, 1, 0]);
  expect([activity.issued.at(-2), activity.others.at(-2)]).toEqual([1, 1]);
});

test("what is older than the window, or by a clock that is ahead, is left out", () => {
  const activity = countActivity([at(300, "ISSUED"), at(-60, "ISSUED"), at(299, "ISSUED")], "5m", NOW);
  expect(activity.issued.reduce((total, count) => total + count)).toBe(1);
  expect(activity.issued[0]).toBe(1);
});

test("the chart opens on the shortest window that has a picture to show", () => {
  const steady = Array.from({ length: 40 }, (_, index) => at(index * 5, "ISSUED", index));
  expect(fittingWindow(steady, NOW)).toBe("5m");
  const aDayAgo = Array.from({ length: 40 }, (_, index) => at(50_000 + index * 600, "ISSUED", index));
  expect(fittingWindow([at(1, "ISSUED"), ...aDayAgo], NOW)).toBe("24h");
  expect(fittingWindow([], NOW)).toBe("5m");
});
