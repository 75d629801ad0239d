/** The fields of issue and consume, each with what the ledger refused about it. */
import type { EntitlementTypeSummary } from "../ledger/documents";
import { ExpiryFields } from "./ExpiryFields";
import { Field } from "./Field";
import type { OperationName, OperationValues } from "./operation";

interface OperationFieldsProps {
  operation: OperationName;
  types: readonly EntitlementTypeSummary[];
  type: EntitlementTypeSummary | undefined;
  values: OperationValues;
  refusals: Record<string, string[]>;
  onChange(change: Partial<OperationValues>): void;
}

export function OperationFields({ operation, types, type, values, refusals, onChange }: OperationFieldsProps) {
  const text = (name: "amount" | "reason" | "note", label: string, hint?: string) => (
    <Field label={label} hint={hint} refusals={refusals[name]}>
      <input
        name={name}
        autoComplete="off"
        inputMode={name === "amount" ? "decimal" : "text"}
        value={values[name]}
        onChange={(event) => onChange({ [name]: event.target.value })}
      />
    </Field>
  );
  return (
    <>
      <div className="fields">
        <Field label="Type" refusals={refusals["typeCode"]}>
          <select value={type?.code ?? ""} onChange={(event) => onChange({ typeCode: event.target.value })}>
            {types.map(({ code }) => (
              <option key={code}>{code}</option>
            ))}
          </select>
        </Field>
        {text("amount", "Amount", amountHint(type))}
        {operation === "issue" && (
          <ExpiryFields
            type={type}
            value={values.expiry}
            refusals={refusals}
            onChange={(expiry) => onChange({ expiry })}
          />
        )}
      </div>
      <details>
        <summary>Reason and note</summary>
        <div className="fields">
          {text("reason", "Reason", "A short code, such as order.paid")}
          {text("note", "Note", "For your own staff")}
        </div>
      </details>
    </>
  );
}

function amountHint(type: EntitlementTypeSummary | undefined): string | undefined {
  if (!type) return undefined;
  return type.scale === 0 ? `A whole number, in ${type.unit}` : `In ${type.unit}, up to ${type.scale} decimals`;
}
