/** What the program makes of a config.toml, as data: nothing of the file itself is in it. */
import { createAgent } from "../../core/app/agent.ts";
import { runDebugPrompt } from "../../core/app/commands/debug_prompt.ts";
import { openRuntime } from "../../core/app/runtime.ts";
import { loadHooks } from "../../core/config/hooks.ts";
import type { LoadedConfig } from "../../core/config/load.ts";
import { buildCommandEnv } from "../../core/policy/command_env.ts";
import type { Host } from "../../core/protocol/host.ts";
import type { Terminal, TerminalOutput } from "../../core/protocol/terminal.ts";
import { memoryLog } from "../../core/session/state/memory_log.ts";
import { ThreadState } from "../../core/session/state/state.ts";
import { Transcript } from "../../core/session/state/transcript.ts";
import { buildMcpServers } from "../../tools/mcp/project_file.ts";
import { agentCommand } from "./run_agent.ts";
import type { Machine } from "../core/config/config_fixture.ts";

/** As text, to be compared. A configuration that is refused is its message. */
export async function effectsOf(
  machine: Machine,
  text: string,
): Promise<string> {
  await machine.user(text);
  const host = machine.host({
    selfCommand: (args) => [...agentCommand(), ...args],
  });
  try {
    const loaded = await machine.load({ canAsk: true });
    const parts = {
      env: buildCommandEnv({
        parent: { PATH: "/bin", PLAIN: "1", MY_SECRET: "2" },
        policy: loaded.config.shell_environment_policy,
        secretNames: [],
        threadId: "t",
        networkAccess: true,
      }),
      hooks: (await loadHooks(host, loaded)).hooks,
      servers: buildMcpServers(host, loaded).servers,
      // What would start servers is looked at without them.
      ...(text.includes("[mcp_servers") ? {} : await agentOf(host, loaded)),
    };
    return JSON.stringify(parts);
  } catch (error) {
    return String(error);
  }
}

async function agentOf(
  host: Host,
  { codexHome }: LoadedConfig,
): Promise<Record<string, unknown>> {
  const runtime = await openRuntime(host, {}, { canAsk: true, source: "exec" });
  const said: string[] = [];
  const { settings, deps } = await createAgent(runtime, {
    threadId: "t",
    state: new ThreadState(new Transcript(memoryLog())),
    restored: undefined,
    warn: (message) => said.push(message),
  });
  const { endpoint, limits, price, compactPrompt, reasoning, strictCache } =
    deps;
  return {
    codexHome,
    settings,
    endpoint,
    limits,
    loops: deps.loops,
    waitMax: String(endpoint.waitMaxMs),
    price,
    compactPrompt,
    reasoning,
    strictCache,
    fallback: deps.fallback?.map((one) => [one.endpoint.id, one.settings]),
    notifies: deps.notify !== undefined,
    body: await bodyOf(host),
  };
}

async function bodyOf(host: Host): Promise<unknown> {
  let text = "";
  const stdout = outputTo((more) => text += more);
  const terminal: Terminal = {
    stdin: {
      isTty: false,
      read: () => Promise.resolve(null),
      setRaw: () => false,
    },
    stdout,
    stderr: outputTo(() => {}),
    onSignal: () => () => {},
    env: (name) => host.env(name),
  };
  await runDebugPrompt(
    { command: "debug prompt", args: [], flags: {}, prompt: "hi" },
    host,
    terminal,
  );
  const { prompt_cache_key: _id, ...body } = JSON.parse(text);
  return body;
}

function outputTo(write: (text: string) => void): TerminalOutput {
  return {
    isTty: false,
    columns: 80,
    pendingBytes: 0,
    isGone: false,
    write: (text) => {
      write(text);
      return true;
    },
    flush: () => Promise.resolve(true),
  };
}
