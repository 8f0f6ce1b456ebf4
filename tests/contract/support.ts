/** The real program against a scripted server; every line it writes is checked. */
import assert from "node:assert/strict";
import type { ExecEvent } from "../../core/contract/event.ts";
import { checkLines } from "../core/frontends/support.ts";
import {
  type MockModel,
  mockModel,
  type MockOptions,
} from "../support/mock_model.ts";
import {
  type AgentHome,
  agentHome,
  type AgentOptions,
  type AgentRun,
  mockConfig,
  runAgent,
  type RunningAgent,
  startAgent,
} from "../support/run_agent.ts";

/** A home, a server and a program that knows both. */
export interface Stage extends AsyncDisposable {
  readonly home: AgentHome;
  readonly model: MockModel;
  /** `rondo exec --json ARGS` to its end, its lines checked. */
  exec(args: readonly string[], options?: RunOptions): Promise<CheckedRun>;
  /** `rondo ARGS` to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<AgentRun>;
  start(args: readonly string[], options?: RunOptions): RunningAgent;
}

export type RunOptions = Omit<AgentOptions, "args" | "home">;

export interface CheckedRun extends AgentRun {
  readonly lines: readonly ExecEvent[];
  readonly last: Extract<ExecEvent, { type: "turn.completed" | "turn.failed" }>;
}

/** Without asking and without a sandbox, outside of a repository. */
export const FREE = ["--skip-git-repo-check", "--yolo"];

export async function openStage(
  options: MockOptions & {
    readonly config?: Parameters<typeof mockConfig>[1];
    readonly files?: Readonly<Record<string, string>>;
  },
): Promise<Stage> {
  const model = mockModel(options);
  const home = await agentHome({
    config: mockConfig(model.url, options.config),
    ...(options.files !== undefined && { files: options.files }),
  });
  const run: Stage["run"] = (args, more = {}) =>
    runAgent({ args, home, ...more });
  return {
    home,
    model,
    run,
    exec: async (args, more) =>
      checkRun(await run(["exec", "--json", ...FREE, ...args], more)),
    start: (args, more = {}) => startAgent({ args, home, ...more }),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await model[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Every line valid, the last one terminal and the only one, its code the program's. */
export function checkRun(run: AgentRun): CheckedRun {
  const lines = checkLines(run.stdout);
  const ends = lines.filter(({ type }) =>
    type === "turn.completed" || type === "turn.failed"
  );
  assert.equal(ends.length, 1, `${run.stdout}\n${run.stderr}`);
  const last = lines.at(-1);
  assert(last?.type === "turn.completed" || last?.type === "turn.failed");
  assert.equal(run.signal, null);
  assert.equal(last.exit_code, run.code);
  return { ...run, lines, last };
}

/** The machine word of the error the run ended with. */
export function kindOf({ last }: CheckedRun): string | undefined {
  return last.type === "turn.failed" ? last.error.kind : undefined;
}
