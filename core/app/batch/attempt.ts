/** One attempt of a task: a run of this very program, in the task's own place. */
import { buildChildArgs } from "../../batch/child_command.ts";
import { type Outcome, RunRecord } from "../../batch/run_record.ts";
import type { AttemptEnd, AttemptRequest } from "../../batch/schedule.ts";
import { ZERO_USAGE } from "../../batch/usage.ts";
import { EXIT_CODES, exitCode } from "../../contract/exit_code.ts";
import { BATCH_MARK } from "../../protocol/command.ts";
import { GATE_VARIABLE } from "../../protocol/provider.ts";
import { errorText, UserError } from "../../protocol/error.ts";
import type { Child } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { withTimeout } from "../../util/async.ts";
import { readLines } from "../../util/json/jsonl.ts";
import { tailBytes } from "../../util/text/text.ts";
import { visibleText } from "../../util/text/visible_text.ts";
import { collectHarvest, NO_HARVEST } from "./harvest.ts";
import type { Workplace } from "./place.ts";
import { copyIn, openWorkplace } from "./workplace.ts";
import type { Batch } from "./open.ts";

/** Of what a run says on stderr, when that is all that is known of its end. */
const STDERR_BYTES = 2_000;

/** Runs it. What cannot even begin is an outcome, too: other tasks go on. */
export async function runAttempt(
  batch: Batch,
  request: AttemptRequest,
): Promise<AttemptEnd | "stopped"> {
  const { stop } = batch;
  if (stop.signal.aborted) return "stopped";
  let place: Workplace | undefined;
  try {
    place = await openWorkplace(batch, request.task);
    await copyIn(batch, request.task, place);
    const outcome = await runChild(batch, request, place);
    if (outcome !== "stopped") return endOf(batch, request, { place, outcome });
  } catch (error) {
    if (!await isStopping(batch)) {
      const outcome = outcomeOfError(error);
      return endOf(batch, request, { place, outcome });
    }
  }
  await place?.close();
  return "stopped";
}

// A whole group, or a job of an engine, is signalled at once: what we have started may have
// ended by it before we hear of it ourselves.
async function isStopping(
  { host, stop: { signal } }: Pick<Batch, "host" | "stop">,
): Promise<boolean> {
  await host.sleep(LIMITS.batchSignalMs, signal).catch(() => {});
  return signal.aborted;
}

function endOf(
  batch: Batch,
  { task }: AttemptRequest,
  { place, outcome }: {
    readonly place: Workplace | undefined;
    readonly outcome: Outcome;
  },
): AttemptEnd {
  return {
    outcome,
    harvest: async () => {
      try {
        const harvest = await collectHarvest(batch, task, place);
        return { harvest, outcome };
      } catch (error) {
        if (await isStopping(batch)) return "stopped";
        // Work that cannot be kept is not done; the other tasks go on.
        return { harvest: NO_HARVEST, outcome: asFailed(outcome, error) };
      }
    },
    close: async () => await place?.close(),
  };
}

function asFailed(outcome: Outcome, error: unknown): Outcome {
  const isBad = outcome.exitCode !== 0;
  return {
    ...outcome,
    ...(!isBad && { exitCode: exitCode("failed"), status: "failed" }),
    error: { kind: "results", message: errorText(error) },
  };
}

/** An attempt that did not get as far as its run. */
function outcomeOfError(error: unknown): Outcome {
  const kind = error instanceof UserError ? error.kind : "setup";
  const name = kind === "setup" ? "failed" : kind;
  return {
    exitCode: EXIT_CODES[name].code,
    status: name,
    message: null,
    error: { kind, message: errorText(error) },
    usage: ZERO_USAGE,
    requests: 0,
    rounds: null,
  };
}

async function runChild(
  batch: Batch,
  request: AttemptRequest,
  place: Workplace,
): Promise<Outcome | "stopped"> {
  const { stop, children } = batch;
  if (stop.signal.aborted) return "stopped";
  const child = startChild(batch, request, place);
  children.add(child);
  const record = new RunRecord();
  const [said, status] = await Promise.all([
    readTail(child),
    child.status,
    countLines(batch, child, record),
  ]).catch(async (error) => {
    // Nobody counts what it does any more, and its place is about to go.
    child.kill("SIGKILL", { group: true });
    await child.status;
    throw error;
  }).finally(() => children.delete(child));
  const isCutShort = status.signal !== null ||
    [exitCode("sigint"), exitCode("sigterm")].includes(status.code);
  if (isCutShort && await isStopping(batch)) return "stopped";
  const outcome = record.outcome(status.code);
  if (outcome.error !== null || outcome.exitCode === 0) return outcome;
  return said === "" ? outcome : {
    ...outcome,
    error: { kind: outcome.status, message: visibleText(said).trim() },
  };
}

function startChild(
  batch: Batch,
  { task, sessionId }: AttemptRequest,
  { dir, isIsolated }: Workplace,
): Child {
  const { host, flags, tasksFolder, budget, gate, hidden, mark } = batch;
  const args = buildChildArgs({
    task,
    flags,
    cwd: host.cwd,
    tasksFolder,
    left: budget.left,
    sessionId,
    hidden,
    isIsolated,
  });
  const [command = "", ...words] = host.selfCommand(args);
  return host.spawn({
    command,
    args: words,
    cwd: dir,
    env: { ...host.envAll(), [GATE_VARIABLE]: gate, [BATCH_MARK]: mark },
    stdin: new TextEncoder().encode(task.prompt),
    stdout: "pipe",
    stderr: "pipe",
    // A Ctrl-C at the terminal is ours to hand on, once.
    detached: true,
    mark,
  });
}

async function countLines(
  batch: Batch,
  child: Child,
  record: RunRecord,
): Promise<void> {
  if (child.stdout === undefined) return;
  const lineBytesMax = 2 * LIMITS.eventLineBytes;
  for await (const line of readLines(child.stdout, { lineBytesMax })) {
    const answered = record.take(line);
    if (answered === undefined) continue;
    const { model, usage } = answered;
    await batch.count(model, usage);
  }
}

async function readTail({ stderr }: Child): Promise<string> {
  if (stderr === undefined) return "";
  let tail = "";
  for await (const piece of stderr.pipeThrough(new TextDecoderStream())) {
    tail = tailBytes(tail + piece, STDERR_BYTES);
  }
  return tail;
}

/** Tells all runs to end, and ends those that do not. */
export async function endChildren(
  { host, children }: Pick<Batch, "host" | "children">,
  signal: "SIGINT" | "SIGTERM",
): Promise<void> {
  const ending = [...children];
  for (const child of ending) child.kill(signal);
  const ended = Promise.all(ending.map(({ status }) => status));
  const late = await withTimeout(ended, LIMITS.batchGraceMs, host);
  if (late === "timeout") killChildren({ children });
}

/** Ends them at once. */
export function killChildren({ children }: Pick<Batch, "children">): void {
  for (const child of children) child.kill("SIGKILL", { group: true });
}
