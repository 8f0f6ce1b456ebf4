/** The emitted pipeline, run by gitlab-ci-local from npm: its jobs, artifacts and all. */
import assert from "node:assert/strict";
import {
  answerAll,
  batchModel,
  jsonLines,
  stageFor,
  taskLines,
} from "../../tests/support/batch_stage.ts";
import { agentCommand, agentEnv } from "../../tests/support/run_agent.ts";
import { run } from "./run.ts";
import { FLAGS } from "./scripted.ts";

const PACKAGE = "gitlab-ci-local@4.75.1";
const SHARDS = 4;

/** Runs so many tasks; resolves to how many results the last job joined. */
export async function playPipeline(tasks: number): Promise<number> {
  await using model = batchModel(answerAll());
  await using stage = await stageFor(model);
  const { home, repo: cwd } = stage;
  const npm = `${home.root}/npm`;
  const install = ["install", "--no-audit", "--no-fund", "--prefix", npm];
  await run(["npm", ...install, PACKAGE], { cwd });
  const bin = `${home.root}/bin`;
  await Deno.mkdir(bin);
  const [program = ""] = agentCommand();
  await Deno.symlink(program, `${bin}/rondo`);
  const plain = agentEnv(home);
  const env = { ...plain, PATH: `${bin}:${plain["PATH"]}` };
  await Deno.writeTextFile(
    `${cwd}/tasks.jsonl`,
    taskLines(tasks).replaceAll('"repo":"repo"', '"repo":"."'),
  );
  const words = ["batch", "emit", "gitlab", "tasks.jsonl", ...FLAGS];
  // A shell stands for the image: nothing is installed.
  const more = ["--shards", String(SHARDS), "--image", "rondo"];
  const pipeline = await run(["rondo", ...words, ...more], { cwd, env });
  await Deno.writeTextFile(`${cwd}/.gitlab-ci.yml`, pipeline);
  const remote = "git@gitlab.example.com:group/project.git";
  await run(["git", "remote", "add", "origin", remote], { cwd, env });
  await run(["git", "add", "-A"], { cwd, env });
  const person = ["-c", "user.name=t", "-c", "user.email=t@t"];
  await run(["git", ...person, "commit", "-qm", "pipeline"], { cwd, env });
  const runner = `${npm}/node_modules/gitlab-ci-local/dist/index.js`;
  const local = [Deno.execPath(), "run", "--no-check", "-A", runner];
  const out = await run([
    ...local,
    "--force-shell-executor",
    "--shell-isolation",
    ...["--home", home.home, "--concurrency", "2"],
  ], { cwd, env });
  const path = `${cwd}/tasks.batch/all/results.jsonl`;
  const text = await Deno.readTextFile(path).catch(() => assert.fail(out));
  return jsonLines(text).length;
}
