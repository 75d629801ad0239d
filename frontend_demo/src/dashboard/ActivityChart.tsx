/** How much happens: events a step, stacked by what they do. What is missing at the left is said, not drawn as zero. */
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { useClient } from "urql";
import { activityQuery } from "../ledger/documents";
import { countText, momentText } from "../ledger/format";
import {
  type Activity,
  type ActivityWindow,
  countActivity,
  fittingWindow,
  type Moment,
  windowNames,
  windows,
} from "./activity";
import { chartOptions, stacked } from "./chart";
import type { Filter } from "./feed";
import { useNow } from "./hooks";
import { onTheme } from "./theme";

interface ActivityChartProps {
  filter: Filter | null;
  live: readonly Moment[];
  chosen: ActivityWindow | null;
  onWindow(window: ActivityWindow): void;
}

export function ActivityChart({ filter, live, chosen, onWindow }: ActivityChartProps) {
  const now = useNow(500);
  const fitting = useFittingWindow(filter, chosen);
  const window = chosen ?? fitting ?? "5m";
  const past = usePast(filter, chosen ?? fitting);
  // Drawn twice a second however many events come: what is live is read from here when the time has come.
  const latest = useRef(live);
  latest.current = live;
  const activity = useMemo(() => {
    const byPosition = new Map([...past.moments, ...latest.current].map((moment) => [moment.position, moment]));
    return countActivity(byPosition.values(), window, Math.floor(now.getTime() / 1000));
  }, [past, window, now]);
  const total = sum(activity.issued) + sum(activity.consumed) + sum(activity.others);

  return (
    <figure className="activity">
      <figcaption>
        <span>
          {countText(total, "event", "events")} in {windows[window].label}
          {past.since && <small> (counted since {momentText(past.since)})</small>}
        </span>
        <span className="legend">
          <i data-series="issued" /> issued {sum(activity.issued)}
          <i data-series="consumed" /> consumed {sum(activity.consumed)}
          <i data-series="others" /> others {sum(activity.others)}
        </span>
        <span className="switch" role="group" aria-label="Time shown">
          {windowNames.map((name) => (
            <button key={name} type="button" aria-pressed={name === window} onClick={() => onWindow(name)}>
              {name}
            </button>
          ))}
        </span>
      </figcaption>
      <Plot activity={activity} />
    </figure>
  );
}

function Plot({ activity }: { activity: Activity }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useRef(stacked(activity));
  data.current = stacked(activity);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(chartOptions(element), data.current, element);
    };
    draw();
    const forgetTheme = onTheme(draw);
    const resized = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    resized.observe(element);
    return () => {
      forgetTheme();
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData(stacked(activity)), [activity]);
  return <div className="plot" ref={place} aria-hidden="true" />;
}

/** The window that shows something, as the newest events are when the page opens; null until they are read. */
function useFittingWindow(filter: Filter | null, chosen: ActivityWindow | null): ActivityWindow | null {
  const client = useClient();
  const [fitting, setFitting] = useState<ActivityWindow | null>(null);
  useEffect(() => {
    if (chosen || fitting) return;
    let wanted = true;
    void client
      .query(activityQuery, { filter })
      .toPromise()
      .then(({ data }) => wanted && setFitting(fittingWindow(data?.history.nodes ?? [], Date.now() / 1000)));
    return () => {
      wanted = false;
    };
  }, [client, filter, chosen, fitting]);
  return fitting;
}

interface Past {
  moments: readonly Moment[];
  /** Set where the pages read do not reach back to the window's start. */
  since: string | null;
}

const PAGES_AT_MOST = 20;

/** What happened before the page was opened, read backwards until the window is filled. */
function usePast(filter: Filter | null, window: ActivityWindow | null): Past {
  const client = useClient();
  const [past, setPast] = useState<Past>({ moments: [], since: null });
  useEffect(() => {
    if (!window) return;
    let wanted = true;
    const start = Date.now() - windows[window].seconds * 1000;
    const read = async () => {
      const moments: Moment[] = [];
      let after: string | null = null;
      for (let page = 0; page < PAGES_AT_MOST; page += 1) {
        const result = await client.query(activityQuery, { filter, after }).toPromise();
        if (!wanted || !result.data) return;
        const history: { nodes: Moment[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } =
          result.data.history;
        moments.push(...history.nodes);
        const oldest = moments.at(-1);
        const reached = !history.pageInfo.hasNextPage || (oldest && Date.parse(oldest.recordedAt) < start);
        if (reached) return setPast({ moments, since: null });
        setPast({ moments: [...moments], since: oldest?.recordedAt ?? null });
        after = history.pageInfo.endCursor;
      }
    };
    void read();
    return () => {
      wanted = false;
    };
  }, [client, filter, window]);
  return past;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
