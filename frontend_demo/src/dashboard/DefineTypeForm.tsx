/** Defines an entitlement type: what it is called, what it counts in, and how long it is valid by default. */
import { type FormEvent, useState } from "react";
import { useClient } from "urql";
import { defineTypeMutation } from "../ledger/documents";
import type { VariablesOf } from "../ledger/graphql";
import { Field } from "./Field";
import { KeyField } from "./KeyField";
import { Outcome } from "./Outcome";
import { type Answer, type Send, useSubmission } from "./submission";

type DefineInput = Omit<VariablesOf<typeof defineTypeMutation>["input"], "idempotencyKey">;
type Category = DefineInput["category"];

interface Defined extends Answer {
  event: { position: number } | null;
  entitlementType: { code: string } | null;
}

const CATEGORIES: readonly Category[] = ["POINTS", "CREDITS", "PRODUCT", "VOUCHER"];

export function DefineTypeForm() {
  const client = useClient();
  const send: Send<DefineInput, Defined> = async (input) => {
    const { data, error } = await client.mutation(defineTypeMutation, { input }).toPromise();
    return { result: data?.defineEntitlementType ?? null, error };
  };
  const [values, setValues] = useState({ code: "", name: "", unit: "points", scale: "0", validity: "" });
  const [category, setCategory] = useState<Category>("POINTS");
  const { key, setKey, submission, last, submit, sendAgain, takeNewKey } = useSubmission("define", send);
  const refused = submission.state === "refused" ? submission.refusals.fields : {};

  const text = (name: keyof typeof values, label: string, hint?: string) => (
    <Field label={label} hint={hint} refusals={refused[name === "validity" ? "defaultValidity" : name]}>
      <input
        autoComplete="off"
        spellCheck={false}
        value={values[name]}
        onChange={(event) => setValues({ ...values, [name]: event.target.value })}
      />
    </Field>
  );
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const { code, name, unit, scale, validity } = values;
    const defaultValidity = validity ? { defaultValidity: { duration: validity } } : {};
    void submit({ code, name, category, unit, scale: Math.trunc(Number(scale)) || 0, ...defaultValidity });
  };
  return (
    <form className="form" aria-label="Define a type" noValidate onSubmit={onSubmit}>
      <div className="fields">
        {text("code", "Code", "Such as POINTS or FREE_COFFEE")}
        {text("name", "Name")}
        <Field label="Category" refusals={refused["category"]}>
          <select value={category} onChange={(event) => setCategory(event.target.value as Category)}>
            {CATEGORIES.map((each) => (
              <option key={each} value={each}>
                {each.toLowerCase()}
              </option>
            ))}
          </select>
        </Field>
        {text("unit", "Unit")}
        {text("scale", "Decimals", "0 to 9; never changes")}
        {text("validity", "Valid for", "Such as P1Y; empty: for ever")}
      </div>
      <KeyField value={key} refusals={refused["idempotencyKey"]} onChange={setKey} onNew={takeNewKey} />
      <div className="actions">
        <button type="submit" className="primary" disabled={submission.state === "sending"}>
          Define
        </button>
      </div>
      <Outcome
        submission={submission}
        idempotencyKey={last?.idempotencyKey ?? key}
        written={(result) =>
          `${result.entitlementType?.code ?? "The type"} is defined, with event #${result.event?.position ?? "?"}.`
        }
        onSendAgain={() => void sendAgain()}
      />
    </form>
  );
}
