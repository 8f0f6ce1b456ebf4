/** `rondo acp`: sessions for an editor, on stdin and stdout. */
import { findCodexHome } from "../../config/load.ts";
import { readLoginStatus } from "../../config/provider/login.ts";
import { providerOf } from "../../config/provider/providers.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { runAcp } from "../../frontends/acp/server.ts";
import type {
  AcpServices,
  ClientServer,
  SessionSetup,
} from "../../frontends/acp/services.ts";
import { SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { loadTurns } from "../../session/library/turns.ts";
import { resumeThread, startThread } from "../../session/thread/open.ts";
import { visibleTerminal } from "../print.ts";
import { realFolder } from "../runtime.ts";
import { ServeBase } from "./base.ts";
import { loadModels } from "./lists.ts";
import { ThreadRuntimes } from "./runtimes.ts";
import {
  findLog,
  loadFacts,
  openClientThread,
  type ThreadPlace,
  threadServices,
} from "./threads.ts";

/** Serves to the end, or logs in, and resolves to the exit code. Throws UserError. */
export async function runAcpCommand(
  { flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  if (flags.withApiKey) {
    const { runSetupCommand } = await import("../commands/setup.ts");
    const words = { command: "login", args: [], flags } as const;
    return await runSetupCommand(words, host, visibleTerminal(terminal));
  }
  const codexHome = await findCodexHome(host);
  const runtimes = new ThreadRuntimes(host, "acp", terminal);
  const base = new ServeBase(host, flags, codexHome);
  const place = { host, flags, runtimes, codexHome };
  try {
    return await runAcp({ services: services(place, base), host, terminal });
  } finally {
    await runtimes.close();
  }
}

function services(place: ThreadPlace, base: ServeBase): AcpServices {
  const { host } = place;
  const threads = threadServices(place);
  const wantedOf = async (setup: SessionSetup) => {
    const { cwd, editor, elicit } = setup;
    const { config, warnings } = await serversOf(setup, base);
    return { setup: { cwd, config }, elicit, editor, warnings };
  };
  return {
    start: async (setup) =>
      await openClientThread(place, await wantedOf(setup), startThread),
    has: (sessionId) =>
      findLog(place, sessionId).then(() => true, (error) => {
        if (error instanceof SessionError) return false;
        throw error;
      }),
    resume: async (sessionId, setup) => {
      const facts = await loadFacts(place, sessionId);
      const wanted = { ...await wantedOf(setup), facts };
      const opened = await openClientThread(
        place,
        wanted,
        async (factory) => await resumeThread(factory, facts.path),
      );
      // It goes on in the folder that the client says.
      const cwd = await realFolder(host, setup.cwd);
      return { ...opened, facts: { ...facts, cwd } };
    },
    list: async (cwd, limit) => {
      const folder = cwd === undefined
        ? undefined
        : await host.files.realPath(cwd).catch(() => cwd);
      return await threads.list({ cwd: folder }, limit);
    },
    turns: (path) => loadTurns(host.files, path),
    models: async (cwd) => (await loadModels(base, cwd)).models,
    login: async () => {
      const { config } = await base.load();
      const provider = providerOf(config, host);
      const status = await readLoginStatus(host, provider, place.codexHome);
      return { ...status, canStore: provider.auth.type === "login" };
    },
  };
}

// A server of the person's own configuration stays what it is.
async function serversOf(
  { cwd, servers }: SessionSetup,
  base: ServeBase,
): Promise<{
  readonly config: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}> {
  if (servers.length === 0) return { config: {}, warnings: [] };
  const { config: { mcp_servers: own } } = await base.load(cwd);
  const config: Record<string, unknown> = {};
  const warnings: string[] = [];
  for (const server of servers) {
    const name = server.name.replace(/[^A-Za-z0-9_-]/g, "_");
    const key = `mcp_servers.${name}`;
    if (Object.hasOwn(own, name) || Object.hasOwn(config, key)) {
      warnings.push(
        `MCP server ${name} of the editor is left out: there is one of that name already`,
      );
    } else config[key] = tableOf(server);
  }
  return { config, warnings };
}

function tableOf(server: ClientServer): Readonly<Record<string, unknown>> {
  if (server.type === "http") {
    return { url: server.url, http_headers: server.headers };
  }
  const { command, args, env } = server;
  return { command, args, env };
}
