/** The tail's table: one row an event, bands as on ledger paper, and moving through it by keyboard. */
import { memo, type Ref } from "react";
import type { TailEvent } from "../ledger/documents";
import { amountText, changeText, dateTimeText, kindText, momentText } from "../ledger/format";
import { toneOf } from "./kinds";
import { linkTo, show } from "./url";

interface EventRowsProps {
  events: readonly TailEvent[];
  /** Rows above this position came live and show it for a moment. */
  liveAbove: number;
  inspected: number | null;
  ref: Ref<HTMLTableSectionElement>;
}

export function EventRows({ events, liveAbove, inspected, ref }: EventRowsProps) {
  return (
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
      <tbody ref={ref}>
        {events.map((event) => (
          <EventRow
            key={event.position}
            event={event}
            live={event.position > liveAbove}
            inspected={event.position === inspected}
          />
        ))}
      </tbody>
    </table>
  );
}

/** Moves the focus from row to row; from anywhere else to the first. */
export function moveFocus(list: HTMLElement | null, by: number): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>("button.row") ?? [])];
  const current = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[current < 0 ? 0 : Math.min(Math.max(current + by, 0), rows.length - 1)];
  next?.focus();
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
