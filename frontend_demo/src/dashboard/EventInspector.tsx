/** One event, all of it: what happened, who did it and why, which grants it touched, and its place in the proof. */
import { useQuery } from "urql";
import { eventQuery, type FullEvent } from "../ledger/documents";
import { amountText, changeText, dateTimeText, kindText } from "../ledger/format";
import { Dialog } from "./Dialog";
import { Code, EventFacts, Member, metadataText } from "./EventFacts";
import { toneOf } from "./kinds";
import { RequestLinks } from "./RequestLinks";
import { linkTo, show } from "./url";

interface EventInspectorProps {
  position: number;
  head: number | null;
}

export function EventInspector({ position, head }: EventInspectorProps) {
  const [{ data, error, fetching, stale }] = useQuery({ query: eventQuery, variables: { position } });
  const event = data?.event ?? null;
  const step = (by: number) => {
    const next = position + by;
    if (next >= 1 && (head === null || next <= head)) show({ event: next });
  };
  return (
    <Dialog
      title={`Event #${position}`}
      className="inspector"
      onClose={() => show({ event: null })}
      onKeyDown={(pressed) => {
        if (pressed.key === "j" || pressed.key === "ArrowLeft") step(-1);
        if (pressed.key === "k" || pressed.key === "ArrowRight") step(1);
      }}
    >
      <nav className="steps" aria-label="Events">
        <button type="button" disabled={position <= 1} onClick={() => step(-1)}>
          ‹ Older
        </button>
        <button type="button" disabled={head !== null && position >= head} onClick={() => step(1)}>
          Newer ›
        </button>
        <RequestLinks document={eventQuery} variables={{ position }} />
      </nav>
      <div aria-busy={fetching || stale} className="inspected">
        {event && <EventBody event={event} />}
        {!event && fetching && <p className="empty">Reading…</p>}
        {!event && !fetching && (
          <p className="empty">{error ? `It could not be read: ${error.message}` : "The ledger has no such event."}</p>
        )}
      </div>
    </Dialog>
  );
}

function EventBody({ event }: { event: FullEvent }) {
  return (
    <>
      <p className="headline" data-tone={toneOf(event.kind, event.delta)}>
        <span className="kind">{kindText(event.kind)}</span>
        {event.delta !== null && <strong className="change">{changeText(event)}</strong>}
        {event.balanceAfter !== null && <span>balance after {amountText(event.balanceAfter)}</span>}
      </p>
      <dl className="members">
        <Member name="customer">
          {event.customerId && <a href={linkTo({ customer: event.customerId, event: null })}>{event.customerId}</a>}
        </Member>
        <Member name="type">{event.typeCode}</Member>
        <Member name="amount">{event.amount && amountText(event.amount)}</Member>
        <Member name="effective at">{dateTimeText(event.effectiveAt)}</Member>
        <Member name="recorded at">{dateTimeText(event.recordedAt)}</Member>
        <Member name="actor">{actorText(event.actor)}</Member>
        <Member name="reason">{event.reason}</Member>
        <Member name="note">{event.note}</Member>
        <Member name="customer note">{event.customerNote}</Member>
        <Code name="metadata">{metadataText(event.metadata)}</Code>
        <Code name="idempotency key">{event.idempotencyKey}</Code>
        <Code name="correlation id">{event.correlationId}</Code>
        <Code name="causation id">{event.causationId}</Code>
        <Code name="command id">{event.commandId}</Code>
        <Code name="id">{event.id}</Code>
        <Code name="cursor">{event.cursor}</Code>
        <Code name="leaf hash">{event.leafHash}</Code>
      </dl>
      <EventFacts event={event} />
      <Allocations allocations={event.allocations} />
      <details>
        <summary>As JSON</summary>
        <pre tabIndex={0}>{JSON.stringify(event, null, 2)}</pre>
      </details>
    </>
  );
}

function Allocations({ allocations }: { allocations: FullEvent["allocations"] }) {
  if (allocations.length === 0) return null;
  return (
    <table className="allocations">
      <caption>Allocations</caption>
      <thead>
        <tr>
          <th scope="col">Grant</th>
          <th scope="col" className="figure">
            Amount
          </th>
          <th scope="col" className="figure">
            Left now
          </th>
          <th scope="col">Expires</th>
          <th scope="col">State now</th>
        </tr>
      </thead>
      <tbody>
        {allocations.map(({ grant, amount }, index) => (
          <tr key={grant?.id ?? index}>
            <td>{grant ? <code>{grant.id}</code> : "debt"}</td>
            <td className="figure">{amountText(amount)}</td>
            <td className="figure">{grant && `${amountText(grant.remaining)} of ${amountText(grant.amount)}`}</td>
            <td>{grant && (grant.expiresAt ? dateTimeText(grant.expiresAt) : "never")}</td>
            <td>{grant?.state.toLowerCase()}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function actorText({ kind, id, name, onBehalfOf }: FullEvent["actor"]): string {
  const who = [kind === "API_KEY" ? "API key" : kindText(kind), name ?? id].filter(Boolean).join(" · ");
  return onBehalfOf ? `${who}, on behalf of ${onBehalfOf}` : who;
}
