/** Finds a customer by the beginning of an id, a name or an e-mail: a combobox, entirely usable by keyboard. */
import { type Ref, useId, useState } from "react";
import { type FoundCustomer, useCustomerSearch } from "./useCustomerSearch";

export function CustomerSearch({ inputRef }: { inputRef: Ref<HTMLInputElement> }) {
  const { text, search, found, marked, setMarked, open, hint, type, onKeyDown } = useCustomerSearch();
  const [focused, setFocused] = useState(false);
  const listId = useId();
  const listOpen = focused && search !== "" && text !== "";
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
        aria-activedescendant={listOpen && found[marked] ? `${listId}-${marked}` : undefined}
        placeholder="Find a customer: id, name or e-mail"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => type(event.target.value)}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onKeyDown={onKeyDown}
      />
      <kbd aria-hidden="true">/</kbd>
      <div className="search-list" hidden={!listOpen} onMouseDown={(event) => event.preventDefault()}>
        <ul id={listId} role="listbox" aria-label="Customers">
          {found.map((customer, index) => (
            <Option
              key={customer.customerId}
              id={`${listId}-${index}`}
              customer={customer}
              marked={index === marked}
              onMark={() => setMarked(index)}
              onOpen={() => open(customer.customerId)}
            />
          ))}
        </ul>
        <p className="hint">{hint}</p>
      </div>
    </div>
  );
}

interface OptionProps {
  id: string;
  customer: FoundCustomer;
  marked: boolean;
  onMark(): void;
  onOpen(): void;
}

function Option({ id, customer, marked, onMark, onOpen }: OptionProps) {
  const { customerId, name, email, state } = customer;
  return (
    <li id={id} role="option" aria-selected={marked} onClick={onOpen} onMouseMove={onMark}>
      <strong>{customerId}</strong>
      <span>{[name, email].filter(Boolean).join(" · ")}</span>
      {state !== "ACTIVE" && <em>{state.toLowerCase()}</em>}
    </li>
  );
}
