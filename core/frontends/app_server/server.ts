/** The app server: threads for programs, by JSON-RPC over lines. */
import { exitCode } from "../../contract/exit_code.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { type Terminal, TERMINATING_SIGNALS } from "../../protocol/terminal.ts";
import { PROGRAM, VERSION } from "../../protocol/version.ts";
import { asObject } from "../../util/json/json.ts";
import { type Call, type ClientStream, Connection } from "./connection.ts";
import { parseParams, refusal, RPC, RpcError } from "./rpc.ts";
import { InitializeParams } from "./words/schema.ts";
import { ServedThreads } from "./served_threads.ts";
import type { AppServerServices } from "./services.ts";
import { LIST_METHODS, type ThreadRoom } from "./thread_lists.ts";
import { THREAD_METHODS } from "./thread_methods.ts";
import { TURN_METHODS } from "./turn_methods.ts";

/** Of Codex, whose protocol this is. */
const PROTOCOL = "0.171.0";

type ServerHost = Pick<Host, "newId" | "now" | "os" | "sleep">;

interface AppServerOptions {
  readonly services: AppServerServices;
  readonly host: ServerHost;
  readonly terminal: Pick<Terminal, "onSignal">;
  /** The clients as they come; the server ends when there is none left to come. */
  readonly clients: AsyncIterable<ClientStream>;
}

/** Serves until no client can come any more or a signal ends it; resolves to the exit code. */
export async function runAppServer(
  { services, host, terminal, clients }: AppServerOptions,
): Promise<number> {
  const server = new AppServer(services, host);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<number>();
  const undo = [
    terminal.onSignal("SIGINT", () => stop(exitCode("sigint"))),
    ...TERMINATING_SIGNALS.map((signal) =>
      terminal.onSignal(signal, () => stop(exitCode("sigterm")))
    ),
  ];
  try {
    return await Promise.race([stopped, server.serve(clients).then(() => 0)]);
  } finally {
    for (const one of undo) one();
    await server.close();
  }
}

class AppServer {
  readonly #services: AppServerServices;
  readonly #host: ServerHost;
  readonly #clients = new Set<Connection>();
  readonly #room: ThreadRoom;
  /** By thread: what was asked last. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(services: AppServerServices, host: ServerHost) {
    this.#services = services;
    this.#host = host;
    this.#room = {
      threads: new ServedThreads(host),
      services: services.threads,
      notifyAll: (method, params) => this.#notifyAll(method, params),
    };
  }

  async serve(clients: AsyncIterable<ClientStream>): Promise<void> {
    const running = new Set<Promise<void>>();
    for await (const stream of clients) {
      if (this.#clients.size >= LIMITS.appServerClients) {
        stream.close();
        continue;
      }
      const run = this.#run(stream).finally(() => running.delete(run));
      running.add(run);
    }
    await Promise.all(running);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.leave();
    await this.#room.threads.close();
  }

  async #run(stream: ClientStream): Promise<void> {
    const client = new Connection({
      host: this.#host,
      stream,
      handle: (call) => this.#handle(call),
    });
    this.#clients.add(client);
    client.gone.addEventListener("abort", () => {
      this.#clients.delete(client);
      this.#room.threads.drop(client);
    }, { once: true });
    await client.run();
  }

  async #handle(call: Call): Promise<unknown> {
    const { method, connection } = call;
    if (method === "initialize") return this.#initialize(call);
    if (connection.facts === undefined) {
      throw refusal("Not initialized: the first request must be initialize");
    }
    const run = THREAD_METHODS.get(method) ?? TURN_METHODS.get(method) ??
      LIST_METHODS.get(method);
    if (run !== undefined) {
      return await this.#inOrder(call, () => run(call, this.#room));
    }
    const other = this.#services.others.get(method);
    if (other !== undefined) {
      return await other(call.params, {
        client: connection,
        gone: connection.gone,
        notify: (name, params) => connection.notify(name, params),
        notifyAll: (name, params) => this.#notifyAll(name, params),
      });
    }
    throw new RpcError(
      RPC.noMethod,
      `Cannot do ${method}: there is no such method`,
    );
  }

  // What is asked of one thread is done in the order in which it came; only an interrupt
  // waits for nothing.
  async #inOrder(
    { method, params }: Call,
    run: () => Promise<unknown>,
  ): Promise<unknown> {
    const threadId = asObject(params)?.["threadId"];
    if (typeof threadId !== "string" || method === "turn/interrupt") {
      return await run();
    }
    const before = this.#last.get(threadId);
    const running = before === undefined ? run() : before.then(run);
    const done = running.then(() => {}, () => {});
    this.#last.set(threadId, done);
    try {
      return await running;
    } finally {
      if (this.#last.get(threadId) === done) this.#last.delete(threadId);
    }
  }

  #initialize({ params, connection }: Call): Record<string, unknown> {
    const { clientInfo, capabilities } = parseParams(InitializeParams, params);
    const { name, version } = clientInfo;
    connection.introduce({
      name,
      version,
      isExperimental: capabilities?.experimentalApi ?? false,
      unwanted: new Set(capabilities?.optOutNotificationMethods ?? []),
    });
    const { os } = this.#host;
    return {
      // Clients look for the first number there, to know what they can ask for.
      userAgent:
        `codex-app-server/${PROTOCOL} (${os}) ${PROGRAM}/${VERSION} (${name}; ${version})`,
      codexHome: this.#services.codexHome,
      platformFamily: os === "windows" ? "windows" : "unix",
      platformOs: os === "darwin" ? "macos" : os,
    };
  }

  #notifyAll(method: string, params: unknown): void {
    for (const client of this.#clients) client.notify(method, params);
  }
}
