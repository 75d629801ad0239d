/** Issue to, or consume from, one customer. The ledger judges the input: nothing is checked twice here. */
import { type FormEvent, useEffect, useState } from "react";
import { consumeMutation, issueMutation, type OperationResult } from "../ledger/documents";
import { amountText, changeText } from "../ledger/format";
import { useCatalog } from "./catalog";
import { KeyField } from "./KeyField";
import { OperationFields } from "./OperationFields";
import { blankOperation, inputOf, type OperationName, type OperationValues, useSendOperation } from "./operation";
import { Outcome } from "./Outcome";
import { RequestLinks } from "./RequestLinks";
import { useSubmission } from "./submission";

const TITLES: Record<OperationName, string> = { issue: "Issue", consume: "Consume" };
const DOCUMENTS = { issue: issueMutation, consume: consumeMutation };

interface OperationFormProps {
  operation: OperationName;
  customerId: string;
  /** The type that is looked at: chosen until the reader chooses another one. */
  typeCode: string | null;
}

export function OperationForm({ operation, customerId, typeCode }: OperationFormProps) {
  const { types, phase } = useCatalog();
  const [values, setValues] = useState<OperationValues>(blankOperation);
  useEffect(() => setValues((before) => ({ ...before, typeCode: null })), [typeCode]);
  const type = types.find((each) => each.code === (values.typeCode ?? typeCode)) ?? types[0];
  const { key, setKey, submission, last, submit, sendAgain, takeNewKey } = useSubmission(
    operation,
    useSendOperation(operation),
  );
  const refusals = submission.state === "refused" ? submission.refusals.fields : {};
  const done = submission.state === "done";
  const title = TITLES[operation];

  const onChange = (change: Partial<OperationValues>) => {
    setValues((before) => ({ ...before, ...change }));
    if (done) takeNewKey();
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit(inputOf(operation, customerId, type, values));
  };

  return (
    <form className="form" aria-label={title} noValidate onSubmit={onSubmit}>
      <OperationFields {...{ operation, types, type, values, refusals, onChange }} />
      <KeyField value={key} refusals={refusals["idempotencyKey"]} onChange={setKey} onNew={takeNewKey} />
      <div className="actions">
        <button type="submit" className="primary" disabled={submission.state === "sending" || types.length === 0}>
          {done ? `${title} again, with a new key` : title}
        </button>
        {last && <RequestLinks document={DOCUMENTS[operation]} variables={{ input: last }} />}
      </div>
      {types.length === 0 && phase === "ready" && (
        <p className="hint">There is no entitlement type yet: define one first.</p>
      )}
      <Outcome
        submission={submission}
        idempotencyKey={last?.idempotencyKey ?? key}
        written={writtenText}
        onSendAgain={() => void sendAgain()}
      />
    </form>
  );
}

function writtenText({ event, balance }: OperationResult): string {
  if (!event) return "Accepted.";
  const after = balance ? `; available now ${amountText(balance.available)}` : "";
  return `Event #${event.position}: ${changeText(event) ?? ""} ${event.typeCode ?? ""}${after}.`;
}
