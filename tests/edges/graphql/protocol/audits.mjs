// Runs the audits of graphql-http against the server in argv[2] with the key in argv[3]; prints [[status, id, name], ...].
import { serverAudits } from "graphql-http";

const [url, key] = process.argv.slice(2);
const fetchFn = (input, init) =>
  fetch(input, { ...init, headers: { ...init?.headers, authorization: `Bearer ${key}` } });

const results = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { status, name } = await audit.fn();
  results.push([status, audit.id, name]);
}
console.log(JSON.stringify(results));
