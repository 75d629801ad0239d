/** Finds a customer by the beginning of an id, a name or an e-mail: a combobox, entirely usable by keyboard. */
import { type KeyboardEvent, type Ref, useId, useState } from "react";
import { useQuery } from "urql";
import { customersQuery } from "../ledger/documents";
import { useDebounced } from "./hooks";
import { show } from "./url";

interface CustomerSearchProps {
  inputRef: Ref<HTMLInputElement>;
}

export function CustomerSearch({ inputRef }: CustomerSearchProps) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const search = useDebounced(text.trim(), 120);
  const [{ data, fetching, error }] = useQuery({
    query: customersQuery,
    variables: { search, first: 8 },
    pause: search === "",
  });
  const found = search && !error ? (data?.customers.nodes ?? []) : [];
  const options = found.map((customer) => customer.customerId);
  const exact = options.includes(text.trim());
  const settled = search === text.trim() && !fetching;

  const go = (customerId: string | undefined) => {
    if (!customerId) return;
    show({ customer: customerId });
    setText("");
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "ArrowDown") setChosen((before) => Math.min(before + 1, options.length - 1));
    else if (event.key === "ArrowUp") setChosen((before) => Math.max(before - 1, 0));
    else if (event.key === "Enter") go(options[chosen] ?? (settled ? text.trim() : undefined));
    else if (event.key === "Escape") {
      setText("");
      event.currentTarget.blur();
    } else return;
    event.preventDefault();
  };
  const listOpen = open && search !== "";

  return (
    <div className="search" role="search">
      <input
        ref={inputRef}
        type="search"
        role="combobox"
        aria-label="Find a customer"
        aria-expanded={listOpen}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={listOpen && options[chosen] ? `${listId}-${chosen}` : undefined}
        placeholder="Find a customer: id, name or e-mail"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      <kbd aria-hidden="true">/</kbd>
      <div className="search-list" hidden={!listOpen} onMouseDown={(event) => event.preventDefault()}>
        <ul id={listId} role="listbox" aria-label="Customers">
          {found.map((customer, index) => (
            <li
              key={customer.customerId}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === chosen}
              onClick={() => go(customer.customerId)}
              onMouseMove={() => setChosen(index)}
            >
              <strong>{customer.customerId}</strong>
              <span>{[customer.name, customer.email].filter(Boolean).join(" · ")}</span>
              {customer.state !== "ACTIVE" && <em>{customer.state.toLowerCase()}</em>}
            </li>
          ))}
        </ul>
        <p className="hint">{hintText()}</p>
      </div>
    </div>
  );

  function hintText(): string {
    if (error) return `The search did not answer: ${error.message}`;
    if (!settled) return "Searching…";
    if (found.length === 0) return `Nobody begins with “${search}”. Enter opens that id: issuing to it registers it.`;
    if (data?.customers.pageInfo.hasNextPage) return "More than 8 match: type on to narrow it down.";
    return exact ? "" : "Enter opens the marked customer.";
  }
}
