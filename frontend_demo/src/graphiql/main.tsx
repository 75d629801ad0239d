/** GraphiQL over the ledger's own GraphQL API: queries and mutations by POST, subscriptions over graphql-ws. */
import "./monaco";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./graphiql.css";
import { authorization } from "../ledger/access";
import { connect } from "../ledger/socket";
import { AccessKey } from "./AccessKey";
import { examples, linkedExample } from "./examples";

const fetcher = createGraphiQLFetcher({
  url: "/graphql",
  wsClient: connect(),
  fetch: (url, request) => {
    const headers = new Headers(request?.headers);
    for (const [name, value] of Object.entries(authorization())) if (!headers.has(name)) headers.set(name, value);
    return fetch(url, { ...request, headers });
  },
});

const linked = linkedExample(location.search);
// GraphiQL shows the variables of its first tab only where they are named once more as the initial ones.
const opening = linked ?? (localStorage.getItem("graphiql:tabState") === null ? examples[0] : undefined);
const plugins = [HISTORY_PLUGIN, explorerPlugin()];

createRoot(document.getElementById("root") as HTMLElement).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    defaultTabs={linked ? [linked, ...examples] : examples}
    {...(opening ? { initialQuery: opening.query, initialVariables: opening.variables ?? "" } : {})}
    defaultEditorToolsVisibility="variables"
  >
    <GraphiQL.Logo>
      <span className="logo">
        <AccessKey />
        <a href="/">Dashboard</a>
      </span>
    </GraphiQL.Logo>
  </GraphiQL>,
);
