/** One page of a history as a table: what changed, and the balance right after it. */
import type { TailEvent } from "../ledger/documents";
import { amountText, changeText, dateTimeText, kindText, momentText } from "../ledger/format";
import { toneOf } from "./kinds";
import { show } from "./url";

export function HistoryTable({ events, busy }: { events: readonly TailEvent[]; busy: boolean }) {
  return (
    <table aria-busy={busy}>
      <caption className="unseen">History, newest first, with the balance after each event</caption>
      <thead>
        <tr>
          <th scope="col">Event</th>
          <th scope="col">Effective</th>
          <th scope="col">Type</th>
          <th scope="col" className="figure">
            Change
          </th>
          <th scope="col" className="figure">
            Balance
          </th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <HistoryRow key={event.position} event={event} />
        ))}
      </tbody>
    </table>
  );
}

function HistoryRow({ event }: { event: TailEvent }) {
  return (
    <tr data-tone={toneOf(event.kind, event.delta)}>
      <td>
        <button type="button" className="row" onClick={() => show({ event: event.position })}>
          <span className="position">#{event.position}</span> <span className="kind">{kindText(event.kind)}</span>
        </button>
      </td>
      <td className="moment" title={dateTimeText(event.effectiveAt)}>
        {momentText(event.effectiveAt)}
      </td>
      <td className="type">{event.typeCode}</td>
      <td className="figure change">{changeText(event)}</td>
      <td className="figure">{event.balanceAfter !== null && amountText(event.balanceAfter)}</td>
    </tr>
  );
}
