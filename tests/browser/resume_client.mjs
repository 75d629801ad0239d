/**
 * A stock graphql-ws client that follows the documented resume recipe, run by tests as a process of its own:
 *
 *     node resume_client.mjs ws://127.0.0.1:8000/graphql [--after CURSOR] [--filter JSON] [--key KEY]
 *
 * Prints one line of JSON for each event, `{"position": 7, "kind": "ISSUED", "cursor": "..."}`, one for each connection,
 * `{"connected": true, "resumed": false}`, and one for each delivery that has caught up, `{"caughtUp": true, "cursor":
 * "..."}`. It ends by a signal only; a server that goes away is waited for.
 */
import { createRequire } from "node:module";
import { parseArgs } from "node:util";

const require = createRequire(new URL("../../frontend_demo/package.json", import.meta.url));
const { createClient } = require("graphql-ws");
const { WebSocket } = require("ws");

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { after: { type: "string" }, filter: { type: "string" }, key: { type: "string" } },
});

const query = `subscription Events($after: Cursor, $filter: EventFilter) {
  events(after: $after, filter: $filter) { cursor caughtUp events { position kind cursor } }
}`;

// One object for ever: graphql-ws sends it again on each reconnect, so moving `after` in place resumes exactly.
const variables = { after: values.after ?? null, filter: values.filter ? JSON.parse(values.filter) : null };

const client = createClient({
  url: positionals[0],
  webSocketImpl: WebSocket,
  connectionParams: values.key ? { Authorization: `Bearer ${values.key}` } : undefined,
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 100)),
  on: { connected: (_socket, _payload, wasRetry) => print({ connected: true, resumed: wasRetry }) },
});

function subscribe() {
  const again = (failure) => {
    if (failure) print({ failure: describe(failure) });
    setTimeout(subscribe, 100);
  };
  client.subscribe(
    { query, variables },
    {
      next({ data, errors }) {
        if (!data) return print({ failure: describe(errors) });
        const { cursor, caughtUp, events } = data.events;
        for (const event of events) print(event);
        variables.after = cursor;
        if (caughtUp) print({ caughtUp, cursor });
      },
      error: again,
      complete: () => again(),
    },
  );
}

function describe(failure) {
  if (Array.isArray(failure)) return failure.map(({ message, extensions }) => ({ message, code: extensions?.code }));
  return { message: failure?.message ?? failure?.reason ?? "", code: failure?.code };
}

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

subscribe();
