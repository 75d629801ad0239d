/**
 * The page's state that is worth sharing lives in its URL: filters, the open customer, the open event, the chart's
 * window. One store, so that back, forward and a pasted link all show the same page.
 */
import { useSyncExternalStore } from "react";
import { type ActivityWindow, windowNames } from "./activity";
import { type Kind, KINDS } from "./kinds";

export interface View {
  customer: string | null;
  type: string | null;
  kind: Kind | null;
  event: number | null;
  /** Null: whichever window has something to show. */
  window: ActivityWindow | null;
}

const CHANGED = "ledger:view";

export function parseView(search: string): View {
  const parameters = new URLSearchParams(search);
  const event = Number(parameters.get("event"));
  return {
    customer: parameters.get("customer") || null,
    type: parameters.get("type") || null,
    kind: KINDS.find((kind) => kind === parameters.get("kind")) ?? null,
    event: Number.isSafeInteger(event) && event > 0 ? event : null,
    window: windowNames.find((name) => name === parameters.get("window")) ?? null,
  };
}

export function viewSearch(view: View): string {
  const parameters = new URLSearchParams();
  for (const name of ["customer", "type", "kind"] as const) {
    if (view[name]) parameters.set(name, view[name]);
  }
  if (view.event) parameters.set("event", String(view.event));
  if (view.window) parameters.set("window", view.window);
  const search = parameters.toString();
  return search ? `?${search}` : "";
}

/** Moves to another view; an open event replaces the entry, so that Back leaves the page's state, not each event. */
export function show(change: Partial<View>): void {
  const before = parseView(location.search);
  const after = { ...before, ...change };
  const search = viewSearch(after);
  if (search === viewSearch(before)) return;
  const url = `${location.pathname}${search}`;
  if (after.customer === before.customer) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  dispatchEvent(new Event(CHANGED));
}

export function linkTo(change: Partial<View>): string {
  return viewSearch({ ...parseView(location.search), ...change }) || location.pathname;
}

export function useView(): View {
  const search = useSyncExternalStore(watch, () => location.search);
  return parseView(search);
}

function watch(changed: () => void): () => void {
  addEventListener("popstate", changed);
  addEventListener(CHANGED, changed);
  return () => {
    removeEventListener("popstate", changed);
    removeEventListener(CHANGED, changed);
  };
}
