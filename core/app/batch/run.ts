/** `rondo batch TASKS`: every task a run of its own, whatever becomes of the others. */
import { BatchBudget } from "../../batch/budget.ts";
import { sessionIdOf } from "../../batch/identity.ts";
import { planTasks } from "../../batch/plan.ts";
import { parseRetryRule, type RetryRule } from "../../batch/retries.ts";
import { findShard, type FoundShard } from "../../batch/engines/shard.ts";
import { writeResults } from "../../batch/results.ts";
import { Schedule } from "../../batch/schedule.ts";
import { parseTasks, type Task } from "../../batch/tasks.ts";
import { loadConfig, type LoadedConfig } from "../../config/load.ts";
import { priceOf } from "../../config/settings.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import {
  closeRequestGate,
  createRequestGate,
} from "../../model/request_gate.ts";
import type { ExecUsage } from "../../contract/event.ts";
import { usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { sweepStages } from "../../staging/places.ts";
import { costOf } from "../../session/state/budget.ts";
import { dirname, resolvePath } from "../../util/path.ts";
import { sha256Hex } from "../../util/sha256.ts";
import { endChildren, runAttempt } from "./attempt.ts";
import { checkTasks, readTasks } from "./checks.ts";
import { type Batch, openBatchJournal, type OpenJournal } from "./open.ts";
import {
  defaultOut,
  lockOut,
  outFolder,
  type OutPlaces,
  outPlaces,
} from "./out.ts";
import { openProgress, type Say } from "./progress.ts";
import { closeBatch } from "./close.ts";
import { countStates } from "../../batch/counts.ts";
import { releaseRun } from "./run_number.ts";
import { listenForStop } from "./stop.ts";
import { isInPlace, realDir } from "./workplace.ts";

/** What is known before anything is written. */
interface Asked {
  readonly tasksFile: string;
  readonly tasks: readonly Task[];
  readonly planned: readonly Task[];
  readonly shard: FoundShard | undefined;
  readonly retry: RetryRule;
  readonly loaded: LoadedConfig;
  readonly jobs: number;
  readonly places: OutPlaces;
  /** What all parts write to. */
  readonly results: string;
}

/** Runs what has not ended yet. Resolves to the exit code. Throws UserError and SessionError. */
export async function runBatch(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const tasksFile = resolvePath(host.cwd, args[0] ?? "");
  const tasks = parseTasks(await readTasks(host, tasksFile), tasksFile);
  const shard = findShard((name) => host.env(name), flags.shard);
  const planned = planTasks(tasks, { flags, shard });
  const retry = parseRetryRule(flags.retry, flags.retries);
  const jobs = jobsOf(flags.jobs);
  const loaded = await loadConfig(host, { flags, canAsk: false });
  const out = flags.out ?? defaultOut(tasksFile);
  const results = outFolder(host, out);
  const places = outPlaces(outFolder(host, out, shard));
  await checkTasks(host, { planned, flags, tasksFile, out: places.folder });
  const lock = await lockOut(host, places);
  try {
    return await runLocked(
      {
        tasksFile,
        tasks,
        planned,
        shard,
        retry,
        loaded,
        jobs,
        places,
        results,
      },
      { host, terminal, flags },
    );
  } finally {
    lock[Symbol.dispose]();
  }
}

function jobsOf(jobs: number | undefined): number {
  const { batchJobs, batchJobsMax } = LIMITS;
  if (jobs === undefined) return batchJobs;
  if (jobs >= 1 && jobs <= batchJobsMax) return jobs;
  throw usageError(
    `Cannot use --jobs ${jobs}: must be from 1 to ${batchJobsMax}`,
  );
}

interface Surroundings {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly flags: CommandLine["flags"];
}

async function runLocked(asked: Asked, around: Surroundings): Promise<number> {
  const { host, flags, terminal } = around;
  const { places, tasks, tasksFile, loaded, shard } = asked;
  const key = sha256Hex(await host.files.realPath(places.folder)).slice(0, 32);
  const mark = `${key}-${host.newId()}`;
  const home = `${loaded.codexHome ?? places.folder}/batch/${key}`;
  const journal = await openBatchJournal({
    host,
    codexHome: loaded.codexHome,
    places,
    tasks,
    tasksFile,
    shard,
    key,
    mark,
  });
  try {
    await sweepOld(host, loaded.codexHome);
    const gate = `${home}/gate`;
    await createRequestGate(host, gate, flags.requests);
    const say = openProgress(terminal, flags);
    const results = await host.files.realPath(asked.results);
    const batch = openBatch({ ...asked, results }, around, {
      key,
      gate,
      mark,
      say,
    });
    return await runOpen(asked, { batch, journal, say, terminal });
  } finally {
    journal.writer.close();
    await sweepOld(host, loaded.codexHome);
    await host.files.remove(home, { recursive: true }).catch(() => {});
  }
}

// Work trees of processes that were killed, one of this batch perhaps among them.
async function sweepOld(
  host: Host,
  codexHome: string | undefined,
): Promise<void> {
  if (codexHome !== undefined) await sweepStages(host, { codexHome });
}

function openBatch(
  { places, results, tasksFile, loaded }: Asked,
  { host, flags }: Surroundings,
  { key, gate, mark, say }: {
    readonly key: string;
    readonly gate: string;
    readonly mark: string;
    readonly say: Say;
  },
): Batch {
  const budget = new BatchBudget({
    requests: flags.maxRequests,
    tokens: flags.maxTokens,
    cost: flags.maxCost,
  });
  return {
    host,
    flags,
    codexHome: loaded.codexHome,
    places,
    results,
    hidden: [...loaded.config.sandbox_workspace_write.deny_read, results],
    tasksFolder: dirname(tasksFile),
    budget,
    key,
    gate,
    mark,
    children: new Set(),
    stop: new AbortController(),
    warn: (message) => say({ type: "warning", message }),
    count: async (model, usage) => {
      budget.count(1, usage, usage && priced(loaded, model, usage));
      // Whoever is under way has asked for all that was left: nobody asks for more.
      const { spent } = budget;
      if (spent !== undefined) await closeRequestGate(host, gate, spent);
    },
  };
}

function priced(
  { config }: LoadedConfig,
  model: string,
  usage: ExecUsage,
): number {
  const price = priceOf(config, model);
  if (price === undefined) return 0;
  return costOf({
    inputTokens: usage.input_tokens,
    cachedInputTokens: usage.cached_input_tokens,
    cacheWriteInputTokens: usage.cache_write_input_tokens,
    outputTokens: usage.output_tokens,
    reasoningOutputTokens: usage.reasoning_output_tokens,
    totalTokens: usage.input_tokens + usage.output_tokens,
  }, price);
}

interface Open {
  readonly batch: Batch;
  readonly journal: OpenJournal;
  readonly say: Say;
  readonly terminal: Terminal;
}

async function runOpen(asked: Asked, open: Open): Promise<number> {
  const { planned, jobs, places, shard } = asked;
  const { batch, journal, say, terminal } = open;
  const { host } = batch;
  const stopped = listenForStop(batch, terminal);
  const schedule = new Schedule(
    planned,
    journal.state.states,
    await scheduleOptions(asked, open),
  );
  // What earlier starts used counts against the limits of the batch as well.
  for (const task of planned) {
    const state = schedule.states.get(task.index);
    if (state === undefined) continue;
    const model = task.model ?? batch.flags.model ?? asked.loaded.config.model;
    const { requests, usage } = state;
    batch.budget.count(requests, usage, priced(asked.loaded, model, usage));
  }
  say({
    type: "batch.started",
    ...countStates(planned, schedule.states),
    jobs,
    out: places.folder,
    ...(shard !== undefined && { shard }),
  });
  try {
    await schedule.run();
  } catch (error) {
    // A bug, or a full disk: what runs must not go on without us.
    batch.stop.abort();
    await endChildren(batch, "SIGTERM");
    await schedule.settle();
    throw error;
  } finally {
    stopped.release();
  }
  await stopped.ending();
  await writeResults(host, {
    journal: places.journal,
    path: places.results,
    states: schedule.states,
  });
  await releaseIfDone(asked, open, schedule.states);
  const code = stopped.exitCode();
  return await closeBatch({ ...open, planned, states: schedule.states }, code);
}

async function releaseIfDone(
  { planned, places: { folder }, shard, loaded: { codexHome } }: Asked,
  { batch, journal: { state } }: Open,
  states: Schedule["states"],
): Promise<void> {
  if (codexHome === undefined) return;
  if (countStates(planned, states).waiting > 0) return;
  const { seed, run } = state.opened;
  await releaseRun(batch.host, { codexHome, seed, shard, folder }, run);
}

async function scheduleOptions(
  { retry, jobs, planned }: Asked,
  { batch, journal: { state, writer }, say }: Open,
): Promise<ConstructorParameters<typeof Schedule>[2]> {
  const { host, flags, tasksFolder } = batch;
  const { seed, run } = state.opened;
  // With --in-place a folder, with those in it, has one task at a time, whatever leads to it.
  const folders = new Map<number, string>();
  for (const task of planned.filter((task) => isInPlace(task, flags))) {
    folders.set(task.index, await realDir(host, tasksFolder, task));
  }
  return {
    host,
    jobs,
    retry,
    budget: batch.budget,
    stop: batch.stop.signal,
    write: (entry) => writer.write(entry),
    say,
    sessionId: ({ index }, attempt) =>
      flags.ephemeral ? null : sessionIdOf({ seed, run, index, attempt }),
    folderOf: ({ index }) => folders.get(index),
    run: (request) => runAttempt(batch, request),
  };
}
