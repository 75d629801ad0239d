import { expect, test } from "vitest";
import { amountText, changeText, deltaText, distanceText, kindText } from "./format";

test("amounts keep every digit and all decimals", () => {
  expect(amountText("9223372036854775807").replaceAll(/\D/g, "")).toBe("9223372036854775807");
  expect(amountText("12.50")).toMatch(/^12.50$/);
  expect(amountText("0")).toBe("0");
});

test("a change has its sign, and nothing moved has none", () => {
  expect(deltaText("150")).toBe("+150");
  expect(deltaText("-30")).toBe("−30");
  expect(deltaText("0.00")).toMatch(/^0.00$/);
});

test("a scheduled issue tells what will come", () => {
  expect(changeText({ kind: "ISSUED", delta: "0", amount: "2" })).toBe("2 scheduled");
  expect(changeText({ kind: "ISSUED", delta: "2", amount: "2" })).toBe("+2");
  expect(changeText({ kind: "TYPE_DEFINED", delta: null, amount: null })).toBeNull();
});

test("distances use the largest unit that fits", () => {
  const now = new Date("2026-03-01T12:00:00Z");
  expect(distanceText("2026-03-13T12:00:00Z", now)).toBe("in 12 days");
  expect(distanceText("2026-03-01T11:58:30Z", now)).toBe("1 minute ago");
});

test("a kind that this page has never heard of still reads well", () => {
  expect(kindText("HOLD_LAPSED")).toBe("Hold lapsed");
});
