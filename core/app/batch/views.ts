/** `rondo batch status|merge|report`: what came of a batch, read from its folder. */
import { SHARD_FOLDER } from "../../batch/engines/shard.ts";
import { type JournalState } from "../../batch/journal.ts";
import { readEntry, readJournal } from "../../batch/journal_file.ts";
import { type MergedTask, planMerge } from "../../batch/merge.ts";
import {
  PAGE_END,
  renderPageHead,
  renderPageTask,
  renderTable,
  reportCells,
} from "../../batch/report.ts";
import { readResultLines, writeLines } from "../../batch/results.ts";
import { sumUsage, ZERO_USAGE } from "../../batch/usage.ts";
import type { BatchResult, BatchStatus } from "../../contract/batch.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { SessionError, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { encodeJsonLine } from "../../util/json/jsonl.ts";
import { isInside, resolvePath } from "../../util/path.ts";
import { printLines } from "../print.ts";
import { countStates } from "./counts.ts";
import { isOutLocked, outFolder, outPlaces, readBatch } from "./out.ts";

/** How far it is. */
export async function runStatus(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const places = outPlaces(outFolder(host, args[0] ?? ""));
  const state = await readBatch(host, places);
  const active = await isOutLocked(host, places);
  const status = buildStatus(state, { out: places.folder, active });
  const print = printLines(terminal, flags.json ?? false);
  return await print(status, () => renderStatus(status));
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

/** Joins parts. */
export async function runMerge(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  if (flags.out === undefined) {
    throw usageError("Cannot merge: --out is missing, must name where to");
  }
  const folders = await Promise.all(
    args.map((arg) => partFolders(host, outFolder(host, arg))),
  );
  const parts = await Promise.all(
    folders.flat().map(async (folder) => ({
      folder,
      state: await readBatch(host, outPlaces(folder)),
    })),
  );
  const merged = planMerge(parts);
  const out = outFolder(host, flags.out);
  const isFile = out.endsWith(".jsonl");
  if (
    !isFile && await host.files.stat(outPlaces(out).journal) !== undefined
  ) {
    throw usageError(
      `Cannot merge into ${out}: a batch has its results there, must be another folder`,
    );
  }
  if (!isFile) await host.files.mkdir(out);
  const path = isFile ? out : outPlaces(out).results;
  await writeLines(host, path, async function* () {
    for (const task of merged) {
      const result = await readResult(host, task);
      if (!isFile) await copyBelongings(host, { result, task, out });
      yield encodeJsonLine(result);
    }
  });
  terminal.stdout.write(`${merged.length} tasks merged: ${path}\n`);
  return await terminal.stdout.flush() ? 0 : 1;
}

// A folder, or those of the shards in it.
async function partFolders(
  { files }: Host,
  folder: string,
): Promise<readonly string[]> {
  if (await files.stat(outPlaces(folder).journal) !== undefined) {
    return [folder];
  }
  const shards = (await files.list(folder).catch(() => []))
    .map(({ name }) => name).filter((name) => SHARD_FOLDER.test(name)).sort();
  return shards.length === 0
    ? [folder]
    : shards.map((name) => `${folder}/${name}`);
}

async function copyBelongings(
  host: Host,
  { result, task, out }: {
    readonly result: BatchResult;
    readonly task: MergedTask;
    readonly out: string;
  },
): Promise<void> {
  const names = result.patch === null
    ? result.files
    : [result.patch, ...result.files];
  for (const name of names) {
    const path = await ownPath(host, task.part.folder, name);
    const bytes = await host.files.readBytes(path);
    host.files.placeSync(resolvePath(out, name), bytes, { mode: 0o644 });
  }
}

// A part may come from anywhere: a link in it must not lead to what is not its own.
async function ownPath(
  { files }: Host,
  folder: string,
  name: string,
): Promise<string> {
  const path = await files.realPath(`${folder}/${name}`);
  if (isInside(path, await files.realPath(folder))) return path;
  throw usageError(
    `Cannot read ${folder}/${name}: it leads out of its folder, must be in it`,
  );
}

async function readResult(
  { files }: Host,
  { part, place }: MergedTask,
): Promise<BatchResult> {
  const path = outPlaces(part.folder).journal;
  const entry = await readEntry(files, path, place);
  if (entry.type === "ended") return entry.result;
  throw new SessionError(`Cannot read ${path}: it changed while it was read`);
}

/** A table, or a page. */
export async function runReport(
  { args, flags }: CommandLine,
  host: Host,
  terminal: Terminal,
): Promise<number> {
  const folder = outFolder(host, args[0] ?? "");
  const rows: (readonly string[])[] = [];
  for await (const result of readResults(host, folder)) {
    rows.push(reportCells(result));
  }
  if (flags.html === undefined) {
    return await printLines(terminal, false)(rows, () => renderTable(rows));
  }
  const path = resolvePath(host.cwd, flags.html);
  await writeLines(host, path, async function* () {
    yield renderPageHead(rows);
    for await (const result of readResults(host, folder)) {
      const patch = result.patch === null
        ? undefined
        : await host.files.readText(
          await ownPath(host, folder, result.patch),
        );
      yield renderPageTask(result, patch);
    }
    yield PAGE_END;
  });
  terminal.stdout.write(`${path}\n`);
  return await terminal.stdout.flush() ? 0 : 1;
}

// Of a batch that has not ended the journal knows more; joined parts have none.
async function* readResults(
  host: Host,
  folder: string,
): AsyncGenerator<BatchResult> {
  const places = outPlaces(folder);
  const state = await readJournal(host.files, places.journal);
  if (state === undefined) {
    if (await host.files.stat(places.results) === undefined) {
      await readBatch(host, places);
    }
    return yield* readResultLines(host.files, places.results);
  }
  const sorted = [...state.states].sort(([a], [b]) => a - b);
  for (const [, { ended }] of sorted) {
    if (ended === undefined) continue;
    yield await readResult(host, {
      part: { folder, state },
      place: ended.place,
    });
  }
}
