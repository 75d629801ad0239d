/** The kinds of events that can be filtered by, and how each is coloured: by what it does to what is available. */
import type { TailEvent } from "../ledger/documents";

export type Kind = TailEvent["kind"];

export const KINDS: readonly Kind[] = [
  "ISSUED",
  "ACTIVATED",
  "CONSUMED",
  "EXPIRED",
  "CUSTOMER_REGISTERED",
  "CUSTOMER_UPDATED",
  "TYPE_DEFINED",
  "TYPE_REVISED",
];

export type Tone = "gain" | "loss" | "lapse" | "plain";

export function toneOf(kind: string, delta: string | null): Tone {
  if (kind === "EXPIRED") return "lapse";
  if (delta === null || !/[1-9]/.test(delta)) return "plain";
  return delta.startsWith("-") ? "loss" : "gain";
}
