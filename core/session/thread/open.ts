/** Starts, resumes and forks threads: a log, a transcript, an actor. */
import { SessionError } from "../../protocol/error.ts";
import { NO_USAGE } from "../../protocol/event.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { RestoredThread, ThreadLog } from "../../protocol/log.ts";
import { memoryLog } from "../state/memory_log.ts";
import { reopenThread } from "../log/restore.ts";
import { planFork } from "../log/rollback_plan.ts";
import { type OpenedThreadLog, openThreadLog } from "../log/log_writer.ts";
import { unarchiveSession } from "../library/edit.ts";
import { ThreadState } from "../state/state.ts";
import {
  closingOnError,
  newMeta,
  openActor,
  openNewLog,
  type OpenThread,
  restoreState,
  type ThreadFactory,
} from "./setup.ts";
import { Transcript } from "../state/transcript.ts";

export type {
  Agent,
  AgentRequest,
  OpenThread,
  ThreadFactory,
} from "./setup.ts";

export async function startThread(factory: ThreadFactory): Promise<OpenThread> {
  const meta = newMeta(factory);
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const log = await openNewLog(factory, meta, warn);
  const state = new ThreadState(new Transcript(log));
  return await closingOnError(
    log,
    () => openActor({ factory, id: meta.id, log, state, warnings }),
  );
}

/** Continues a recorded thread; an ephemeral run leaves its log alone. Throws SessionError. */
export async function resumeThread(
  factory: ThreadFactory,
  path: string,
): Promise<OpenThread> {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const { log, thread } = await openRecordedLog(factory, path, warn);
  return await closingOnError(log, async () => {
    warnings.push(...thread.problems);
    const state = restoreState(log, thread, thread.items);
    const restored = thread;
    const { id } = thread.meta;
    return await openActor({ factory, id, log, state, warnings, restored });
  });
}

/**
 * A new thread with the history of a recorded one, up to its nth user message (from 1);
 * all of it when no number is given. Throws SessionError.
 */
export async function forkThread(
  factory: ThreadFactory,
  path: string,
  atUserMessage?: number,
): Promise<OpenThread> {
  const { host } = factory;
  const { thread } = await reopenThread(host.files, path);
  const kept = keptItems(thread, atUserMessage);
  const meta = { ...newMeta(factory), forkedFrom: thread.meta.id };
  const warnings = [...thread.problems];
  const warn = (message: string): void => void warnings.push(message);
  const log = await openNewLog(factory, meta, warn);
  try {
    return await closingOnError(log, async () => {
      appendHistory(log, kept, thread.handover);
      if (thread.isPlanning) log.append({ type: "mode_changed", mode: "plan" });
      const state = restoreState(log, thread, kept);
      // What the other thread sent and used was not sent and used by this one.
      const { lastRequest: _sent, ...rest } = thread;
      const restored = { ...rest, usage: NO_USAGE };
      const { id } = meta;
      return await openActor({ factory, id, log, state, warnings, restored });
    });
  } catch (error) {
    // Half of a history is of no use.
    if (log.path !== "") await host.files.remove(log.path).catch(() => {});
    throw error;
  }
}

async function openRecordedLog(
  factory: ThreadFactory,
  path: string,
  warn: (message: string) => void,
): Promise<OpenedThreadLog> {
  const { host, codexHome, ephemeral } = factory;
  if (codexHome === undefined) throw noHome();
  if (!ephemeral) {
    // A session that continues is not archived any more.
    const active = await unarchiveSession(host, path, { codexHome });
    return await openThreadLog(host, active, { codexHome, warn });
  }
  const { thread } = await reopenThread(host.files, path);
  return { thread, log: memoryLog() };
}

function keptItems(
  thread: RestoredThread,
  atUserMessage: number | undefined,
): readonly string[] {
  if (atUserMessage === undefined) return thread.items;
  const items = thread.items.map((json): WireItem => JSON.parse(json));
  const count = planFork(items, atUserMessage);
  if (count !== undefined) return thread.items.slice(0, count);
  throw new SessionError(
    `Cannot fork at message ${atUserMessage}: the session has fewer messages`,
  );
}

// The hand-over of a compaction cannot be derived from the items alone.
function appendHistory(
  log: ThreadLog,
  items: readonly string[],
  handover: unknown,
): void {
  for (const json of items) log.append({ type: "item", json });
  if (handover === undefined || handover === null || items.length === 0) return;
  const summary = "";
  log.append({ type: "compacted", summary, replacement: items, handover });
}

function noHome(): SessionError {
  return new SessionError(
    "Cannot resume a session: there is no home folder",
  );
}
