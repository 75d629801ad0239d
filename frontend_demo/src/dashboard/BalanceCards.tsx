/** A customer's balances as cards that stay current: they flash when they change and show where they came from. */
import { useEffect, useMemo, useState } from "react";
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
  const points = useSparkPoints(balance, past);
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
      <Sparkline points={points} label={`How ${balance.typeCode} came about`} />
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

const POINTS_AT_MOST = 40;

/** Oldest first: what the history told, then each state that came live. Only a shape: floats are good enough. */
function useSparkPoints(balance: BalanceCard, past: readonly PastBalance[]): number[] {
  const { available, version } = balance;
  const { position } = balance.asOf;
  const [versionAtFirst] = useState(version);
  const [live, setLive] = useState<ReadonlyMap<number, number>>(new Map());
  useEffect(() => {
    if (version > versionAtFirst) setLive((before) => new Map(before).set(position, Number(available)));
  }, [available, version, versionAtFirst, position]);
  return useMemo(() => {
    const points = new Map<number, number>();
    for (const event of [...past].reverse()) {
      if (event.balanceAfter !== null) points.set(event.position, Number(event.balanceAfter));
    }
    const newest = Math.max(0, ...points.keys());
    for (const [at, value] of live) if (at > newest) points.set(at, value);
    return [...points.values()].slice(-POINTS_AT_MOST);
  }, [past, live]);
}
