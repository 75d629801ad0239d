/**
 * How the two pages are built: the dashboard (`index.html`, served at `/`) and GraphiQL (`graphiql.html`, served at
 * `/graphql`), with their hashed assets, into the folder from which the Python server serves them.
 */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { precompress } from "./precompress.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ledger = process.env["LEDGER_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), precompress()],
  resolve: { dedupe: ["graphql", "react", "react-dom", "monaco-editor"] },
  worker: { format: "es" },
  build: {
    outDir: here("../app/edges/web"),
    emptyOutDir: true,
    target: "es2023",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: { index: here("index.html"), graphiql: here("graphiql.html") },
      // GraphiQL titles its icons by the names of its functions, which a screen reader then says.
      output: { keepNames: true },
      // GraphiQL's own modules open with a directive for a compiler that this build does not run.
      onLog: (level, log, report) => (log.code === "MODULE_LEVEL_DIRECTIVE" ? undefined : report(level, log)),
    },
  },
  server: { proxy: { "/graphql": { target: ledger, ws: true } } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
