/** What the list says when there is nothing to list, and what to do about it. */
import { show } from "./url";

export function EmptyTail({ filtered }: { filtered: boolean }) {
  return (
    <div className="empty">
      {filtered ? (
        <>
          <p>
            <strong>No event matches these filters yet.</strong> The first one will appear here by itself.
          </p>
          <button type="button" onClick={() => show({ customer: null, type: null, kind: null })}>
            Show everything
          </button>
        </>
      ) : (
        <p>
          <strong>The ledger is empty.</strong> Define an entitlement type, then issue some of it to a customer: each
          event will appear here the moment it is committed.
        </p>
      )}
    </div>
  );
}
