/** One customer: who it is, live balances, issue and consume, and the history page by page. */
import { useMemo, useState } from "react";
import { useQuery } from "urql";
import { customerQuery } from "../ledger/documents";
import { dateTimeText } from "../ledger/format";
import { BalanceCards } from "./BalanceCards";
import { HistoryPages } from "./HistoryPages";
import { useBalances } from "./hooks";
import { OperationForm, type OperationName } from "./OperationForm";
import { StaleNotice } from "./StaleNotice";
import { show } from "./url";

interface CustomerPanelProps {
  customerId: string;
  type: string | null;
}

export function CustomerPanel({ customerId, type }: CustomerPanelProps) {
  const [{ data, error, fetching }] = useQuery({ query: customerQuery, variables: { customerId } });
  const balances = useBalances(customerId);
  const [operation, setOperation] = useState<OperationName>("issue");
  const changes = useMemo(
    () => [...balances.values()].reduce((total, balance) => total + balance.version, 0),
    [balances],
  );
  const customer = data?.customer ?? null;

  return (
    <section className="customer" aria-label={`Customer ${customerId}`}>
      <header className="customer-header">
        <div>
          <h2>{customerId}</h2>
          <p className="hint">
            {customer
              ? [customer.name, customer.email, `since ${dateTimeText(customer.createdAt)}`].filter(Boolean).join(" · ")
              : introduction()}
          </p>
        </div>
        {customer && customer.state !== "ACTIVE" && <span className="state">{customer.state.toLowerCase()}</span>}
        <button type="button" className="quiet icon" aria-label="Close the customer" onClick={() => show({ customer: null })}>
          ✕
        </button>
      </header>
      <StaleNotice />
      <BalanceCards balances={balances} past={customer?.history.nodes ?? []} selected={type} known={customer !== null} />
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
      <HistoryPages customerId={customerId} type={type} changes={changes} />
    </section>
  );

  function introduction(): string {
    if (fetching) return "Reading…";
    if (error) return `The customer could not be read: ${error.message}`;
    return balances.size > 0 ? "" : "Nobody has this id yet. Issuing to it registers it.";
  }
}
