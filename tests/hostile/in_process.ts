/** `exec --json` inside this process, on a host with a fault that no machine can be given. */
import assert from "node:assert/strict";
import { runExecCommand } from "../../core/app/commands/exec.ts";
import { denoHost } from "../../core/host/host.ts";
import type { Host } from "../../core/protocol/host.ts";
import type { Terminal, TerminalOutput } from "../../core/protocol/terminal.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { agentCommand, type AgentHome } from "../support/run_agent.ts";

/** Runs a turn with full access; held to the promise of the stream. */
export async function runInside(
  host: Host,
): Promise<{ readonly code: number; readonly said: string }> {
  const said = { stdout: "", stderr: "" };
  const code = await runExecCommand(
    {
      command: "exec",
      args: [],
      prompt: "go",
      flags: {
        json: true,
        skipGitRepoCheck: true,
        sandbox: "danger-full-access",
        ephemeral: false,
      },
    },
    host,
    terminalOf(said, host),
  );
  const all = `${said.stdout.slice(-2_000)}\n${said.stderr.slice(-2_000)}`;
  const events = said.stdout.split("\n").slice(0, -1)
    .map((line) => JSON.parse(line) as JsonObject);
  const terminal = events.filter(({ type }) =>
    type === "turn.completed" || type === "turn.failed"
  );
  assert.notEqual(code, 70, all);
  assert.doesNotMatch(all, /bug of rondo|\n +at \S+ \(/);
  assert.equal(terminal.length, 1, all);
  assert.equal(events.at(-1), terminal[0], all);
  assert.equal(terminal[0]?.["exit_code"], code, all);
  return { code, said: all };
}

/** The real host, but for the folders of a test. */
export function hostOf(home: AgentHome): Host {
  const env: Readonly<Record<string, string>> = {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: home.home,
    CODEX_HOME: home.codexHome,
    TMPDIR: home.temp,
    MOCK_KEY: "mock-key",
  };
  return {
    ...denoHost({ cwd: home.work, mainUrl: import.meta.url }),
    selfCommand: (args) => [...agentCommand(), ...args],
    env: (name) => env[name],
    envAll: () => env,
    homeDir: () => home.home,
  };
}

function terminalOf(
  said: { stdout: string; stderr: string },
  host: Host,
): Terminal {
  const output = (name: "stdout" | "stderr"): TerminalOutput => ({
    isTty: false,
    columns: 80,
    pendingBytes: 0,
    isGone: false,
    write: (text) => {
      said[name] += text;
      return true;
    },
    flush: () => Promise.resolve(true),
  });
  return {
    stdin: {
      isTty: false,
      read: () => Promise.resolve(null),
      setRaw: () => false,
    },
    stdout: output("stdout"),
    stderr: output("stderr"),
    onSignal: () => () => {},
    env: (name) => host.env(name),
  };
}
