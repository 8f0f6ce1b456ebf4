/** Runs of one turn that are not let end in peace: signalled, left by their reader, read slowly. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { agentCommand, type AgentHome } from "../support/run_agent.ts";
import type { Trouble, Turn } from "./players.ts";

/** How each trouble is meant where the process need not live on. */
const ENDINGS: Readonly<Partial<Record<Trouble, Deno.Signal | "leave">>> = {
  interrupt: "SIGINT",
  stop: "leave",
  SIGUSR1: "SIGTERM",
  SIGALRM: "SIGHUP",
  SIGIO: "SIGKILL",
};

/** One `exec --json`; held to one last line and the code in it, if it may end by itself. */
export async function playOnce(home: AgentHome, turn: Turn): Promise<void> {
  const [command, ...first] = agentCommand();
  const child = new Deno.Command(command, {
    args: [
      ...first,
      "exec",
      "--json",
      "--skip-git-repo-check",
      "--sandbox",
      "danger-full-access",
      turn.text,
    ],
    cwd: home.work,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: home.home,
      CODEX_HOME: home.codexHome,
      TMPDIR: home.temp,
      MOCK_KEY: "mock-key",
    },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const ending = ENDINGS[turn.trouble];
  const isLeft = ending === "leave";
  const alarm = setTimeout(() => {
    if (ending === undefined || isLeft) return;
    try {
      child.kill(ending);
    } catch {
      // It has ended by itself.
    }
  }, turn.afterMs * 3);
  const text = await readSome(child, turn, isLeft);
  const { code, signal } = await child.status;
  clearTimeout(alarm);
  if (isLeft) return assert.notEqual(code, 70);
  if (signal === "SIGKILL") return;
  const events = text.split("\n").slice(0, -1)
    .map((line) => JSON.parse(line) as JsonObject);
  const ends = events.filter(({ type }) =>
    type === "turn.completed" || type === "turn.failed"
  );
  // Before the program itself begins a signal is the runtime's.
  if (text === "" && signal !== null) return;
  assert.equal(ends.length, 1, text.slice(-1_000));
  assert.equal(events.at(-1), ends[0]);
  assert.equal(ends[0]?.["exit_code"], code);
  assert.notEqual(code, 70, text.slice(-1_000));
}

async function readSome(
  child: Deno.ChildProcess,
  { reader: { bytes, pauseMs } }: Turn,
  isLeft: boolean,
): Promise<string> {
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader({ mode: "byob" });
  let text = "";
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(bytes));
    if (done) return text;
    text += decoder.decode(value, { stream: true });
    if (isLeft) {
      await reader.cancel();
      return text;
    }
    if (pauseMs > 0) await new Promise((r) => setTimeout(r, pauseMs));
  }
}
