/** Real engines run a batch of build/rondo; not part of the gate. */
// deno run --no-check -A scripts/batch_engines.ts [schemas] [kubernetes] [github] [gitlab] [parallel] [slurm] [--tasks N]
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { runGithub, runKubernetes } from "./batch_engines/emitted.ts";
import { playPipeline } from "./batch_engines/gitlab.ts";
import { missing } from "./batch_engines/run.ts";
import { checkSchemas } from "./batch_engines/schemas.ts";
import { FLAGS, playBatch, type Scripted } from "./batch_engines/scripted.ts";
import { startSlurm } from "./batch_engines/slurm_cluster.ts";
import { batchStage, taskLines } from "../tests/support/batch_stage.ts";

const SHARDS = 20;
/** Nothing but the commands is tried, and they come one after the other. */
const EMITTED_TASKS = 40;
const MUNGE_AND_SLURM = ["munged", "slurmctld", "slurmd", "sbatch"];

interface Part {
  /** Programs without which it is skipped. */
  readonly needs: readonly string[];
  readonly play: (tasks: number) => Promise<string>;
}

const PARTS: Readonly<Record<string, Part>> = {
  schemas: { needs: ["npm", "node"], play: playSchemas },
  kubernetes: { needs: [], play: (tasks) => playEmitted(tasks, runKubernetes) },
  github: { needs: [], play: (tasks) => playEmitted(tasks, runGithub) },
  gitlab: { needs: ["npm", "rsync"], play: playGitlab },
  parallel: { needs: ["parallel"], play: playParallel },
  slurm: { needs: MUNGE_AND_SLURM, play: playSlurm },
};

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: { tasks: { type: "string", default: "1000" } },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
  for (const name of names) {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`There is no part ${name}`);
    const lacking = missing(part.needs);
    if (lacking.length > 0) {
      console.warn(`SKIPPED ${name}: not installed: ${lacking.join(", ")}`);
      continue;
    }
    const startMs = performance.now();
    const said = await part.play(Number(values.tasks));
    const seconds = Math.round((performance.now() - startMs) / 1_000);
    console.log(`ok  ${name}: ${said} (${seconds} s)`);
  }
}

async function playSchemas(): Promise<string> {
  await using stage = await batchStage();
  await stage.write("tasks.jsonl", taskLines(SHARDS));
  const emit = async (engine: string): Promise<string> => {
    const words = ["batch", "emit", engine, "tasks.jsonl", ...FLAGS];
    return (await stage.run(words)).stdout;
  };
  await checkSchemas(emit);
  return "the Job, the workflow and the pipeline are what their schemas say";
}

async function playEmitted(
  tasks: number,
  spread: (scripted: Scripted) => Promise<void>,
): Promise<string> {
  const some = Math.min(tasks, EMITTED_TASKS);
  await playBatch(some, spread);
  return `${some} tasks by the commands of its file, the results of one batch`;
}

async function playGitlab(tasks: number): Promise<string> {
  const some = Math.min(tasks, EMITTED_TASKS);
  assert.equal(await playPipeline(some), some);
  return `${some} tasks by the jobs of its pipeline, joined from their artifacts`;
}

async function playParallel(tasks: number): Promise<string> {
  await playBatch(tasks, async (scripted) => {
    const words = ["rondo", "batch", "tasks.jsonl", "--jobs", "1", ...FLAGS];
    const line = `seq ${SHARDS} | parallel -j 4 ${
      words.join(" ")
    } --shard {}/${SHARDS}`;
    // As many jobs have failed as shards have a task that fails.
    const codes = Array.from({ length: SHARDS + 1 }, (_, code) => code);
    await scripted.shell(line, { codes });
    const merge = "rondo batch merge tasks.batch --out tasks.batch/all";
    await scripted.shell(merge);
  });
  return `${tasks} tasks in ${SHARDS} shards by GNU parallel, the results of one batch`;
}

async function playSlurm(tasks: number): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "rondo-slurm-" });
  let requeued = 0;
  await using cluster = await startSlurm(folder);
  await playBatch(tasks, async (scripted) => {
    requeued = await submit(scripted, cluster.env);
  });
  await Deno.remove(folder, { recursive: true });
  return `${tasks} tasks as an array of ${SHARDS}, ${requeued} of its jobs begun again on the way, the results of one batch`;
}

// The two lines that the script itself says, the second one waited for.
async function submit(
  { shell, stage }: Scripted,
  slurm: Readonly<Record<string, string>>,
): Promise<number> {
  const variables = Object.entries(slurm)
    .map(([name, value]) => `export ${name}=${value};`).join(" ");
  const flags = [`--shards ${SHARDS}`, "--jobs 1", ...FLAGS].join(" ");
  await shell(
    `rondo batch emit slurm tasks.jsonl ${flags} > rondo-tasks.sbatch`,
  );
  const script = await stage.read("rondo-tasks.sbatch");
  const [first = "", second = ""] = [...script.matchAll(/^# {3}(.+)$/gm)]
    .map(([, line = ""]) => line);
  const job = (await shell(`${variables} ${first}; echo $job`)).trim();
  const requeued = await requeueSome(
    (line) => shell(`${variables} ${line}`),
    job,
  );
  const waiting = second.replace("sbatch ", "sbatch --wait ");
  await shell(`${variables} job=${job}; ${waiting}`);
  return requeued;
}

// Those that run once somebody looks: as when their node is lost.
async function requeueSome(
  shell: (line: string) => Promise<string>,
  job: string,
): Promise<number> {
  for (;;) {
    const rows = (await shell(`squeue -h -t R -j ${job} -o %F_%K`)).trim();
    if (rows === "") continue;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const some = rows.split("\n").slice(0, 3);
    for (const row of some) await shell(`scontrol requeue ${row}`);
    return some.length;
  }
}
