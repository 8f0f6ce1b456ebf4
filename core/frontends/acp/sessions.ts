/** The sessions of a client: opened, found, closed. */
import { type McpServer, RequestError } from "@agentclientprotocol/sdk";
import { LIMITS } from "../../protocol/limits.ts";
import type { Client } from "./client.ts";
import { editorFiles } from "./editor_files.ts";
import { requestError } from "./errors.ts";
import type {
  AcpHost,
  AcpServices,
  AcpThread,
  ClientServer,
  SessionSetup,
} from "./services.ts";
import { AcpSession } from "./session.ts";

/** What a client says of a session that it wants. */
interface SessionWanted {
  readonly cwd: string;
  readonly mcpServers?: readonly McpServer[];
  readonly additionalDirectories?: readonly string[];
}

interface SessionsPlace {
  readonly services: AcpServices;
  readonly host: AcpHost;
  readonly client: Client;
}

export class Sessions {
  readonly #place: SessionsPlace;
  readonly #sessions = new Map<string, AcpSession>();
  /** On their way; the same one must not be opened twice. */
  readonly #opening = new Map<string, Promise<AcpSession>>();
  #isClosed = false;

  constructor(place: SessionsPlace) {
    this.#place = place;
  }

  /** One that is being opened is waited for. Throws RequestError when it is not open. */
  async need(sessionId: string): Promise<AcpSession> {
    await this.#opening.get(sessionId)?.catch(() => {});
    const session = this.#sessions.get(sessionId);
    if (session === undefined) throw RequestError.sessionNotFound(sessionId);
    return session;
  }

  find(sessionId: string): AcpSession | undefined {
    return this.#sessions.get(sessionId);
  }

  async start(wanted: SessionWanted): Promise<AcpSession> {
    const { services } = this.#place;
    return await this.#open(wanted, (setup) => services.start(setup));
  }

  /** One that is open already is closed first. Throws RequestError. */
  async resume(sessionId: string, wanted: SessionWanted): Promise<AcpSession> {
    if (this.#opening.has(sessionId)) {
      throw requestError(
        "invalidRequest",
        `Cannot open session ${sessionId}: it is being opened`,
      );
    }
    const opening = this.#reopen(sessionId, wanted);
    this.#opening.set(sessionId, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(sessionId);
    }
  }

  /** Ends all of them; resolves when their logs are on the disk, or after the time for that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = [...this.#sessions.values()].map((one) => one.close());
    const over = new AbortController();
    await Promise.race([
      Promise.all(closed),
      this.#place.host.sleep(LIMITS.threadCloseMs, over.signal).catch(() => {}),
    ]);
    over.abort();
  }

  async #reopen(
    sessionId: string,
    wanted: SessionWanted,
  ): Promise<AcpSession> {
    await this.#sessions.get(sessionId)?.close();
    const { services } = this.#place;
    if (!await services.has(sessionId)) {
      throw RequestError.sessionNotFound(sessionId);
    }
    return await this.#open(
      wanted,
      (setup) => services.resume(sessionId, setup),
    );
  }

  async #open(
    wanted: SessionWanted,
    open: (setup: SessionSetup) => Promise<AcpThread>,
  ): Promise<AcpSession> {
    checkWanted(wanted);
    if (this.#sessions.size >= LIMITS.appServerThreads) {
      throw requestError(
        "invalidRequest",
        `Cannot open the session: ${LIMITS.appServerThreads} are open, must be fewer: close one`,
      );
    }
    const { services, client, host } = this.#place;
    const made: { session?: AcpSession } = {};
    const { cwd } = wanted;
    // Before anything is open: what fails here must leave nothing behind.
    const models = await services.models(cwd);
    const editor = editorFiles({
      client,
      host,
      cwd,
      session: () => made.session,
    });
    const opened = await open({
      cwd,
      servers: (wanted.mcpServers ?? []).map(toServer),
      editor,
      elicit: async (form, signal) =>
        await made.session?.elicit(form, signal) ?? { action: "cancel" },
    });
    const { id } = opened.thread;
    const session = new AcpSession({
      open: opened,
      client,
      host,
      editor,
      models,
      onClosed: () => void this.#sessions.delete(id),
    });
    made.session = session;
    this.#sessions.set(id, session);
    if (this.#isClosed || client.gone.aborted) await session.close();
    await session.ready;
    return session;
  }
}

function checkWanted({ cwd, additionalDirectories }: SessionWanted): void {
  if (!cwd.startsWith("/")) {
    throw requestError(
      "invalidParams",
      `Cannot work in ${cwd}: must be an absolute path`,
    );
  }
  if (!additionalDirectories?.length) return;
  throw requestError(
    "invalidParams",
    "Cannot open more folders for a session: start rondo acp with --add-dir",
  );
}

function toServer(server: McpServer): ClientServer {
  const { name } = server;
  if (!("type" in server)) {
    const { command, args, env } = server;
    return { type: "stdio", name, command, args, env: pairs(env) };
  }
  if (server.type === "http") {
    const { url, headers } = server;
    return { type: "http", name, url, headers: pairs(headers) };
  }
  throw requestError(
    "invalidParams",
    `Cannot use MCP server ${name}: it is reached by ${server.type}, must be stdio or http`,
  );
}

function pairs(
  entries: readonly { readonly name: string; readonly value: string }[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
}
