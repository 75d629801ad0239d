/** Says how old the figures below are while the page does not hear the ledger; nothing while it does. */
import { timeText } from "../ledger/format";
import { useSession } from "./session";
import { useStore } from "./store";

export function StaleNotice() {
  const { status, lastHeardAt } = useStore(useSession().connection);
  if (status !== "reconnecting" || lastHeardAt === null) return null;
  return <p className="notice">Not live: these are the figures of {timeText(new Date(lastHeardAt))}.</p>;
}
