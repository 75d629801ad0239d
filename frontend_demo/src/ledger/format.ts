/** How amounts, times and kinds read to a person. Amounts stay decimal strings: never a float. */

const numbers = new Map<number, Intl.NumberFormat>();

/** "1234.50" as "1,234.50", with all of its decimals, in the reader's locale. */
export function amountText(amount: string): string {
  const decimals = amount.split(".")[1]?.length ?? 0;
  let format = numbers.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat(undefined, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    numbers.set(decimals, format);
  }
  return format.format(amount as Intl.StringNumericLiteral);
}

/** A signed change: "+150", "−30", and "0" where nothing moved. */
export function deltaText(delta: string): string {
  if (delta.startsWith("-")) return `−${amountText(delta.slice(1))}`;
  return /[1-9]/.test(delta) ? `+${amountText(delta)}` : amountText(delta);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const clockText = (instant: Date) => clock.format(instant);
export const dayText = (instant: Date) => day.format(instant);
export const timeText = (instant: string | Date) => time.format(new Date(instant));
export const dateText = (instant: string | Date) => date.format(new Date(instant));
export const dateTimeText = (instant: string | Date) => dateTime.format(new Date(instant));

/** What an event changed: its delta; of a scheduled issue, which changes nothing yet, what will come. */
export function changeText(event: { kind: string; delta: string | null; amount: string | null }): string | null {
  if (event.delta === null) return null;
  const scheduled = event.kind === "ISSUED" && event.amount !== null && !/[1-9]/.test(event.delta);
  return scheduled ? `${amountText(event.amount as string)} scheduled` : deltaText(event.delta);
}

/** The time today, the date on any other day. */
export function momentText(instant: string, now: Date = new Date()): string {
  const moment = new Date(instant);
  return moment.toDateString() === now.toDateString() ? timeText(moment) : dateText(moment);
}

/** How far away an instant is: "in 3 days", "2 hours ago". */
export function distanceText(instant: string, now: Date = new Date()): string {
  const seconds = (new Date(instant).getTime() - now.getTime()) / 1000;
  const relative = new Intl.RelativeTimeFormat("en");
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(Math.trunc(seconds), "second");
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "CUSTOMER_REGISTERED" as "Customer registered": kinds that come later read well too. */
export function kindText(kind: string): string {
  const words = kind.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function countText(count: number, one: string, many: string): string {
  return `${new Intl.NumberFormat().format(count)} ${count === 1 ? one : many}`;
}
