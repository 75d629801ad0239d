/** Who this is, how the ledger stands, finding a customer, and how the page looks. */
import type { Ref } from "react";
import { useState } from "react";
import type { LedgerHead } from "../ledger/documents";
import { countText, dateTimeText } from "../ledger/format";
import { ConnectionBadge } from "./ConnectionBadge";
import { CopyButton } from "./CopyButton";
import { CustomerSearch } from "./CustomerSearch";
import type { Feed } from "./feed";
import { rememberTheme, storedTheme, type Theme } from "./theme";

interface HeaderProps {
  head: LedgerHead | null;
  feed: Feed | null;
  searchRef: Ref<HTMLInputElement>;
  onHelp(): void;
}

export function Header({ head, feed, searchRef, onHelp }: HeaderProps) {
  return (
    <header className="bar">
      <a className="brand" href="/">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M5 8h22M5 14h22" />
          <path className="tick" d="M6 22l5 5 6-10 4 7 6-6" />
        </svg>
        <h1>Entitlement Ledger</h1>
      </a>
      <LedgerFacts head={head} />
      <CustomerSearch inputRef={searchRef} />
      <ConnectionBadge feed={feed} />
      <nav className="bar-links" aria-label="Page">
        <a href="/graphql">GraphiQL</a>
        <ThemeSwitch />
        <button type="button" className="quiet icon" onClick={onHelp} aria-label="Keyboard shortcuts">
          ?
        </button>
      </nav>
    </header>
  );
}

function LedgerFacts({ head }: { head: LedgerHead | null }) {
  if (!head) return <div className="facts waiting">Reading the ledger…</div>;
  return (
    <dl className="facts">
      <div>
        <dt>Ledger</dt>
        <dd>{head.name}</dd>
      </div>
      <div>
        <dt>Head</dt>
        <dd className="figure" title={countText(head.head, "event", "events")}>
          #{head.head}
        </dd>
      </div>
      <div>
        <dt>Root</dt>
        <dd>
          <Root root={head.root} />
        </dd>
      </div>
      <div>
        <dt>Integrity</dt>
        <dd>
          <IntegrityMark integrity={head.integrity} head={head.head} />
        </dd>
      </div>
    </dl>
  );
}

function Root({ root }: { root: string }) {
  const short = root.slice(0, 8);
  return (
    <CopyButton
      text={() => root}
      className="root"
      title={`Root of the Merkle tree over all events:\n${root}`}
      label={`Copy the tree's root, ${short}`}
    >
      {short}
    </CopyButton>
  );
}

function IntegrityMark({ integrity, head }: { integrity: LedgerHead["integrity"]; head: number }) {
  const words = { VERIFIED: "verified", UNVERIFIED: "not verified yet", BROKEN: "broken" }[integrity.state];
  const reach = integrity.verifiedTo >= head ? "to the head" : `to #${integrity.verifiedTo}`;
  const when = integrity.verifiedAt ? `Last checked ${dateTimeText(integrity.verifiedAt)}.` : "Not checked yet.";
  return (
    <span
      className="integrity"
      data-state={integrity.state}
      title={[when, integrity.detail].filter(Boolean).join("\n")}
    >
      {words}
      {integrity.state === "VERIFIED" && <small> {reach}</small>}
      {integrity.state === "BROKEN" && integrity.detail && <small> {integrity.detail}</small>}
    </span>
  );
}

const THEMES: Record<Theme, { next: Theme; sign: string; label: string }> = {
  system: { next: "light", sign: "◐", label: "Colours: as the system. Change to light" },
  light: { next: "dark", sign: "○", label: "Colours: light. Change to dark" },
  dark: { next: "system", sign: "●", label: "Colours: dark. Change to the system's" },
};

function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const { next, sign, label } = THEMES[theme];
  return (
    <button
      type="button"
      className="quiet icon"
      aria-label={label}
      title={label}
      onClick={() => {
        rememberTheme(next);
        setTheme(next);
      }}
    >
      {sign}
    </button>
  );
}
