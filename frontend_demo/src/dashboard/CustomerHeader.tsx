/** Who the open customer is, as far as the ledger knows, and the way back. */
import type { customerQuery } from "../ledger/documents";
import { dateTimeText } from "../ledger/format";
import type { ResultOf } from "../ledger/graphql";
import { show } from "./url";

interface CustomerHeaderProps {
  customerId: string;
  customer: ResultOf<typeof customerQuery>["customer"];
  fetching: boolean;
  trouble: string | undefined;
}

export function CustomerHeader({ customerId, customer, fetching, trouble }: CustomerHeaderProps) {
  return (
    <header className="customer-header">
      <div>
        <h2>{customerId}</h2>
        <p className="hint">{introduction()}</p>
      </div>
      {customer && customer.state !== "ACTIVE" && <span className="state">{customer.state.toLowerCase()}</span>}
      <button
        type="button"
        className="quiet icon"
        aria-label="Close the customer"
        onClick={() => show({ customer: null })}
      >
        ✕
      </button>
    </header>
  );

  function introduction(): string {
    if (customer) {
      const since = `since ${dateTimeText(customer.createdAt)}`;
      return [customer.name, customer.email, since].filter(Boolean).join(" · ");
    }
    if (trouble) return `The customer could not be read: ${trouble}`;
    return fetching ? "Reading…" : "Nobody has this id yet. Issuing to it registers it.";
  }
}
