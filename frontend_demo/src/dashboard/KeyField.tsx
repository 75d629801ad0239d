/** The idempotency key of a form, in sight and editable. */
import { Field } from "./Field";

interface KeyFieldProps {
  value: string;
  refusals: readonly string[] | undefined;
  onChange(key: string): void;
  onNew(): void;
}

export function KeyField({ value, refusals, onChange, onNew }: KeyFieldProps) {
  return (
    <div className="key-field">
      <Field label="Idempotency key" refusals={refusals} wide>
        <input
          className="code"
          name="idempotencyKey"
          spellCheck={false}
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
      <button type="button" className="quiet" onClick={onNew}>
        New key
      </button>
    </div>
  );
}
