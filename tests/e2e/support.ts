/** What every run of the built program must obey, and stages for such runs. */
import assert from "node:assert/strict";
import { Ajv, type ValidateFunction } from "ajv";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { byteLength } from "../../core/util/text/text.ts";
import {
  type MockModel,
  mockModel,
  type MockOptions,
} from "../support/mock_model.ts";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  type AgentOptions,
  type AgentRun,
  mockConfig,
  runAgent,
  type RunningAgent,
  startAgent,
} from "../support/run_agent.ts";

export interface StageOptions extends MockOptions {
  /** Lines of config.toml: before the first table, of the provider, after all others. */
  readonly config?: Parameters<typeof mockConfig>[1];
  readonly files?: Readonly<Record<string, string>>;
  /** Address instead of that of the scripted server. */
  readonly url?: string;
}

/** A scripted server, folders, and the program between them. */
export interface Stage extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
  /** `exec --json` with what a test needs not repeat; the stream is checked. */
  json(prompt: string, options?: RunOptions): Promise<AgentRun>;
  /** `exec` for people. */
  human(prompt: string, options?: RunOptions): Promise<AgentRun>;
  /** `exec --json` in the background; `ended` checks the stream. */
  start(prompt: string, options?: RunOptions): RunningAgent;
  run(args: readonly string[], options?: RunOptions): Promise<AgentRun>;
}

export interface RunOptions extends Partial<Omit<AgentOptions, "home">> {
  /** Words after `exec`: `["resume", "--last"]`. */
  readonly command?: readonly string[];
  /** Full access unless told otherwise: most tests are not about the sandbox. */
  readonly sandbox?: string;
}

/** Sets one up; `await using` takes it down and checks the laws over all requests. */
export async function stage(options: StageOptions): Promise<Stage> {
  const model = mockModel(options);
  const home = await agentHome({
    config: mockConfig(options.url ?? model.url, options.config),
    ...(options.files !== undefined && { files: options.files }),
  });
  const toAgent = (
    mode: readonly string[],
    prompt: string,
    more: RunOptions,
  ): AgentOptions => ({
    ...more,
    home,
    args: [
      "exec",
      ...(more.command ?? []),
      ...mode,
      "--skip-git-repo-check",
      "--sandbox",
      more.sandbox ?? "danger-full-access",
      ...(more.args ?? []),
      ...(prompt === "" ? [] : ["--", prompt]),
    ],
  });
  return {
    model,
    home,
    json: async (prompt, more = {}) => {
      const run = await runAgent(toAgent(["--json"], prompt, more));
      checkStream(run);
      return run;
    },
    human: (prompt, more = {}) => runAgent(toAgent([], prompt, more)),
    start: (prompt, more = {}) => startAgent(toAgent(["--json"], prompt, more)),
    run: (args, more = {}) => runAgent({ ...more, home, args }),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      try {
        await model[Symbol.asyncDispose]();
      } finally {
        await home[Symbol.asyncDispose]();
      }
    },
  };
}

/** The end of a run, its stream checked. */
export async function ended(agent: RunningAgent): Promise<AgentRun> {
  const run = await agent.finished;
  checkStream(run);
  return run;
}

/**
 * The contract of a stream: every line an event of the printed schema and within its
 * bound, exactly one terminal line, the last, and it says what the process exited with.
 */
export function checkStream(run: AgentRun): void {
  checkLines(run.stdout);
  const terminal = terminalLines(run);
  const all = `${run.stdout}\n${run.stderr}`;
  assert.equal(terminal.length, 1, `one terminal line: ${all}`);
  assert.equal(run.events.at(-1), terminal[0], `it is the last: ${all}`);
  assert.equal(terminal[0]?.["exit_code"], run.code, all);
}

/** Every line is complete, short enough, and an event of the printed schema. */
export function checkLines(stdout: string): void {
  assert.ok(stdout === "" || stdout.endsWith("\n"), "the last line is whole");
  const validate = eventValidator();
  for (const line of stdout.split("\n").slice(0, -1)) {
    const bytes = byteLength(line) + 1;
    assert.ok(bytes <= LIMITS.eventLineBytes, `a line has ${bytes} bytes`);
    assert.ok(
      validate(JSON.parse(line)),
      `${line.slice(0, 400)}\n${JSON.stringify(validate.errors?.slice(-3))}`,
    );
  }
}

/** The lines that end a turn. */
export function terminalLines(run: AgentRun): JsonObject[] {
  return run.events.filter((event) =>
    event["type"] === "turn.completed" || event["type"] === "turn.failed"
  );
}

/** The last line. */
export function lastEvent(run: AgentRun): JsonObject {
  return run.events.at(-1) ?? {};
}

/** What the failed turn says of its error. */
export function errorOf(run: AgentRun): JsonObject {
  const error = lastEvent(run)["error"];
  assert.ok(typeof error === "object", `it failed: ${run.stdout}`);
  return error as JsonObject;
}

/** Completed items of a kind. */
export function itemsOf(run: AgentRun, type: string): JsonObject[] {
  return run.events.flatMap((event) => {
    const item = event["item"] as JsonObject | undefined;
    const isOver = event["type"] === "item.completed";
    return isOver && item?.["type"] === type ? [item] : [];
  });
}

/** Events of a type. */
export function eventsOf(run: AgentRun, type: string): JsonObject[] {
  return run.events.filter((event) => event["type"] === type);
}

/** Processes with this word in their arguments; zombies have none. */
export function processesWith(marker: string): number[] {
  // The runtime reads /proc itself only with all permissions there are. The word must
  // not be in the arguments of the one who looks.
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", "grep -Fla -f - /proc/[0-9]*/cmdline <<E\n$MARKER\nE\n"],
    env: { MARKER: marker },
    stderr: "null",
  }).outputSync();
  return new TextDecoder().decode(stdout).split("\n").flatMap((path) => {
    const pid = path.split("/")[2];
    return pid === undefined ? [] : [Number(pid)];
  });
}

/** Waits until no process has the marker; fails with those that stay. */
export async function assertNoneLeft(marker: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 5_000; waitedMs += 50) {
    if (processesWith(marker).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const left = processesWith(marker);
  for (const pid of left) Deno.kill(pid, "SIGKILL");
  assert.deepEqual(left, [], `processes with ${marker} are left`);
}

/** A word no other process has in its arguments. */
export function newMarker(): string {
  return `marker-${crypto.randomUUID()}`;
}

/** Whether bubblewrap works here. Where it must, its absence is a failure. */
export function hasBubblewrap(): boolean {
  try {
    const { success } = new Deno.Command("bwrap", {
      args: ["--ro-bind", "/", "/", "--unshare-all", "true"],
      stdout: "null",
      stderr: "null",
    }).outputSync();
    if (success) return true;
  } catch {
    // Not installed.
  }
  assert.ok(!Deno.env.get("SANDBOX_REQUIRED"), "bwrap must work here");
  console.warn("SKIPPED: tests of the sandbox, bwrap does not work here");
  return false;
}

/** A git repository in the folder, with one commit. */
export async function initGit(folder: string): Promise<void> {
  const run = async (...args: string[]): Promise<void> => {
    const { success, stderr } = await new Deno.Command("git", {
      args: ["-c", "user.name=t", "-c", "user.email=t@t", ...args],
      cwd: folder,
      stdout: "null",
      stderr: "piped",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  };
  await run("init", "-q");
  await run("commit", "-q", "--allow-empty", "-m", "start");
}

const validators = new Map<string, ValidateFunction>();

// From the program itself: what it prints is what its readers hold it to.
function eventValidator(): ValidateFunction {
  const [command, ...first] = agentCommand();
  const known = validators.get(command);
  if (known !== undefined) return known;
  const { stdout } = new Deno.Command(command, {
    args: [...first, "schema", "events"],
  }).outputSync();
  const schema = JSON.parse(new TextDecoder().decode(stdout));
  const ajv = new Ajv({ strict: false, discriminator: false });
  const validator = ajv.compile(schema);
  validators.set(command, validator);
  return validator;
}
