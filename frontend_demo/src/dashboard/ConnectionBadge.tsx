/** Whether the page is live, and after an interruption the proof that nothing was lost. */
import { countText, timeText } from "../ledger/format";
import type { Proof } from "../ledger/live";
import type { Feed } from "./feed";
import { useFeedState } from "./hooks";
import { useSession } from "./session";
import { useStore } from "./store";

export function ConnectionBadge({ feed }: { feed: Feed | null }) {
  const { connection, wantKey } = useSession();
  const { status, lastHeardAt } = useStore(connection);
  const state = useFeedState(feed);
  if (status === "forbidden") {
    return (
      <button type="button" className="badge" data-status={status} onClick={wantKey}>
        <i className="dot" /> Access key wanted
      </button>
    );
  }
  const text = {
    connecting: "Connecting…",
    live: "Live",
    reconnecting:
      lastHeardAt === null ? "Reconnecting…" : `Reconnecting… shown as of ${timeText(new Date(lastHeardAt))}`,
  }[status];
  return (
    <div className="badge" data-status={status} role="status">
      <i className="dot" /> <span>{text}</span>
      {status === "live" && state?.resumed && (
        <small title={`At ${timeText(new Date(state.resumed.at))}: ${rangeText(state.resumed.proof)}`}>
          {proofText(state.resumed.proof)}
        </small>
      )}
    </div>
  );
}

/** "resumed, 5 missed events replayed, no gap" */
export function proofText(proof: Proof): string {
  const missed =
    proof.replayed === 0 ? "nothing missed" : `${countText(proof.replayed, "missed event", "missed events")} replayed`;
  const ends = { none: ", no gap", found: ", gap found", unknowable: proof.replayed === 0 ? "" : " in order" };
  return `resumed, ${missed}${ends[proof.gap]}`;
}

function rangeText(proof: Proof): string {
  if (proof.replayed === 0) return `still at #${proof.from ?? 0}`;
  return `events after #${proof.from ?? 0} up to #${proof.to}, each once`;
}
