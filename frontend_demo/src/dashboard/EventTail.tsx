/**
 * The newest events on top. Rows never move under a reader: while the pointer or the focus is among them, or the list
 * is paused, new ones wait and are counted.
 */
import { useRef } from "react";
import { countText } from "../ledger/format";
import { EmptyTail } from "./EmptyTail";
import { EventRows, moveFocus } from "./EventRows";
import type { FeedState } from "./feed";
import { useShortcuts } from "./keyboard";

interface Holding {
  paused: boolean;
  reading: boolean;
  onPause(paused: boolean): void;
  onReading(reading: boolean): void;
}

interface EventTailProps extends Holding {
  state: FeedState | null;
  filtered: boolean;
  inspected: number | null;
}

export function EventTail({ state, filtered, inspected, ...holding }: EventTailProps) {
  const { onReading } = holding;
  const list = useRef<HTMLTableSectionElement>(null);
  useShortcuts({ j: () => moveFocus(list.current, 1), k: () => moveFocus(list.current, -1) });
  const ready = state?.phase === "ready";
  const rows = state?.tail.rows ?? [];
  return (
    <div className="tail">
      <TailBar ready={ready} waiting={state?.tail.waitingCount ?? 0} {...holding} />
      {ready && rows.length === 0 ? (
        <EmptyTail filtered={filtered} />
      ) : (
        <div
          className="tail-rows"
          data-filtered={filtered}
          aria-busy={!ready}
          onPointerEnter={(event) => event.pointerType === "mouse" && onReading(true)}
          onPointerLeave={() => onReading(false)}
          onFocus={(event) => event.target.matches(":focus-visible") && onReading(true)}
          onBlur={() => onReading(false)}
        >
          <EventRows events={rows} liveAbove={state?.liveAbove ?? 0} inspected={inspected} ref={list} />
        </div>
      )}
    </div>
  );
}

function TailBar({
  ready,
  waiting,
  paused,
  reading,
  onPause,
  onReading,
}: Holding & { ready: boolean; waiting: number }) {
  const catchUp = () => {
    onPause(false);
    onReading(false);
  };
  return (
    <div className="tail-bar">
      <button type="button" aria-pressed={paused} onClick={() => onPause(!paused)}>
        {paused ? "Resume" : "Pause"} <kbd>p</kbd>
      </button>
      <span className="hint" role="status">
        {statusText(ready, paused, reading)}
      </span>
      {waiting > 0 && (
        <button type="button" className="new" onClick={catchUp}>
          {countText(waiting, "new", "new")}
        </button>
      )}
    </div>
  );
}

function statusText(ready: boolean, paused: boolean, reading: boolean): string {
  if (!ready) return "Reading the newest events…";
  if (paused) return "Paused: new events wait.";
  return reading ? "Held still while you read." : "";
}
