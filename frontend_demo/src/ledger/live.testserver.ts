/** A real socket server for tests of `live.ts`: it speaks just enough graphql-transport-ws to be scripted by a test. */
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface Subscribed {
  variables: { after: string | null };
  deliver(first: number, last: number, caughtUp?: boolean): void;
  next(payload: unknown): void;
  error(code: string): void;
  complete(): void;
  close(code: number): void;
}

export class ScriptedServer {
  private readonly server: WebSocketServer;
  private readonly waiting: ((subscribed: Subscribed) => void)[] = [];
  private readonly arrived: Subscribed[] = [];
  /** When set, each new connection is closed with it instead of being acknowledged. */
  refuseWith: number | null = null;
  /** As of a connection that is half open: what is sent arrives nowhere, and no close event comes. */
  silent = false;

  private constructor(server: WebSocketServer) {
    this.server = server;
    server.on("connection", (socket) => this.converse(socket));
  }

  static async start(): Promise<ScriptedServer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "graphql-transport-ws" });
    await new Promise((resolve) => server.once("listening", resolve));
    return new ScriptedServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/graphql`;
  }

  /** The next subscription that a client makes. */
  subscribed(): Promise<Subscribed> {
    const first = this.arrived.shift();
    return first ? Promise.resolve(first) : new Promise((resolve) => this.waiting.push(resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private converse(socket: WebSocket): void {
    const say = (message: unknown) => socket.send(JSON.stringify(message));
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as { type: string; id: string; payload: Pick<Subscribed, "variables"> };
      if (message.type === "connection_init") {
        if (this.refuseWith === null) say({ type: "connection_ack" });
        else socket.close(this.refuseWith);
      }
      if (message.type === "ping" && !this.silent) say({ type: "pong" });
      if (message.type === "subscribe") this.hand(subscription(message.id, message.payload.variables, say, socket));
    });
  }

  private hand(subscribed: Subscribed): void {
    const wants = this.waiting.shift();
    if (wants) wants(subscribed);
    else this.arrived.push(subscribed);
  }
}

function subscription(
  id: string,
  variables: Subscribed["variables"],
  say: (message: unknown) => void,
  socket: WebSocket,
): Subscribed {
  const next = (payload: unknown) => say({ id, type: "next", payload });
  return {
    variables,
    next,
    deliver(first, last, caughtUp = true) {
      const events = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({ position: first + index }));
      next({ data: { events: { cursor: `cursor-${last}`, events, caughtUp } } });
    },
    error: (code) => say({ id, type: "error", payload: [{ message: code, extensions: { code } }] }),
    complete: () => say({ id, type: "complete" }),
    close: (code) => socket.close(code),
  };
}
