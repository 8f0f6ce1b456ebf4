/** A situation that could break the program, and what "it held" means. */
import assert from "node:assert/strict";
import { byteLength } from "../../core/util/text/text.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  type MockModel,
  mockModel,
  type MockOptions,
} from "../support/mock_model.ts";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  mockConfig,
} from "../support/run_agent.ts";

/** What is tried once. `run` throws when it did not hold. */
export interface Situation {
  readonly kind: string;
  readonly name: string;
  /** Runs in the gate; the others only for the table of `deno task hostile`. */
  readonly isQuick: boolean;
  readonly run: () => Promise<void>;
}

export interface Stage extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly events: readonly JsonObject[];
  readonly memoryMiB: number;
}

/** What a run is held to. */
export interface Promised {
  /** Exit codes that may come of it; all frozen ones but 70 unless given. */
  readonly codes?: readonly number[];
  readonly memoryMiBMax?: number;
  /** Found on stdout or stderr. */
  readonly says?: RegExp;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Programs before ours: `["setpriv", …]`. */
  readonly before?: readonly string[];
}

/** A run that takes longer hangs. Far above what any takes on a busy machine. */
const HANG_MS = Number(Deno.env.get("HANG_MS") ?? 60_000);
const MEMORY_MIB = 700;
const FROZEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 124, 130, 143];

/** A scripted server and folders; the laws over requests are other tests' matter. */
export async function openStage(
  options: MockOptions & { readonly top?: string; readonly provider?: string } =
    {},
): Promise<Stage> {
  const model = mockModel({ laws: false, ...options });
  const home = await agentHome({
    config: mockConfig(model.url, {
      top: options.top ?? "",
      provider: options.provider ?? "",
    }),
  });
  return {
    model,
    home,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await model[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** `exec --json` with full access; held to the promise of the stream. */
export async function runJson(
  stage: Stage,
  args: readonly string[],
  options: RunOptions & Promised = {},
): Promise<Ended> {
  const run = await runProgram(stage, [
    "exec",
    "--json",
    "--skip-git-repo-check",
    "--sandbox",
    "danger-full-access",
    ...args,
    "--",
    "go",
  ], options);
  checkStream(run);
  return run;
}

/** Any command line; held to ending in time, with a frozen code, in bounds. */
export async function runProgram(
  stage: Stage,
  args: readonly string[],
  options: RunOptions & Promised = {},
): Promise<Ended> {
  const run = await runBounded(stage, args, options);
  const said = `${run.stdout.slice(-2_000)}\n${run.stderr.slice(-2_000)}`;
  const codes = options.codes ?? FROZEN;
  assert.ok(codes.includes(run.code), `code ${run.code}: ${said}`);
  assert.doesNotMatch(said, /bug of rondo|\n +at \S+ \(|Uncaught|panicked/);
  const max = options.memoryMiBMax ?? MEMORY_MIB;
  assert.ok(run.memoryMiB <= max, `${run.memoryMiB} MiB: ${said}`);
  if (options.says !== undefined) assert.match(said, options.says);
  return run;
}

function checkStream(run: Ended): void {
  const lines = run.stdout.split("\n").slice(0, -1);
  assert.ok(run.stdout === "" || run.stdout.endsWith("\n"), "a cut last line");
  for (const line of lines) {
    JSON.parse(line);
    assert.ok(byteLength(line) < LIMITS.eventLineBytes, "a line too long");
  }
  const terminal = run.events.filter(({ type }) =>
    type === "turn.completed" || type === "turn.failed"
  );
  const said = `${run.stdout.slice(-2_000)}\n${run.stderr.slice(-2_000)}`;
  assert.equal(terminal.length, 1, `terminal lines: ${said}`);
  assert.equal(run.events.at(-1), terminal[0], "a line after the terminal one");
  assert.equal(terminal[0]?.["exit_code"], run.code);
}

async function runBounded(
  { home }: Stage,
  args: readonly string[],
  options: RunOptions,
): Promise<Ended> {
  const [command = "", ...first] = [
    ...(options.before ?? []),
    ...agentCommand(),
  ];
  const child = new Deno.Command(command, {
    args: [...first, ...args],
    cwd: options.cwd ?? home.work,
    env: Object.fromEntries(
      Object.entries({
        PATH: Deno.env.get("PATH"),
        HOME: home.home,
        CODEX_HOME: home.codexHome,
        TMPDIR: home.temp,
        LANG: "C.UTF-8",
        MOCK_KEY: "mock-key",
        ...options.env,
      }).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]),
    ),
    clearEnv: true,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.stdin !== undefined) void feed(child, options.stdin);
  let memoryMiB = 0;
  const watch = setInterval(() => {
    memoryMiB = Math.max(memoryMiB, peakMiB(child.pid));
    // Before the machine suffers.
    if (memoryMiB > 2 * MEMORY_MIB) kill(child);
  }, 25);
  let isHung = false;
  const alarm = setTimeout(() => {
    isHung = true;
    kill(child);
  }, HANG_MS);
  const { code, stdout, stderr } = await child.output();
  clearInterval(watch);
  clearTimeout(alarm);
  const text = new TextDecoder().decode(stdout);
  const said = new TextDecoder().decode(stderr);
  assert.ok(!isHung, `it hangs: ${text.slice(-500)}\n${said.slice(-500)}`);
  return {
    code,
    stdout: text,
    stderr: said,
    events: text.split("\n").filter((line) => line.startsWith('{"type"'))
      .map((line) => JSON.parse(line) as JsonObject),
    memoryMiB,
  };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended; what it left holds its outputs.
  }
}

async function feed(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  // A program that does not read its input closes the pipe.
  await writer.write(new TextEncoder().encode(text)).catch(() => {});
  await writer.close().catch(() => {});
}

/** VmHWM of proc_pid_status(5). */
export function peakMiB(pid: number): number {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
