/** The entitlement types, read once for the whole page and again when an event says that they changed. */
import { createContext, useContext, useEffect, useMemo } from "react";
import { useQuery } from "urql";
import { type EntitlementTypeSummary, typesQuery } from "../ledger/documents";
import type { Moment } from "./activity";

export interface Catalog {
  types: readonly EntitlementTypeSummary[];
  phase: "loading" | "ready" | "failed";
  trouble: string | null;
}

export const CatalogContext = createContext<Catalog>({ types: [], phase: "loading", trouble: null });

export const useCatalog = () => useContext(CatalogContext);

/** The catalog for a page on which `changes` grows with each event that may have changed it. */
export function useCatalogQuery(changes: number): Catalog {
  const [{ data, error }, readAgain] = useQuery({ query: typesQuery });
  useEffect(() => {
    if (changes > 0) readAgain({ requestPolicy: "network-only" });
  }, [changes, readAgain]);
  return useMemo(
    () => ({
      types: data?.entitlementTypes.nodes ?? [],
      phase: data ? "ready" : error ? "failed" : "loading",
      trouble: error?.message ?? null,
    }),
    [data, error],
  );
}

/** How many of these events may have changed who and what there is: customers and types. */
export function countCatalogChanges(moments: readonly Moment[]): number {
  return moments.filter(({ kind }) => kind.startsWith("CUSTOMER_") || kind.startsWith("TYPE_")).length;
}
