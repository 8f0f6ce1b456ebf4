/** A batch before its first task: files checked, folder taken, journal read or begun. */
import type { BatchBudget } from "../../batch/budget.ts";
import { seedOf } from "../../batch/identity.ts";
import type { EntryOf, JournalState } from "../../batch/journal.ts";
import {
  type JournalWriter,
  openJournal,
  readJournal,
} from "../../batch/journal_file.ts";
import type { Shard } from "../../batch/plan.ts";
import type { Task } from "../../batch/tasks.ts";
import type { Flags } from "../../contract/command_line.ts";
import type { ExecUsage } from "../../contract/event.ts";
import { usageError } from "../../protocol/error.ts";
import type { Child, Host } from "../../protocol/host.ts";
import { claimRun } from "./run_number.ts";
import {
  endOrphans,
  type OutPlaces,
  removeDrafts,
  removeSessions,
} from "./out.ts";

/** What the tasks of a batch share while they run. */
export interface Batch {
  readonly host: Host;
  readonly flags: Flags;
  readonly codexHome: string | undefined;
  readonly places: OutPlaces;
  /** What all its parts write to, without links. */
  readonly results: string;
  /** What commands of tasks are not to see, that among it. */
  readonly hidden: readonly string[];
  /** What paths of tasks are relative to. */
  readonly tasksFolder: string;
  readonly budget: BatchBudget;
  /** Tells this batch from others on the machine. */
  readonly key: string;
  /** Folder of the gate. */
  readonly gate: string;
  /** In the environment of all runs of this process. */
  readonly mark: string;
  readonly children: Set<Child>;
  readonly stop: AbortController;
  /** A request was answered. */
  readonly count: (model: string, usage?: ExecUsage) => Promise<void>;
  readonly warn: (message: string) => void;
}

/** The journal of this start. */
export interface OpenJournal {
  readonly writer: JournalWriter;
  readonly state: JournalState;
}

interface JournalRequest {
  readonly host: Host;
  readonly codexHome: string | undefined;
  readonly places: OutPlaces;
  /** All of the file. */
  readonly tasks: readonly Task[];
  readonly tasksFile: string;
  readonly shard: Shard | undefined;
  /** Tells this batch from others on the machine. */
  readonly key: string;
  readonly mark: string;
}

/** Goes on with the journal that is there, or begins one. Throws UserError and SessionError. */
export async function openBatchJournal(
  request: JournalRequest,
): Promise<OpenJournal> {
  const { host, places, codexHome, mark, key } = request;
  const { journal: path } = places;
  const before = await readJournal(host.files, path);
  if (before !== undefined) {
    refuseChanged(request, before);
    if (before.openMark !== undefined) await endOrphans(host, key);
    await removeSessions(host, codexHome, interrupted(before));
    await removeDrafts(host, places);
  }
  const writer = await openJournal(host.files, path);
  const at = host.now().toISOString();
  const hashes = request.tasks.map(({ hash }) => hash);
  const opened = before?.opened ?? await beginJournal(request, { at, hashes });
  if (before === undefined) writer.write(opened);
  else if (hashes.length > before.tasks.length) {
    const added = hashes.slice(before.tasks.length);
    writer.write({ type: "added", at, tasks: added });
  }
  writer.write({ type: "resumed", at, mark });
  return {
    writer,
    state: {
      opened,
      tasks: hashes,
      states: before?.states ?? new Map(),
      openMark: mark,
    },
  };
}

function interrupted({ states }: JournalState): ReadonlySet<string> {
  const ids = [...states.values()].map(({ running }) => running?.sessionId);
  return new Set(ids.filter((id) => id !== undefined && id !== null));
}

async function beginJournal(
  { host, codexHome, places, tasks, tasksFile, shard }: JournalRequest,
  { at, hashes }: { readonly at: string; readonly hashes: string[] },
): Promise<EntryOf<"opened">> {
  const seed = seedOf(tasks);
  // The other parts of a batch begin when they want to.
  const own = tasks.filter(({ index }) =>
    shard === undefined || index % shard.count === shard.index
  );
  const { folder } = places;
  const run = codexHome === undefined
    ? 1
    : await claimRun(host, { codexHome, seed, shard, folder }, own);
  return {
    type: "opened",
    version: 1,
    at,
    seed,
    run,
    tasks_file: tasksFile,
    tasks: hashes,
    shard: shard === undefined
      ? null
      : { index: shard.index, count: shard.count },
  };
}

// What has run is what the results say; a line that changed would make them a lie.
function refuseChanged(
  { places, tasks, tasksFile, shard }: JournalRequest,
  before: JournalState,
): void {
  const fail = (what: string): never => {
    throw usageError(
      `Cannot go on with batch ${places.folder}: ${what}; give another --out for a new batch`,
    );
  };
  const changed = before.tasks.findIndex((hash, at) =>
    tasks[at] !== undefined && tasks[at].hash !== hash
  );
  if (changed >= 0) {
    fail(
      `task ${changed} of ${tasksFile} has changed, must be as it was: only lines at the end may be added`,
    );
  }
  if (tasks.length < before.tasks.length) {
    fail(
      `${tasksFile} has ${tasks.length} tasks, must have the ${before.tasks.length} it had`,
    );
  }
  const { shard: old } = before.opened;
  if (old?.index !== shard?.index || old?.count !== shard?.count) {
    fail("it was begun with another --shard, must be the same");
  }
}
