/** Registers a customer: an id of the caller's own, and if wanted a name and an e-mail. */
import { type FormEvent, useState } from "react";
import { useClient } from "urql";
import { registerCustomerMutation } from "../ledger/documents";
import { Field } from "./Field";
import { KeyField } from "./KeyField";
import { Outcome } from "./Outcome";
import { type Answer, type Send, useSubmission } from "./submission";
import { show } from "./url";

interface RegisterInput {
  customerId: string;
  name?: string;
  email?: string;
}

interface Registered extends Answer {
  event: { position: number } | null;
  customer: { customerId: string } | null;
}

export function RegisterForm() {
  const client = useClient();
  const send: Send<RegisterInput, Registered> = async (input) => {
    const { data, error } = await client.mutation(registerCustomerMutation, { input }).toPromise();
    return { result: data?.registerCustomer ?? null, error };
  };
  const [customerId, setCustomerId] = useState("");
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const { key, setKey, submission, last, submit, sendAgain, takeNewKey } = useSubmission("register", send);
  const refused = submission.state === "refused" ? submission.refusals.fields : {};
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit({ customerId, ...(name ? { name } : {}), ...(email ? { email } : {}) });
  };
  return (
    <form className="form" aria-label="Register a customer" noValidate onSubmit={onSubmit}>
      <div className="fields">
        <Field label="Customer id" hint="Your own id for them" refusals={refused["customerId"]}>
          <input autoComplete="off" value={customerId} onChange={(event) => setCustomerId(event.target.value)} />
        </Field>
        <Field label="Name" refusals={refused["name"]}>
          <input autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="E-mail" refusals={refused["email"]}>
          <input type="email" autoComplete="off" value={email} onChange={(event) => setEmail(event.target.value)} />
        </Field>
      </div>
      <KeyField value={key} refusals={refused["idempotencyKey"]} onChange={setKey} onNew={takeNewKey} />
      <div className="actions">
        <button type="submit" className="primary" disabled={submission.state === "sending"}>
          Register
        </button>
        {submission.state === "done" && (
          <button
            type="button"
            onClick={() => show({ customer: submission.result.customer?.customerId ?? customerId })}
          >
            Open {submission.result.customer?.customerId ?? customerId}
          </button>
        )}
      </div>
      <Outcome
        submission={submission}
        idempotencyKey={last?.idempotencyKey ?? key}
        written={(result) => `Registered with event #${result.event?.position ?? "?"}.`}
        onSendAgain={() => void sendAgain()}
      />
    </form>
  );
}
