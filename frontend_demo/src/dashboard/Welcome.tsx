/** Where to begin: the customers there are, registering one, and defining what can be held. */
import { useQuery } from "urql";
import { customersQuery, typesQuery } from "../ledger/documents";
import { DefineTypeForm } from "./DefineTypeForm";
import { RegisterForm } from "./RegisterForm";
import { linkTo, show } from "./url";

export function Welcome() {
  return (
    <aside className="welcome" aria-label="Begin here">
      <Customers />
      <Types />
    </aside>
  );
}

function Customers() {
  const [{ data, error, fetching }, readAgain] = useQuery({ query: customersQuery, variables: { first: 12 } });
  const customers = data?.customers.nodes ?? [];
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
        <RegisterForm onRegistered={() => readAgain({ requestPolicy: "network-only" })} />
      </details>
    </section>
  );
}

function Types() {
  const [{ data, error, fetching }, readAgain] = useQuery({ query: typesQuery });
  const types = data?.entitlementTypes.nodes ?? [];
  const none = types.length === 0 && !fetching && !error;
  return (
    <section className="panel">
      <h2>Entitlement types</h2>
      {error && <p className="notice bad">They could not be read: {error.message}</p>}
      {none && <p className="empty">Nothing can be held yet: define the first type.</p>}
      <ul className="types">
        {types.map(({ code, name, category, unit }) => (
          <li key={code}>
            <button type="button" className="quiet" onClick={() => show({ type: code })}>
              <strong>{code}</strong>
            </button>
            <span>{name}</span>
            <small>
              {category.toLowerCase()}, in {unit}
            </small>
          </li>
        ))}
      </ul>
      <details open={none}>
        <summary>Define a type</summary>
        <DefineTypeForm onDefined={() => readAgain({ requestPolicy: "network-only" })} />
      </details>
    </section>
  );
}
