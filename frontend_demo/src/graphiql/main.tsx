/** Starts GraphiQL over the ledger's own GraphQL API. */
import "./monaco";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./graphiql.css";
import { AccessKey } from "./AccessKey";
import { examples, linkedExample } from "./examples";
import { createFetcher } from "./fetcher";

const fetcher = createFetcher();
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
