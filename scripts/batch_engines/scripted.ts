/** A scripted batch, run by an engine and by rondo alone: the results must be the same. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  answerAll,
  batchModel,
  type BatchStage,
  jsonLines,
  stageFor,
  taskLines,
} from "../../tests/support/batch_stage.ts";
import type { MockModel } from "../../tests/support/mock_model.ts";
import { agentCommand, agentEnv } from "../../tests/support/run_agent.ts";
import { run } from "./run.ts";

/** What such a batch is run with, whoever runs it. */
export const FLAGS = [
  ...["-s", "workspace-write", "--retry", "1", "--retries", "1"],
];

/** A stage whose commands find rondo under its name. */
export interface Scripted extends AsyncDisposable {
  readonly stage: BatchStage;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a line of a shell in its folder, and gives what it printed. */
  shell(
    line: string,
    options?: { readonly codes?: readonly number[] },
  ): Promise<string>;
}

/** Plays one with so many tasks: `spread` by an engine, then alone, and compares. */
export async function playBatch(
  tasks: number,
  spread: (scripted: Scripted) => Promise<void>,
): Promise<void> {
  let answer = answerAll();
  await using model = batchModel((task, request) => answer(task, request));
  await using scripted = await openScripted(model, tasks);
  await spread(scripted);
  const found = await resultsOf(scripted, "tasks.batch/all");
  assert.equal(found.length, tasks);
  answer = answerAll();
  await using alone = await openScripted(model, tasks);
  const words = ["rondo", "batch", "tasks.jsonl", "--jobs", "4", ...FLAGS];
  await alone.shell(words.join(" "), { codes: [1] });
  assert.deepEqual(found, await resultsOf(alone, "tasks.batch"));
}

async function openScripted(
  model: MockModel,
  tasks: number,
): Promise<Scripted> {
  const stage = await stageFor(model);
  await stage.write("tasks.jsonl", taskLines(tasks, { paths: ["out"] }));
  const bin = `${stage.home.root}/bin`;
  await Deno.mkdir(bin);
  const [program = ""] = agentCommand();
  await Deno.symlink(program, `${bin}/rondo`);
  const env = agentEnv(stage.home);
  const own = { ...env, PATH: `${bin}:${env["PATH"]}` };
  return {
    stage,
    env: own,
    shell: (line, { codes } = {}) =>
      run(["bash", "-eo", "pipefail", "-c", line], {
        cwd: stage.home.work,
        env: own,
        ...(codes && { codes }),
      }),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

// A session has the name of the folder's first free run, which others may have had.
async function resultsOf(
  { stage }: Scripted,
  folder: string,
): Promise<JsonObject[]> {
  const lines = jsonLines(await stage.read(`${folder}/results.jsonl`));
  for (const line of lines) {
    const { patch } = line;
    if (typeof patch === "string") await stage.read(`${folder}/${patch}`);
  }
  return lines.map(({ session_id: _, ...rest }) => rest);
}
