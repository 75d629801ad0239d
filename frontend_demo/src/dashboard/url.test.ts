import { beforeEach, expect, test } from "vitest";
import { parseView, show, viewSearch } from "./url";

beforeEach(() => history.replaceState(null, "", "/"));

test("a view survives the way through the URL", () => {
  const search = "?customer=a%26b%3Dc&type=POINTS&kind=ISSUED&event=30&window=1h";
  expect(viewSearch(parseView(search))).toBe(search);
});

test("nonsense in the URL is no view", () => {
  expect(parseView("?event=-1&window=7y&customer=")).toEqual({
    customer: null,
    type: null,
    kind: null,
    event: null,
    window: null,
  });
});

test("opening a customer can be undone with Back, a filter does not fill the history", () => {
  const entries = history.length;
  show({ kind: "ISSUED" });
  show({ type: "POINTS" });
  expect(history.length).toBe(entries);
  show({ customer: "ada" });
  expect(location.search).toBe("?customer=ada&type=POINTS&kind=ISSUED");
});
