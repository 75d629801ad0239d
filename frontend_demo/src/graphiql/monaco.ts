/**
 * Tells the Monaco editor where its workers are: three small files of our own, because Vite builds a worker only from
 * a URL that it can see, and GraphiQL's ready-made set-up stops its development server.
 */
const workers: Record<string, () => Worker> = {
  json: () => new Worker(new URL("./workers/json.worker.ts", import.meta.url), { type: "module" }),
  graphql: () => new Worker(new URL("./workers/graphql.worker.ts", import.meta.url), { type: "module" }),
};

const editorWorker = () => new Worker(new URL("./workers/editor.worker.ts", import.meta.url), { type: "module" });

(globalThis as { MonacoEnvironment?: unknown }).MonacoEnvironment = {
  getWorker: (_id: string, label: string) => (workers[label] ?? editorWorker)(),
};
