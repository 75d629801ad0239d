/**
 * The rows of the event tail as plain values: newest on top, held back while somebody reads. What arrives meanwhile
 * is counted and kept, never lost.
 */
export interface Tail<Event> {
  rows: readonly Event[];
  /** What arrived while held, newest first; only as many as rows would be shown. */
  waiting: readonly Event[];
  waitingCount: number;
}

const ROWS_AT_MOST = 200;

export const emptyTail: Tail<never> = { rows: [], waiting: [], waitingCount: 0 };

type Positioned = { position: number };

/** Adds events that come in position order: to the rows, or to those that wait while the tail is held. */
export function arrive<Event extends Positioned>(
  tail: Tail<Event>,
  events: readonly Event[],
  held: boolean,
): Tail<Event> {
  if (events.length === 0) return tail;
  if (!held) return { rows: merge(tail.rows, events), waiting: [], waitingCount: 0 };
  return { ...tail, waiting: merge(tail.waiting, events), waitingCount: tail.waitingCount + events.length };
}

/** Puts a snapshot under what has already arrived live. */
export function seed<Event extends Positioned>(tail: Tail<Event>, snapshot: readonly Event[]): Tail<Event> {
  return { ...tail, rows: merge(tail.rows, snapshot) };
}

export function release<Event extends Positioned>(tail: Tail<Event>): Tail<Event> {
  if (tail.waitingCount === 0) return tail;
  return { rows: merge(tail.rows, tail.waiting), waiting: [], waitingCount: 0 };
}

function merge<Event extends Positioned>(rows: readonly Event[], more: readonly Event[]): readonly Event[] {
  const byPosition = new Map<number, Event>();
  for (const event of [...rows, ...more]) byPosition.set(event.position, event);
  return [...byPosition.values()].sort((one, other) => other.position - one.position).slice(0, ROWS_AT_MOST);
}
