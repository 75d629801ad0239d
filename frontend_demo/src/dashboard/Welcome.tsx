/** Where to begin: the customers there are, registering one, and defining what can be held. */
import { useEffect } from "react";
import { useQuery } from "urql";
import { customersQuery } from "../ledger/documents";
import { useCatalog } from "./catalog";
import { DefineTypeForm } from "./DefineTypeForm";
import { RegisterForm } from "./RegisterForm";
import { linkTo, show } from "./url";

/** `changes` grows with each event that may have changed who and what there is. */
export function Welcome({ changes }: { changes: number }) {
  return (
    <aside className="welcome" aria-label="Begin here">
      <Customers changes={changes} />
      <Types />
    </aside>
  );
}

function Customers({ changes }: { changes: number }) {
  const [{ data, error, fetching }, readAgain] = useQuery({ query: customersQuery, variables: { first: 12 } });
  const customers = data?.customers.nodes ?? [];
  useEffect(() => {
    if (changes > 0) readAgain({ requestPolicy: "network-only" });
  }, [changes, readAgain]);
  return (
    <section className="panel">
      <h2>Customers</h2>
      {error && <p className="notice bad">They could not be read: {error.message}</p>}
      {customers.length === 0 && !fetching && !error && <p className="empty">Nobody is registered yet.</p>}
      <ul className="names">
        {customers.map(({ customerId, name }) => (
          <li key={customerId}>
            <a
              href={linkTo({ customer: customerId })}
              onClick={(event) => {
                event.preventDefault();
                show({ customer: customerId });
              }}
            >
              <strong>{customerId}</strong> <span>{name}</span>
            </a>
          </li>
        ))}
      </ul>
      {data?.customers.pageInfo.hasNextPage && (
        <p className="hint">
          And more: press <kbd>/</kbd> to find one.
        </p>
      )}
      <details>
        <summary>Register a customer</summary>
        <RegisterForm />
      </details>
    </section>
  );
}

function Types() {
  const { types, phase, trouble } = useCatalog();
  const none = types.length === 0 && phase === "ready";
  return (
    <section className="panel">
      <h2>Entitlement types</h2>
      {trouble && <p className="notice bad">They could not be read: {trouble}</p>}
      {none && <p className="empty">Nothing can be held yet: define the first type.</p>}
      <ul className="types">
        {types.map(({ code, name, category, unit }) => (
          <li key={code}>
            <button type="button" className="quiet" onClick={() => show({ type: code })}>
              <strong>{code}</strong>
            </button>
            <span>{name}</span>
            <small title={category.toLowerCase()}>in {unit}</small>
          </li>
        ))}
      </ul>
      <details open={none}>
        <summary>Define a type</summary>
        <DefineTypeForm />
      </details>
    </section>
  );
}
