/** What the activity chart counts: events of each group in equal steps of time, up to now. No drawing here. */
export type ActivityWindow = "5m" | "1h" | "24h" | "30d";

export interface Moment {
  position: number;
  kind: string;
  recordedAt: string;
}

export interface Activity {
  /** The end of each step, in seconds since 1970. */
  times: number[];
  issued: number[];
  consumed: number[];
  others: number[];
}

interface Span {
  label: string;
  seconds: number;
  step: number;
}

export const windows: Record<ActivityWindow, Span> = {
  "5m": { label: "5 minutes", seconds: 300, step: 5 },
  "1h": { label: "1 hour", seconds: 3_600, step: 60 },
  "24h": { label: "24 hours", seconds: 86_400, step: 1_800 },
  "30d": { label: "30 days", seconds: 2_592_000, step: 43_200 },
};

export const windowNames = Object.keys(windows) as ActivityWindow[];

const BUSY_STEPS = 12;

/** The shortest window in which these events make a picture; where none does, the one with the most to see. */
export function fittingWindow(moments: readonly Moment[], now: number): ActivityWindow {
  const busy = windowNames.map((name) => [name, busySteps(countActivity(moments, name, now))] as const);
  const enough = busy.find(([, steps]) => steps >= BUSY_STEPS);
  const fullest = busy.reduce((best, each) => (each[1] > best[1] ? each : best));
  return (enough ?? fullest)[0];
}

function busySteps({ issued, consumed, others }: Activity): number {
  return issued.filter((count, index) => count + (consumed[index] ?? 0) + (others[index] ?? 0) > 0).length;
}

export function countActivity(moments: Iterable<Moment>, window: ActivityWindow, now: number): Activity {
  const { seconds, step } = windows[window];
  const end = Math.ceil(now / step) * step;
  const steps = seconds / step;
  const activity: Activity = {
    times: Array.from({ length: steps }, (_, index) => end - (steps - 1 - index) * step),
    issued: Array<number>(steps).fill(0),
    consumed: Array<number>(steps).fill(0),
    others: Array<number>(steps).fill(0),
  };
  for (const moment of moments) {
    const age = end - Date.parse(moment.recordedAt) / 1000;
    const index = steps - 1 - Math.floor(age / step);
    const series = groupOf(moment.kind, activity);
    if (index >= 0 && index < steps) series[index] = (series[index] ?? 0) + 1;
  }
  return activity;
}

function groupOf(kind: string, activity: Activity): number[] {
  if (kind === "ISSUED") return activity.issued;
  if (kind === "CONSUMED") return activity.consumed;
  return activity.others;
}
