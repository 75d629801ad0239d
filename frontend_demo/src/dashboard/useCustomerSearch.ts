/** The state of the customer search: what was typed, what was found for it, which one is marked. No drawing here. */
import { type KeyboardEvent, useEffect, useState } from "react";
import { useQuery } from "urql";
import { customersQuery } from "../ledger/documents";
import type { ResultOf } from "../ledger/graphql";
import { useDebounced } from "./hooks";
import { show } from "./url";

export type FoundCustomer = ResultOf<typeof customersQuery>["customers"]["nodes"][number];

const SHOWN_AT_MOST = 8;

export function useCustomerSearch() {
  const [text, setText] = useState("");
  const [marked, setMarked] = useState(0);
  const [entered, setEntered] = useState(false);
  const typed = text.trim();
  const search = useDebounced(typed, 120);
  const [{ data, fetching, error }] = useQuery({
    query: customersQuery,
    variables: { search, first: SHOWN_AT_MOST },
    pause: search === "",
  });
  const found = search && !error ? (data?.customers.nodes ?? []) : [];
  const settled = search === typed && !fetching;

  const open = (customerId: string | undefined) => {
    setEntered(false);
    if (!customerId) return;
    show({ customer: customerId });
    setText("");
  };
  // Enter may come before the answer: what is opened is what is found for the text as it was entered.
  useEffect(() => {
    if (entered && settled) open(found[marked]?.customerId ?? typed);
  }, [entered, settled]);

  return {
    text,
    search,
    found,
    marked,
    setMarked,
    open,
    hint: hintText({ search, found, settled, error: error?.message, more: data?.customers.pageInfo.hasNextPage }),
    type: (next: string) => {
      setText(next);
      setMarked(0);
      setEntered(false);
    },
    onKeyDown: (event: KeyboardEvent<HTMLInputElement>) => {
      const actions: Record<string, () => void> = {
        ArrowDown: () => setMarked((before) => Math.min(before + 1, Math.max(found.length - 1, 0))),
        ArrowUp: () => setMarked((before) => Math.max(before - 1, 0)),
        Enter: () => setEntered(typed !== ""),
        Escape: () => {
          setText("");
          event.currentTarget.blur();
        },
      };
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    },
  };
}

interface Answer {
  search: string;
  found: readonly FoundCustomer[];
  settled: boolean;
  error: string | undefined;
  more: boolean | undefined;
}

function hintText({ search, found, settled, error, more }: Answer): string {
  if (error) return `The search did not answer: ${error}`;
  if (!settled) return "Searching…";
  if (found.length === 0) return `Nobody begins with “${search}”. Enter opens that id: issuing to it registers it.`;
  return more ? `More than ${SHOWN_AT_MOST} match: type on to narrow it down.` : "Enter opens the marked customer.";
}
