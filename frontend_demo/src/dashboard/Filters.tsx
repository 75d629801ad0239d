/** What the stream is narrowed to. Every choice is in the URL. */
import { kindText } from "../ledger/format";
import { useCatalog } from "./catalog";
import { KINDS } from "./kinds";
import { show, type View } from "./url";

export function Filters({ view }: { view: View }) {
  const { types } = useCatalog();
  const anything = view.customer ?? view.type ?? view.kind;
  return (
    <form className="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <h2>{view.customer ? `Events of ${view.customer}` : "Events"}</h2>
      <label>
        <span>Type</span>
        <select value={view.type ?? ""} onChange={(event) => show({ type: event.target.value || null })}>
          <option value="">all</option>
          {view.type && !types.some((type) => type.code === view.type) && <option>{view.type}</option>}
          {types.map((type) => (
            <option key={type.code} value={type.code}>
              {type.code}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Kind</span>
        <select
          value={view.kind ?? ""}
          onChange={(event) => show({ kind: KINDS.find((kind) => kind === event.target.value) ?? null })}
        >
          <option value="">all</option>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {kindText(kind)}
            </option>
          ))}
        </select>
      </label>
      {anything && (
        <button type="button" className="quiet" onClick={() => show({ customer: null, type: null, kind: null })}>
          Show everything
        </button>
      )}
    </form>
  );
}
