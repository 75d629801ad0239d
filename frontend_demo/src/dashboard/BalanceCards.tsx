/** A customer's balances as cards that stay current: they flash when they change and show where they came from. */
import type { BalanceCard } from "../ledger/documents";
import { amountText, distanceText, dateTimeText } from "../ledger/format";
import { useNow } from "./hooks";
import { Sparkline } from "./Sparkline";
import { show } from "./url";

interface PastBalance {
  position: number;
  typeCode: string | null;
  balanceAfter: string | null;
}

interface BalanceCardsProps {
  balances: ReadonlyMap<string, BalanceCard>;
  /** Newest first. */
  past: readonly PastBalance[];
  selected: string | null;
  known: boolean;
}

export function BalanceCards({ balances, past, selected, known }: BalanceCardsProps) {
  const cards = [...balances.values()].sort((one, other) => one.typeCode.localeCompare(other.typeCode));
  if (cards.length === 0) {
    return known ? <p className="empty">Nothing held yet. What is issued below appears here at once.</p> : null;
  }
  return (
    <ul className="cards" aria-label="Balances">
      {cards.map((balance) => (
        <li key={balance.typeCode}>
          <Card
            balance={balance}
            past={past.filter((event) => event.typeCode === balance.typeCode)}
            selected={selected === balance.typeCode}
          />
        </li>
      ))}
    </ul>
  );
}

function Card({ balance, past, selected }: { balance: BalanceCard; past: readonly PastBalance[]; selected: boolean }) {
  const now = useNow(60_000);
  const soonest = balance.expiring[0];
  return (
    <button
      type="button"
      className="card"
      aria-pressed={selected}
      title={selected ? "Show all types" : `Show only ${balance.typeCode}`}
      onClick={() => show({ type: selected ? null : balance.typeCode })}
    >
      <span className="card-title">
        {balance.typeCode} <small>{balance.type.name}</small>
      </span>
      <span className="card-figure">
        <strong key={balance.version} className="flash">
          {amountText(balance.available)}
        </strong>
        <small> {balance.type.unit}</small>
      </span>
      <Sparkline points={sparkPoints(balance, past)} label={`How ${balance.typeCode} came about`} />
      <span className="card-notes">
        {figure("held", balance.held)}
        {figure("pending", balance.pending)}
        {figure("debt", balance.debt)}
        {soonest && (
          <span title={dateTimeText(soonest.expiresAt)}>
            {amountText(soonest.amount)} expire {distanceText(soonest.expiresAt, now)}
          </span>
        )}
      </span>
    </button>
  );
}

function figure(label: string, amount: string) {
  if (!/[1-9]/.test(amount)) return null;
  return (
    <span>
      {amountText(amount)} {label}
    </span>
  );
}

/** Oldest first; what changed since the page was opened comes from the live balance. */
function sparkPoints(balance: BalanceCard, past: readonly PastBalance[]): number[] {
  const known = past.filter((event) => event.balanceAfter !== null).slice(0, 40);
  const points = known.map((event) => Number(event.balanceAfter)).reverse();
  const newest = known[0]?.position ?? 0;
  if (balance.asOf.position > newest) points.push(Number(balance.available));
  return points;
}
