/** The access key of a guarded ledger, as a small input that applies at once; kept for this browser. */
import { useState } from "react";
import { accessKey, keepAccessKey } from "../ledger/access";

export function AccessKey() {
  const [key, setKey] = useState(accessKey() ?? "");
  return (
    <label className="access-key">
      <span>Access key</span>
      <input
        type="password"
        autoComplete="off"
        placeholder="none needed"
        value={key}
        onChange={(event) => {
          setKey(event.target.value);
          keepAccessKey(event.target.value.trim(), "browser");
        }}
      />
    </label>
  );
}
