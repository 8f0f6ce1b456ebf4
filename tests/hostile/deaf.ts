/** Readers that take nothing for a while, or ever: they are waited for, and memory is not spent on them. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { say } from "../support/mock_model.ts";
import { agentCommand } from "../support/run_agent.ts";
import { openStage, peakMiB, type Situation } from "./situation.ts";

const TEXT_BYTES = 30_000_000;
const DELTAS = 30_000;
/** What a heap takes before it collects: no more comes with four times the text. */
const MEMORY_MIB = 600;

interface Deaf {
  readonly name: string;
  /** How long nothing is read; for ever when absent. */
  readonly forMs?: number;
  readonly signal?: Deno.Signal;
  readonly args?: readonly string[];
  readonly code: number;
}

const READERS: readonly Deaf[] = [
  { name: "for 5 s", forMs: 5_000, code: 0 },
  { name: "for 65 s", forMs: 65_000, code: 0 },
  { name: "for ever", code: 1 },
  { name: "until SIGTERM", signal: "SIGTERM", code: 143 },
  { name: "until SIGINT", signal: "SIGINT", code: 130 },
  { name: "until --timeout", args: ["--timeout", "2s"], code: 124 },
];

/** Each reader, while a model says much more than any pipe holds. */
export function deafReaders(): Situation[] {
  return READERS.map((deaf) => ({
    kind: "deaf readers",
    name: deaf.name,
    isQuick: false,
    run: () => tryDeaf(deaf),
  }));
}

async function tryDeaf(deaf: Deaf): Promise<void> {
  const text = "x".repeat(TEXT_BYTES);
  await using stage = await openStage({ script: () => say("done") });
  stage.model.add(say(text, { deltas: DELTAS }));
  const { home } = stage;
  const [command, ...first] = agentCommand();
  const child = new Deno.Command(command, {
    args: [
      ...first,
      ..."exec --json --deltas --skip-git-repo-check -s danger-full-access"
        .split(" "),
      ...deaf.args ?? [],
      "go",
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
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, peakMiB(child.pid));
  }, 100);
  const alarm = setTimeout(
    () => child.kill("SIGKILL"),
    5 * LIMITS.outputFlushMs,
  );
  if (deaf.signal !== undefined) {
    await pause(3_000);
    child.kill(deaf.signal);
  }
  if (deaf.forMs === undefined) await child.status;
  else await pause(deaf.forMs);
  // Only the time without a reader counts: a run that is read needs what its texts need.
  clearInterval(watch);
  const said = await new Response(child.stdout).text();
  const { code } = await child.status;
  clearTimeout(alarm);
  assert.ok(memory < MEMORY_MIB, `${memory} MiB`);
  assert.equal(code, deaf.code);
  if (deaf.code === 0) checkWhole(said, text);
}

function checkWhole(said: string, text: string): void {
  const events = said.split("\n").slice(0, -1)
    .map((line) => JSON.parse(line) as JsonObject);
  const ends = events.filter(({ type }) =>
    type === "turn.completed" || type === "turn.failed"
  );
  assert.equal(ends.length, 1);
  assert.equal(events.at(-1), ends[0]);
  const pieces = events.map((event) =>
    event["type"] === "text.delta" ? String(event["text"]) : ""
  ).join("");
  assert.ok(pieces === text, "a piece is lost or doubled");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
