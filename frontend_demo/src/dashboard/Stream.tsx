/** The left half: filters, activity, and the live tail of events. */
import { useEffect, useState } from "react";
import { ActivityChart } from "./ActivityChart";
import { EventTail } from "./EventTail";
import type { Feed, Filter } from "./feed";
import { Filters } from "./Filters";
import { useFeedState } from "./hooks";
import { useSession } from "./session";
import { useStore } from "./store";
import { show, type View } from "./url";

interface StreamProps {
  feed: Feed | null;
  filter: Filter | null;
  view: View;
  paused: boolean;
  onPause(paused: boolean): void;
}

export function Stream({ feed, filter, view, paused, onPause }: StreamProps) {
  const state = useFeedState(feed);
  const generation = useStore(useSession().generation);
  const [reading, setReading] = useState(false);
  const held = paused || reading;
  useEffect(() => feed?.hold(held), [feed, held]);

  return (
    <section className="stream" id="stream" aria-label="Events" tabIndex={-1}>
      <Filters view={view} />
      <ActivityChart
        key={generation}
        filter={filter}
        live={state?.moments ?? []}
        chosen={view.window}
        onWindow={(window) => show({ window })}
      />
      {state?.reloaded && (
        <p className="notice" role="status">
          {RELOADED[state.reloaded]}{" "}
          <button type="button" onClick={feed?.understood}>
            Understood
          </button>
        </p>
      )}
      {state?.trouble && (
        <p className="notice bad" role="alert">
          The live events were interrupted: {state.trouble} Trying again…
        </p>
      )}
      <EventTail
        state={state}
        filtered={filter !== null}
        inspected={view.event}
        paused={paused}
        reading={reading}
        onPause={onPause}
        onReading={setReading}
      />
    </section>
  );
}

const RELOADED = {
  diverged: "The ledger was set back (restored from a backup, for instance). Everything here was loaded anew.",
  "too-far-behind": "More than 5,000 events were missed. The newest were loaded instead of replaying them all.",
  gap: "A gap was found in the events that came. Everything here was loaded anew.",
};
