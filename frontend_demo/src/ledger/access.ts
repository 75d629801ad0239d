/**
 * The access key that a guarded ledger wants as a bearer token: where it is kept, who is told when it changes.
 * The dashboard keeps it for the session of one tab, GraphiQL for this browser; both read either.
 */
const NAME = "ledger.accessKey";
const listeners = new Set<() => void>();

export type Keep = "session" | "browser";

export function accessKey(): string | null {
  return storage("session")?.getItem(NAME) ?? storage("browser")?.getItem(NAME) ?? null;
}

export function keepAccessKey(key: string, keep: Keep): void {
  const place = storage(keep);
  if (key) place?.setItem(NAME, key);
  else place?.removeItem(NAME);
  for (const listener of [...listeners]) listener();
}

/** What both an HTTP request and `connection_init` carry: nothing where no key is known. */
export function authorization(): Record<string, string> {
  const key = accessKey();
  return key ? { Authorization: `Bearer ${key}` } : {};
}

export function onAccessKey(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function storage(keep: Keep): Storage | null {
  try {
    return keep === "session" ? window.sessionStorage : window.localStorage;
  } catch {
    return null; // storage may be switched off: the key is then asked for again on every visit
  }
}
