/** What the ledger answered to a form: written, replayed, refused, or not known; and the button to send again. */
import type { ReactNode } from "react";
import type { Answer, Submission } from "./submission";

interface OutcomeProps<Result extends Answer> {
  submission: Submission<Result>;
  idempotencyKey: string;
  written(result: Result): ReactNode;
  onSendAgain(): void;
}

export function Outcome<Result extends Answer>(props: OutcomeProps<Result>) {
  const { submission, idempotencyKey, written, onSendAgain } = props;
  const sendAgain = (
    <button type="button" onClick={onSendAgain}>
      Send again
    </button>
  );
  if (submission.state === "refused") {
    const { general } = submission.refusals;
    return general.length === 0 ? null : (
      <div className="outcome" data-outcome="refused" role="alert">
        <p>{general.join(" ")}</p>
      </div>
    );
  }
  if (submission.state === "unknown") {
    return (
      <div className="outcome" data-outcome="unknown" role="alert">
        <p>{submission.message}</p>
        {sendAgain}
      </div>
    );
  }
  if (submission.state !== "done") return null;
  const { result } = submission;
  return (
    <div className="outcome" data-outcome={result.replayed ? "replayed" : "written"} role="status">
      <p>{written(result)}</p>
      <p className="proof">
        <code>replayed: {String(result.replayed)}</code>{" "}
        {result.replayed
          ? "The ledger knew the key and answered with the first outcome. Nothing was written."
          : `Written under the key ${idempotencyKey}.`}
      </p>
      {sendAgain}
    </div>
  );
}
