/** Asks for the access key of a guarded ledger and keeps it for this tab's session. */
import { useState } from "react";
import { accessKey, keepAccessKey } from "../ledger/access";
import { Dialog } from "./Dialog";
import { useSession } from "./session";

export function AccessKeyDialog() {
  const { keyWanted } = useSession();
  const [key, setKey] = useState("");
  const refusedBefore = accessKey() !== null;
  return (
    <Dialog title="Access key" className="narrow" onClose={() => keyWanted.set(false)}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          keepAccessKey(key.trim(), "session");
        }}
      >
        <p>
          {refusedBefore
            ? "The ledger did not accept the key that this tab has. Enter another one."
            : "This ledger is guarded. Enter the key that its operator gave you; it is kept until you close this tab."}
        </p>
        <label className="field">
          <span>Access key</span>
          <input
            type="password"
            autoComplete="off"
            required
            autoFocus
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        <button type="submit" className="primary">
          Use this key
        </button>
      </form>
    </Dialog>
  );
}
