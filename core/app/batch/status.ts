/** `rondo batch status`: how far a batch is, or all of its shards together. */
import type { JournalState } from "../../batch/journal.ts";
import { sumUsage, ZERO_USAGE } from "../../batch/usage.ts";
import type { BatchStatus } from "../../contract/batch.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { printLines } from "../print.ts";
import { countStates } from "../../batch/counts.ts";
import {
  isOutLocked,
  outFolder,
  outPlaces,
  partFolders,
  readBatch,
} from "./out.ts";

/** Prints it. Throws UserError. */
export async function runStatus(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const folder = outFolder(host, args[0] ?? "");
  const parts = await Promise.all(
    (await partFolders(host, folder)).map((part) => readPart(host, part)),
  );
  const status = joinStatus(folder, parts);
  const print = printLines(terminal, flags.json ?? false);
  return await print(status, () => renderStatus(status));
}

interface Part {
  readonly status: BatchStatus;
  /** Tasks of the whole file. */
  readonly tasks: number;
}

async function readPart(host: Host, folder: string): Promise<Part> {
  const places = outPlaces(folder);
  const state = await readBatch(host, places);
  const active = await isOutLocked(host, places);
  const status = buildStatus(state, { out: folder, active });
  return { status, tasks: state.tasks.length };
}

// Tasks of shards that have not begun wait.
function joinStatus(out: string, parts: readonly Part[]): BatchStatus {
  const [first, ...others] = parts;
  if (first === undefined) throw new Error("Broken: a batch has no part");
  if (others.length === 0 && first.status.out === out) return first.status;
  const all = parts.map(({ status }) => status);
  const sum = (count: (one: BatchStatus) => number): number =>
    all.reduce((total, one) => total + count(one), 0);
  const byIndex = (
    a: { readonly index: number },
    b: { readonly index: number },
  ): number => a.index - b.index;
  const unbegun = first.tasks - sum(({ tasks }) => tasks);
  return {
    ...first.status,
    out,
    tasks: first.tasks,
    done: sum(({ done }) => done),
    failed: sum(({ failed }) => failed),
    waiting: sum(({ waiting }) => waiting) + unbegun,
    active: all.some(({ active }) => active),
    running: all.flatMap(({ running }) => running).sort(byIndex),
    failures: all.flatMap(({ failures }) => failures).sort(byIndex),
    usage: all.map(({ usage }) => usage).reduce(sumUsage, ZERO_USAGE),
  };
}

function buildStatus(
  { opened, tasks, states }: JournalState,
  { out, active }: { readonly out: string; readonly active: boolean },
): BatchStatus {
  const { shard } = opened;
  const planned = tasks.map((_, index) => ({ index })).filter(({ index }) =>
    shard === null || index % shard.count === shard.index
  );
  const sorted = [...states].sort(([a], [b]) => a - b);
  return {
    out,
    tasks_file: opened.tasks_file,
    ...countStates(planned, states),
    active,
    running: sorted.flatMap(([index, { id, running }]) =>
      active && running !== undefined
        ? [{ index, id, attempt: running.attempt }]
        : []
    ),
    failures: sorted.flatMap(([index, { id, ended }]) =>
      ended === undefined || ended.exitCode === 0
        ? []
        : [{ index, id, exit_code: ended.exitCode, status: ended.status }]
    ),
    usage: sorted.reduce(
      (sum, [, one]) => sumUsage(sum, one.usage),
      ZERO_USAGE,
    ),
  };
}

function renderStatus(status: BatchStatus): readonly string[] {
  const { tasks, done, failed, waiting, active, running, failures } = status;
  return [
    `${done} of ${tasks} tasks done, ${failed} failed, ${waiting} to go; ${
      active ? "running" : "not running"
    }`,
    ...running.map(({ id, attempt }) => `running: ${id}, attempt ${attempt}`),
    ...failures.map((one) =>
      `failed: ${one.id}, ${one.status} (exit ${one.exit_code})`
    ),
  ];
}
