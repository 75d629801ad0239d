/** The page: header, the live stream on one side, a customer (or where to begin) on the other, dialogs on top. */
import { useEffect, useMemo, useRef, useState } from "react";
import { AccessKeyDialog } from "./AccessKeyDialog";
import { CatalogContext, useCatalogQuery } from "./catalog";
import { CustomerPanel } from "./CustomerPanel";
import { EventInspector } from "./EventInspector";
import { filterOf } from "./feed";
import { Header } from "./Header";
import { HelpDialog } from "./HelpDialog";
import { useCatalogChanges, useFeed, useLedgerHead } from "./hooks";
import { useShortcuts } from "./keyboard";
import { useSession } from "./session";
import { useStore } from "./store";
import { Stream } from "./Stream";
import { show, useView } from "./url";
import { Welcome } from "./Welcome";

export function App() {
  const session = useSession();
  const view = useView();
  const filter = useMemo(() => filterOf(view), [view.customer, view.type, view.kind]);
  const feed = useFeed(filter);
  const head = useLedgerHead();
  const keyWanted = useStore(session.keyWanted);
  const generation = useStore(session.generation);
  const changes = useCatalogChanges(feed) + generation;
  const catalog = useCatalogQuery(changes);
  const [paused, setPaused] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const search = useRef<HTMLInputElement>(null);

  useShortcuts({
    "/": () => search.current?.focus(),
    p: () => setPaused((before) => !before),
    "?": () => setHelpOpen(true),
    Escape: () => show({ customer: null }),
  });
  useEffect(() => {
    document.title = view.customer ? `${view.customer} · Entitlement Ledger` : "Entitlement Ledger";
  }, [view.customer]);

  return (
    <CatalogContext value={catalog}>
      <a className="skip" href="#stream">
        Skip to the events
      </a>
      <Header head={head} feed={feed} searchRef={search} onHelp={() => setHelpOpen(true)} />
      <main className="page" data-customer={view.customer !== null}>
        <Stream feed={feed} filter={filter} view={view} paused={paused} onPause={setPaused} />
        {view.customer === null ? (
          <Welcome changes={changes} />
        ) : (
          <CustomerPanel key={`${generation} ${view.customer}`} customerId={view.customer} type={view.type} />
        )}
      </main>
      {view.event !== null && <EventInspector position={view.event} head={head?.head ?? null} />}
      {helpOpen && <HelpDialog onClose={() => setHelpOpen(false)} />}
      {keyWanted && <AccessKeyDialog />}
    </CatalogContext>
  );
}
