/** One labelled input of a form, with what the ledger refused about it right beside it. */
import { type ReactElement, cloneElement, useId } from "react";

interface FieldProps {
  label: string;
  hint?: string | undefined;
  refusals?: readonly string[] | undefined;
  wide?: boolean;
  children: ReactElement<Record<string, unknown>>;
}

export function Field({ label, hint, refusals = [], wide = false, children }: FieldProps) {
  const id = useId();
  const refused = refusals.length > 0;
  return (
    <div className="field" data-refused={refused} data-wide={wide}>
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, {
        id,
        "aria-invalid": refused || undefined,
        "aria-describedby": refused ? `${id}-refused` : hint ? `${id}-hint` : undefined,
      })}
      {refused && (
        <p className="refused" id={`${id}-refused`} role="alert">
          {refusals.join(" ")}
        </p>
      )}
      {hint && !refused && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
