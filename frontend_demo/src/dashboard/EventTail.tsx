/**
 * The newest events on top. Rows never move under a reader: while the pointer or the focus is among them, or the list
 * is paused, new ones wait and are counted.
 */
import { memo, useRef } from "react";
import type { TailEvent } from "../ledger/documents";
import { amountText, changeText, countText, dateTimeText, kindText, momentText } from "../ledger/format";
import { EmptyTail } from "./EmptyTail";
import type { FeedState } from "./feed";
import { useShortcuts } from "./keyboard";
import { toneOf } from "./kinds";
import { linkTo, show } from "./url";

interface EventTailProps {
  state: FeedState | null;
  filtered: boolean;
  inspected: number | null;
  paused: boolean;
  reading: boolean;
  onPause(paused: boolean): void;
  onReading(reading: boolean): void;
}

export function EventTail({ state, filtered, inspected, paused, reading, onPause, onReading }: EventTailProps) {
  const list = useRef<HTMLTableSectionElement>(null);
  useShortcuts({ j: () => moveFocus(list.current, 1), k: () => moveFocus(list.current, -1) });
  const waiting = state?.tail.waitingCount ?? 0;
  const rows = state?.tail.rows ?? [];

  return (
    <div className="tail">
      <div className="tail-bar">
        <button type="button" aria-pressed={paused} onClick={() => onPause(!paused)}>
          {paused ? "Resume" : "Pause"} <kbd>p</kbd>
        </button>
        <span className="hint" role="status">
          {statusText()}
        </span>
        {waiting > 0 && (
          <button
            type="button"
            className="new"
            onClick={() => {
              onPause(false);
              onReading(false);
            }}
          >
            {countText(waiting, "new", "new")}
          </button>
        )}
      </div>
      {state?.phase === "ready" && rows.length === 0 ? (
        <EmptyTail filtered={filtered} />
      ) : (
        <div
          className="tail-rows"
          data-filtered={filtered}
          aria-busy={state?.phase !== "ready"}
          onPointerEnter={(event) => event.pointerType === "mouse" && onReading(true)}
          onPointerLeave={() => onReading(false)}
          onFocus={(event) => event.target.matches(":focus-visible") && onReading(true)}
          onBlur={() => onReading(false)}
        >
          <table>
            <caption className="unseen">Events, newest first</caption>
            <thead>
              <tr>
                <th scope="col">Event</th>
                <th scope="col">Recorded</th>
                <th scope="col">Customer</th>
                <th scope="col">Type</th>
                <th scope="col" className="figure">
                  Change
                </th>
                <th scope="col" className="figure">
                  Balance
                </th>
              </tr>
            </thead>
            <tbody ref={list}>
              {rows.map((event) => (
                <EventRow
                  key={event.position}
                  event={event}
                  live={event.position > (state?.liveAbove ?? 0)}
                  inspected={event.position === inspected}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );

  function statusText(): string {
    if (state?.phase !== "ready") return "Reading the newest events…";
    if (paused) return "Paused: new events wait.";
    return reading ? "Held still while you read." : "";
  }
}

interface EventRowProps {
  event: TailEvent;
  live: boolean;
  inspected: boolean;
}

const EventRow = memo(function EventRow({ event, live, inspected }: EventRowProps) {
  const tone = toneOf(event.kind, event.delta);
  return (
    <tr
      data-tone={tone}
      data-live={live}
      data-band={event.position % 2}
      aria-current={inspected || undefined}
      onClick={(click) => {
        if (!(click.target as Element).closest("a, button")) show({ event: event.position });
      }}
    >
      <td>
        <button type="button" className="row" onClick={() => show({ event: event.position })}>
          <span className="position">#{event.position}</span> <span className="kind">{kindText(event.kind)}</span>
        </button>
      </td>
      <td className="moment" title={dateTimeText(event.recordedAt)}>
        {momentText(event.recordedAt)}
      </td>
      <td>
        {event.customerId && (
          <a
            href={linkTo({ customer: event.customerId, event: null })}
            onClick={(click) => {
              click.preventDefault();
              show({ customer: event.customerId });
            }}
          >
            {event.customerId}
          </a>
        )}
      </td>
      <td className="type">{event.typeCode}</td>
      <td className="figure change">{changeText(event)}</td>
      <td className="figure">{event.balanceAfter !== null && amountText(event.balanceAfter)}</td>
    </tr>
  );
});

function moveFocus(list: HTMLElement | null, by: number): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>("button.row") ?? [])];
  const current = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[current < 0 ? 0 : Math.min(Math.max(current + by, 0), rows.length - 1)];
  next?.focus();
}
