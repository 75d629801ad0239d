/** How the activity chart is drawn by uPlot: three stacked series of bars in the page's own colours. */
import uPlot from "uplot";
import { clockText, dayText } from "../ledger/format";
import type { Activity } from "./activity";

const DAY = 86_400;

/** Sums upwards, widest first: drawn in this order, each bar covers the lower part of the one before. */
export function stacked(activity: Activity): uPlot.AlignedData {
  const { times, issued, consumed, others } = activity;
  const lower = issued.map((count, index) => count + (consumed[index] ?? 0));
  const all = lower.map((count, index) => count + (others[index] ?? 0));
  return [times, all, lower, issued];
}

export function chartOptions(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => resolveColour(element, style.getPropertyValue(name));
  const ink = colour("--ink-soft");
  const line = colour("--line");
  const bars = uPlot.paths.bars?.({ size: [0.82, 24], align: -1 });
  const series = (label: string, name: string): uPlot.Series => ({
    label,
    ...(bars ? { paths: bars } : {}),
    fill: colour(name),
    width: 0,
    points: { show: false },
  });
  const font = `11px ${style.fontFamily}`;
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high ?? 0, 4)] } },
    axes: [
      {
        stroke: ink,
        font,
        size: 22,
        gap: 4,
        grid: { show: false },
        ticks: { show: false },
        space: 90,
        incrs: [60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, DAY, 2 * DAY, 5 * DAY, 10 * DAY],
        values: (_plot, times, _axis, _space, step) =>
          times.map((seconds) => (step < DAY ? clockText : dayText)(new Date(seconds * 1000))),
      },
      {
        stroke: ink,
        font,
        size: 34,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000],
        space: 26,
      },
    ],
    series: [{}, series("others", "--plain"), series("consumed", "--loss"), series("issued", "--gain")],
  };
}

/** A canvas knows no light-dark(): let the browser work the colour out on a real element. */
function resolveColour(element: HTMLElement, value: string): string {
  const probe = document.createElement("i");
  probe.style.color = value;
  element.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
