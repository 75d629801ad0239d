/** Starts the dashboard. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import "uplot/dist/uPlot.min.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/tail.css";
import "./styles/customer.css";
import "./styles/forms.css";
import "./styles/dialogs.css";
import { App } from "./App";
import { createSession, SessionContext } from "./session";
import { applyTheme, storedTheme } from "./theme";

applyTheme(storedTheme());
const session = createSession();

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <SessionContext value={session}>
      <Provider value={session.queries}>
        <App />
      </Provider>
    </SessionContext>
  </StrictMode>,
);
