/** One customer: who it is, live balances, issue and consume, and the history page by page. */
import { useEffect, useMemo, useState } from "react";
import { useQuery } from "urql";
import { customerQuery } from "../ledger/documents";
import { BalanceCards } from "./BalanceCards";
import { CustomerHeader } from "./CustomerHeader";
import { HistoryPages } from "./HistoryPages";
import { useBalances } from "./hooks";
import type { OperationName } from "./operation";
import { OperationForm } from "./OperationForm";
import { StaleNotice } from "./StaleNotice";

interface CustomerPanelProps {
  customerId: string;
  type: string | null;
}

export function CustomerPanel({ customerId, type }: CustomerPanelProps) {
  const [{ data, error, fetching }, readAgain] = useQuery({ query: customerQuery, variables: { customerId } });
  const customer = data?.customer ?? null;
  const balances = useBalances(customerId);
  const changes = useMemo(
    () => [...balances.values()].reduce((total, balance) => total + balance.version, 0),
    [balances],
  );
  const justRegistered = customer === null && changes > 0;
  useEffect(() => {
    if (justRegistered) readAgain({ requestPolicy: "network-only" });
  }, [justRegistered, readAgain]);

  return (
    <section className="customer" aria-label={`Customer ${customerId}`}>
      <CustomerHeader customerId={customerId} customer={customer} fetching={fetching} trouble={error?.message} />
      <StaleNotice />
      <BalanceCards
        balances={balances}
        past={customer?.history.nodes ?? []}
        selected={type}
        known={customer !== null}
      />
      <Operations customerId={customerId} type={type} />
      <HistoryPages customerId={customerId} type={type} changes={changes} />
    </section>
  );
}

function Operations({ customerId, type }: CustomerPanelProps) {
  const [operation, setOperation] = useState<OperationName>("issue");
  return (
    <section className="panel" aria-label="Write">
      <div className="switch" role="group" aria-label="What to do">
        {(["issue", "consume"] as const).map((name) => (
          <button key={name} type="button" aria-pressed={operation === name} onClick={() => setOperation(name)}>
            {name === "issue" ? "Issue" : "Consume"}
          </button>
        ))}
      </div>
      <OperationForm key={operation} operation={operation} customerId={customerId} typeCode={type} />
    </section>
  );
}
