/** Keys that make sending again safe: the ledger answers a known key with its first outcome and writes nothing. */
export function newIdempotencyKey(purpose: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  const text = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  return `${purpose}-${text}`;
}
