/** `rondo batch merge|report`: what came of a batch, read from its folder. */
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
import type { BatchResult } from "../../contract/batch.ts";
import type { CommandLine } from "../../contract/command_line.ts";
import { isAbsent, SessionError, usageError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import { encodeJsonLine } from "../../util/json/jsonl.ts";
import { isInside, resolvePath } from "../../util/path.ts";
import { printLines } from "../print.ts";
import { outFolder, outPlaces, partFolders, readBatch } from "./out.ts";

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

async function readPatch(
  host: Host,
  folder: string,
  { patch }: BatchResult,
): Promise<string | undefined> {
  if (patch === null) return undefined;
  try {
    return await host.files.readText(await ownPath(host, folder, patch));
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return "The file is not there any more.";
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
      yield renderPageTask(result, await readPatch(host, folder, result));
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
