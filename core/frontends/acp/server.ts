/** The agent of ACP: sessions for an editor, on stdin and stdout. */
import {
  agent,
  type AgentApp,
  type AgentConnection,
  type InitializeRequest,
  type InitializeResponse,
  methods,
  PROTOCOL_VERSION,
} from "@agentclientprotocol/sdk";
import { exitCode } from "../../contract/exit_code.ts";
import type { RecordedTurn } from "../../protocol/log.ts";
import { type Terminal, TERMINATING_SIGNALS } from "../../protocol/terminal.ts";
import { PROGRAM, VERSION } from "../../protocol/version.ts";
import { pageBounds, pageOf } from "../wire/pages.ts";
import { Client } from "./client.ts";
import { requestError, toRequestError } from "./errors.ts";
import { pastUpdates } from "./words/history.ts";
import type { AcpHost, AcpServices } from "./services.ts";
import type { AcpSession } from "./session.ts";
import { Sessions } from "./sessions.ts";
import { ClientStream } from "./stream.ts";

interface AcpOptions {
  readonly services: AcpServices;
  readonly host: AcpHost;
  readonly terminal: Pick<Terminal, "onSignal" | "stdin" | "stdout">;
}

/** Serves until the client leaves or a signal ends it; resolves to the exit code. */
export async function runAcp(options: AcpOptions): Promise<number> {
  const { terminal } = options;
  const server = new AcpServer(options);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<number>();
  const undo = [
    terminal.onSignal("SIGINT", () => stop(exitCode("sigint"))),
    ...TERMINATING_SIGNALS.map((signal) =>
      terminal.onSignal(signal, () => stop(exitCode("sigterm")))
    ),
  ];
  try {
    return await Promise.race([stopped, server.ended.then(() => 0)]);
  } finally {
    for (const one of undo) one();
    await server.close();
  }
}

/** The key is the person's, and comes to the agent outside of the protocol. */
const KEY_METHOD = {
  id: "api-key",
  name: "API key",
  description:
    "The key of the configured provider: an environment variable such as OPENAI_API_KEY, or one stored by `rondo login --with-api-key`",
};

/** Asks for it in a terminal of the editor. */
const TERMINAL_METHOD = {
  type: "terminal" as const,
  id: "store-api-key",
  name: "Store an API key",
  args: ["--with-api-key"],
};

class AcpServer {
  readonly #options: AcpOptions;
  readonly #stream: ClientStream;
  readonly #connection: AgentConnection;
  readonly #client: Client;
  readonly #sessions: Sessions;

  constructor(options: AcpOptions) {
    const { services, host, terminal } = options;
    this.#options = options;
    this.#stream = new ClientStream(host, terminal);
    const app = agent({ name: PROGRAM });
    this.#registerLogin(app);
    this.#registerSessions(app);
    this.#registerTurns(app);
    this.#connection = app.connect(this.#stream.stream);
    const { client, signal } = this.#connection;
    this.#client = new Client(client, signal);
    this.#sessions = new Sessions({ services, host, client: this.#client });
  }

  /** Resolves when the client has left. */
  get ended(): Promise<void> {
    return this.#connection.closed;
  }

  async close(): Promise<void> {
    this.#connection.close();
    await this.#sessions.close();
  }

  #registerLogin(app: AgentApp): void {
    const { agent: names } = methods;
    app
      .onRequest(
        names.initialize,
        ({ params }) => answer(() => this.#initialize(params)),
      )
      .onRequest(
        names.authenticate,
        ({ params: { methodId } }) =>
          answer(async () => {
            if (methodId === KEY_METHOD.id) return await this.#checkLogin();
            throw requestError(
              "invalidParams",
              `Cannot log in by ${methodId}: must be ${KEY_METHOD.id}`,
            );
          }),
      );
  }

  #registerSessions(app: AgentApp): void {
    const { session: names } = methods.agent;
    const { services } = this.#options;
    app
      .onRequest(names.new, ({ params, requestId }) =>
        answer(async () => {
          await this.#checkLogin();
          const session = await this.#sessions.start(params);
          return { sessionId: session.id, ...this.#open(session, requestId) };
        }))
      .onRequest(names.load, ({ params, requestId }) =>
        answer(async () => {
          const session = await this.#resume(params);
          const path = session.logPath;
          if (path !== "") {
            await this.#replay(session, await services.turns(path));
          }
          return this.#open(session, requestId);
        }))
      .onRequest(
        names.resume,
        ({ params, requestId }) =>
          answer(async () => this.#open(await this.#resume(params), requestId)),
      )
      .onRequest(
        names.list,
        ({ params }) => answer(() => this.#list(params)),
      )
      .onRequest(
        names.close,
        ({ params: { sessionId } }) =>
          answer(async () => {
            await this.#sessions.find(sessionId)?.close();
            return {};
          }),
      );
  }

  #registerTurns(app: AgentApp): void {
    const { session: names } = methods.agent;
    app
      .onRequest(
        names.prompt,
        ({ params, signal }) =>
          answer(async () => {
            const session = await this.#sessions.need(params.sessionId);
            return await session.prompt(params, signal);
          }),
      )
      .onNotification(
        names.cancel,
        ({ params }) => this.#sessions.find(params.sessionId)?.cancel(),
      )
      .onRequest(names.setMode, ({ params, signal }) =>
        answer(async () => {
          const { sessionId, modeId } = params;
          const session = await this.#sessions.need(sessionId);
          await session.setMode(modeId, signal);
          return {};
        }))
      .onRequest(
        names.setConfigOption,
        ({ params, signal }) =>
          answer(async () => {
            const { sessionId, configId, value } = params;
            const session = await this.#sessions.need(sessionId);
            const configOptions = await session.setOption(
              configId,
              value,
              signal,
            );
            return { configOptions };
          }),
      );
  }

  async #initialize(
    { clientCapabilities = {} }: InitializeRequest,
  ): Promise<InitializeResponse> {
    this.#client.can = clientCapabilities;
    const { terminal } = clientCapabilities.auth ?? {};
    return {
      protocolVersion: PROTOCOL_VERSION,
      agentInfo: { name: PROGRAM, title: PROGRAM, version: VERSION },
      agentCapabilities: {
        loadSession: true,
        promptCapabilities: {
          image: true,
          audio: false,
          embeddedContext: true,
        },
        mcpCapabilities: { http: true, sse: false },
        sessionCapabilities: { list: {}, resume: {}, close: {} },
      },
      authMethods: [
        KEY_METHOD,
        ...(terminal && await this.#canStore() ? [TERMINAL_METHOD] : []),
      ],
    };
  }

  // What is wrong with the configuration is said by what needs it.
  async #canStore(): Promise<boolean> {
    const { login } = this.#options.services;
    return await login().then(({ canStore }) => canStore, () => false);
  }

  async #checkLogin(): Promise<Record<string, never>> {
    const { isReady, text } = await this.#options.services.login();
    if (isReady) return {};
    throw requestError("authRequired", text);
  }

  async #resume(
    params: Parameters<Sessions["resume"]>[1] & { readonly sessionId: string },
  ): Promise<AcpSession> {
    await this.#checkLogin();
    return await this.#sessions.resume(params.sessionId, params);
  }

  // What happens in it is told after this answer.
  #open(
    session: AcpSession,
    requestId: Parameters<ClientStream["afterAnswer"]>[0] | undefined,
  ): ReturnType<AcpSession["settings"]["view"]> {
    this.#stream.afterAnswer(requestId ?? null, () => session.show());
    return session.settings.view();
  }

  async #replay(
    session: AcpSession,
    turns: readonly RecordedTurn[],
  ): Promise<void> {
    for (const turn of turns) {
      for (const update of pastUpdates(turn)) {
        await this.#client.update(session.id, update);
      }
    }
  }

  async #list(
    { cwd, cursor }: {
      readonly cwd?: string | null;
      readonly cursor?: string | null;
    },
  ) {
    const { from, size } = pageBounds({ cursor });
    const found = await this.#options.services.list(
      cwd ?? undefined,
      from + size + 1,
    );
    const { data, nextCursor } = pageOf(found, { cursor });
    return {
      sessions: data.map((one) => ({
        sessionId: one.id,
        cwd: one.cwd,
        title: one.name ?? one.title,
        updatedAt: one.updatedAt,
      })),
      ...(nextCursor !== null && { nextCursor }),
    };
  }
}

async function answer<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toRequestError(error);
  }
}
