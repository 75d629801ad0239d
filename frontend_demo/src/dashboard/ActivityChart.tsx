/** How much happens: events a step, stacked by what they do. What is missing at the left is said, not drawn as zero. */
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { useClient } from "urql";
import { activityQuery } from "../ledger/documents";
import { countText, timeText } from "../ledger/format";
import { type Activity, type ActivityWindow, countActivity, type Moment, windows } from "./activity";
import { chartOptions, stacked } from "./chart";
import type { Filter } from "./feed";
import { useNow } from "./hooks";
import { onTheme } from "./theme";

interface ActivityChartProps {
  filter: Filter | null;
  live: readonly Moment[];
  window: ActivityWindow;
  onWindow(window: ActivityWindow): void;
}

export function ActivityChart({ filter, live, window, onWindow }: ActivityChartProps) {
  const now = useNow(1000);
  const past = usePast(filter, window);
  const second = Math.floor(now.getTime() / 1000);
  const activity = useMemo(() => {
    const byPosition = new Map([...past.moments, ...live].map((moment) => [moment.position, moment]));
    return countActivity(byPosition.values(), window, second);
  }, [past, live, window, second]);
  const total = sum(activity.issued) + sum(activity.consumed) + sum(activity.others);

  return (
    <figure className="activity">
      <figcaption>
        <span>
          {countText(total, "event", "events")} in {windows[window].label}
          {past.since && <small> (counted since {timeText(past.since)})</small>}
        </span>
        <span className="legend">
          <i data-series="issued" /> issued {sum(activity.issued)}
          <i data-series="consumed" /> consumed {sum(activity.consumed)}
          <i data-series="others" /> others {sum(activity.others)}
        </span>
        <span className="switch" role="group" aria-label="Time shown">
          {(Object.keys(windows) as ActivityWindow[]).map((name) => (
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

interface Past {
  moments: readonly Moment[];
  /** Set where the pages read do not reach back to the window's start. */
  since: Date | null;
}

const PAGES_AT_MOST = 20;

/** What happened before the page was opened, read backwards until the window is filled. */
function usePast(filter: Filter | null, window: ActivityWindow): Past {
  const client = useClient();
  const [past, setPast] = useState<Past>({ moments: [], since: null });
  useEffect(() => {
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
        setPast({ moments: [...moments], since: oldest ? new Date(oldest.recordedAt) : null });
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
