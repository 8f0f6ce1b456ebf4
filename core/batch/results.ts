/** The results of a batch: a line for each task that has ended, in the order of the tasks. */
import { BatchResult } from "../contract/batch.ts";
import { errorReason, isAbsent, SessionError } from "../protocol/error.ts";
import type { AppendFile, Host } from "../protocol/host.ts";
import { parseJson } from "../util/json/json.ts";
import { encodeJsonLine } from "../util/json/jsonl.ts";
import type { JournalState, TaskState } from "./journal.ts";
import { readEntry, readPlacedLines } from "./journal_file.ts";
import type { Outcome } from "./run_record.ts";
import type { Task } from "./tasks.ts";
import { sumUsage } from "./usage.ts";

/** What an attempt left, beside what it said. Paths are relative to the results. */
export interface Harvest {
  readonly patch: string | null;
  readonly branch: string | null;
  readonly files: readonly string[];
}

/** The line of a task that has ended. Keys stand in the order of the schema. */
export function buildResult(
  task: Task,
  before: Pick<TaskState, "failed" | "usage" | "requests">,
  { outcome, harvest, sessionId }: {
    readonly outcome: Outcome;
    readonly harvest: Harvest;
    readonly sessionId: string | null;
  },
): BatchResult {
  return {
    index: task.index,
    id: task.id,
    exit_code: outcome.exitCode,
    status: outcome.status,
    message: outcome.message,
    ...(task.schema !== undefined && {
      output: parseJson(outcome.message ?? "") ?? null,
    }),
    error: outcome.error,
    usage: sumUsage(before.usage, outcome.usage),
    requests: before.requests + outcome.requests,
    patch: harvest.patch,
    branch: harvest.branch,
    files: [...harvest.files],
    attempts: before.failed + 1,
    rounds: outcome.rounds,
    session_id: sessionId,
  };
}

/** Writes the file anew from the journal, a line at a time, and puts it in place at once. */
export async function writeResults(
  host: Pick<Host, "files">,
  { journal, path, states }: {
    readonly journal: string;
    readonly path: string;
    readonly states: JournalState["states"];
  },
): Promise<void> {
  const ended = [...states].sort(([a], [b]) => a - b)
    .flatMap(([, { ended }]) => ended === undefined ? [] : [ended]);
  await writeLines(host, path, async function* () {
    for (const { place } of ended) {
      const entry = await readEntry(host.files, journal, place);
      if (entry.type !== "ended") {
        throw new SessionError(
          `Cannot write ${path}: ${journal} has changed, must be left alone while the batch runs`,
        );
      }
      yield encodeJsonLine(entry.result);
    }
  });
}

/** The lines of a file of results. Throws SessionError where one is none. */
export async function* readResultLines(
  files: Host["files"],
  path: string,
): AsyncGenerator<BatchResult> {
  for await (const { text } of readPlacedLines(files, path)) {
    const { success, data } = BatchResult.safeParse(parseJson(text));
    if (!success) {
      throw new SessionError(
        `Cannot read ${path}: it has a line that is no result, must be as the batch wrote it`,
      );
    }
    yield data;
  }
}

/** A file of lines, whole or not at all. */
export async function writeLines(
  { files }: Pick<Host, "files">,
  path: string,
  lines: () => AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  const failure = (error: unknown): SessionError =>
    new SessionError(
      `Cannot write ${path}: ${
        errorReason(error)
      }; once it can be written, the same command does`,
    );
  const aside = `${path}.part`;
  const file = await openAnew(files, aside).catch((error) => {
    throw failure(error);
  });
  try {
    for await (const line of lines()) {
      try {
        file.write(line);
      } catch (error) {
        throw failure(error);
      }
    }
    file.sync();
  } finally {
    file.close();
  }
  await files.rename(aside, path);
}

async function openAnew(
  files: Host["files"],
  path: string,
): Promise<AppendFile> {
  await files.remove(path).catch((error) => {
    if (!isAbsent(error)) throw error;
  });
  return await files.openAppend(path);
}
