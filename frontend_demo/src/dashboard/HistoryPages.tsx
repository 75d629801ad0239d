/** A customer's history with the running balance, 20 events a page, both directions; the newest page stays live. */
import { useEffect, useState } from "react";
import { useQuery } from "urql";
import { historyQuery } from "../ledger/documents";
import type { ResultOf } from "../ledger/graphql";
import { HistoryTable } from "./HistoryTable";

interface HistoryPagesProps {
  customerId: string;
  type: string | null;
  /** How many events the customer's accounts have: grows with each new one. */
  changes: number;
}

type PageInfo = ResultOf<typeof historyQuery>["history"]["pageInfo"];
type Turn = { first: number; after?: string | null } | { last: number; before: string | null };

const PAGE = 20;
const newestPage: Turn = { first: PAGE };

export function HistoryPages({ customerId, type, changes }: HistoryPagesProps) {
  const [turn, setTurn] = useState<Turn>(newestPage);
  const onNewest = turn === newestPage;
  const [{ data, error, fetching }, query] = useQuery({
    query: historyQuery,
    variables: { filter: { customerId, ...(type ? { typeCode: type } : {}) }, ...turn },
  });
  const readAgain = () => query({ requestPolicy: "network-only" });
  useEffect(() => setTurn(newestPage), [type]);
  useEffect(() => {
    if (onNewest && changes > 0) readAgain();
  }, [changes, onNewest]);

  const events = data?.history.nodes ?? [];
  return (
    <section className="history" aria-label="History">
      <header>
        <h3>
          History {type && <small>of {type}</small>} {onNewest && <small>live</small>}
        </h3>
        <PageTurner page={data?.history.pageInfo} onNewest={onNewest} onTurn={setTurn} />
      </header>
      {error && (
        <p className="notice bad" role="alert">
          The history could not be read: {error.message}{" "}
          <button type="button" onClick={readAgain}>
            Read again
          </button>
        </p>
      )}
      {events.length === 0 && !fetching && !error && <p className="empty">No events here yet.</p>}
      {events.length > 0 && <HistoryTable events={events} busy={fetching} />}
    </section>
  );
}

interface PageTurnerProps {
  page: PageInfo | undefined;
  onNewest: boolean;
  onTurn(turn: Turn): void;
}

function PageTurner({ page, onNewest, onTurn }: PageTurnerProps) {
  return (
    <nav aria-label="Pages of the history">
      <button type="button" disabled={onNewest} onClick={() => onTurn(newestPage)}>
        Newest
      </button>
      <button
        type="button"
        disabled={!page?.hasPreviousPage}
        onClick={() => onTurn({ last: PAGE, before: page?.startCursor ?? null })}
      >
        ‹ Newer
      </button>
      <button
        type="button"
        disabled={!page?.hasNextPage}
        onClick={() => onTurn({ first: PAGE, after: page?.endCursor ?? null })}
      >
        Older ›
      </button>
    </nav>
  );
}
