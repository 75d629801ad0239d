/** A customer's history with the running balance, 20 events a page, both directions; the newest page stays live. */
import { useEffect, useState } from "react";
import { useQuery } from "urql";
import { historyQuery } from "../ledger/documents";
import { amountText, changeText, dateTimeText, kindText, momentText } from "../ledger/format";
import { toneOf } from "./kinds";
import { show } from "./url";

interface HistoryPagesProps {
  customerId: string;
  type: string | null;
  /** How many events the customer's accounts have: grows with each new one. */
  changes: number;
}

const PAGE = 20;

type Turn = { first: number; after?: string | null } | { last: number; before: string | null };

const newestPage: Turn = { first: PAGE };

export function HistoryPages({ customerId, type, changes }: HistoryPagesProps) {
  const [turn, setTurn] = useState<Turn>(newestPage);
  const [{ data, error, fetching }, readAgain] = useQuery({
    query: historyQuery,
    variables: { filter: { customerId, ...(type ? { typeCode: type } : {}) }, ...turn },
  });
  useEffect(() => setTurn(newestPage), [type]);
  const onNewest = turn === newestPage;
  useEffect(() => {
    if (onNewest && changes > 0) readAgain({ requestPolicy: "network-only" });
  }, [changes, onNewest, readAgain]);

  const events = data?.history.nodes ?? [];
  const page = data?.history.pageInfo;
  return (
    <section className="history" aria-label="History">
      <header>
        <h3>
          History {type && <small>of {type}</small>} {onNewest && <small>live</small>}
        </h3>
        <nav aria-label="Pages of the history">
          <button type="button" disabled={onNewest} onClick={() => setTurn(newestPage)}>
            Newest
          </button>
          <button
            type="button"
            disabled={!page?.hasPreviousPage}
            onClick={() => setTurn({ last: PAGE, before: page?.startCursor ?? null })}
          >
            ‹ Newer
          </button>
          <button
            type="button"
            disabled={!page?.hasNextPage}
            onClick={() => setTurn({ first: PAGE, after: page?.endCursor ?? null })}
          >
            Older ›
          </button>
        </nav>
      </header>
      {error && (
        <p className="notice bad" role="alert">
          The history could not be read: {error.message}{" "}
          <button type="button" onClick={() => readAgain({ requestPolicy: "network-only" })}>
            Read again
          </button>
        </p>
      )}
      {events.length === 0 && !fetching && !error && <p className="empty">No events here yet.</p>}
      {events.length > 0 && (
        <table aria-busy={fetching}>
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
              <tr key={event.position} data-tone={toneOf(event.kind, event.delta)}>
                <td>
                  <button type="button" className="row" onClick={() => show({ event: event.position })}>
                    <span className="position">#{event.position}</span>{" "}
                    <span className="kind">{kindText(event.kind)}</span>
                  </button>
                </td>
                <td className="moment" title={dateTimeText(event.effectiveAt)}>
                  {momentText(event.effectiveAt)}
                </td>
                <td className="type">{event.typeCode}</td>
                <td className="figure change">{changeText(event)}</td>
                <td className="figure">{event.balanceAfter !== null && amountText(event.balanceAfter)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
