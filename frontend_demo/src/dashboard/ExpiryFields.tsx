/** When what is issued expires: as the type says, never, on a day, or after a time. */
import type { EntitlementTypeSummary } from "../ledger/documents";
import { Field } from "./Field";

export interface Expiry {
  choice: "default" | "never" | "date" | "duration";
  date: string;
  duration: string;
}

interface ExpiryFieldsProps {
  type: EntitlementTypeSummary | undefined;
  value: Expiry;
  refusals: Record<string, string[]>;
  onChange(expiry: Expiry): void;
}

export function ExpiryFields({ type, value, refusals, onChange }: ExpiryFieldsProps) {
  return (
    <>
      <Field label="Expires" hint={value.choice === "default" ? defaultText(type) : undefined}>
        <select
          value={value.choice}
          onChange={(event) => onChange({ ...value, choice: event.target.value as Expiry["choice"] })}
        >
          <option value="default">as the type says</option>
          <option value="never">never</option>
          <option value="date">on a day…</option>
          <option value="duration">after…</option>
        </select>
      </Field>
      {value.choice === "date" && (
        <Field label="Day and time" refusals={refusals["expiresAt"]}>
          <input
            type="datetime-local"
            value={value.date}
            onChange={(event) => onChange({ ...value, date: event.target.value })}
          />
        </Field>
      )}
      {value.choice === "duration" && (
        <Field label="After" hint="Such as P30D, P1Y or PT2M" refusals={refusals["validity"]}>
          <input
            className="code"
            value={value.duration}
            onChange={(event) => onChange({ ...value, duration: event.target.value })}
          />
        </Field>
      )}
    </>
  );
}

export function expiryInput({ choice, date, duration }: Expiry) {
  if (choice === "never") return { validity: { until: "NEVER" as const } };
  if (choice === "duration") return { validity: { duration } };
  if (choice === "date") return { expiresAt: instantOf(date) };
  return {};
}

/** What is not an instant goes out as it is: the ledger says what is wrong with it. */
function instantOf(local: string): string {
  const instant = new Date(local);
  return Number.isNaN(instant.getTime()) ? local : instant.toISOString();
}

function defaultText(type: EntitlementTypeSummary | undefined): string {
  const validity = type?.defaultValidity;
  if (!validity) return "never";
  const until = validity.until?.toLowerCase().replaceAll("_", " ");
  const parts = [validity.duration && `after ${validity.duration}`, until && `at the ${until}`];
  return parts.filter(Boolean).join(", ");
}
