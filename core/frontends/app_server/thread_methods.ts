/** `thread/*`: opening, changing and putting away threads. */
import type { RecordedTurn } from "../../protocol/log.ts";
import type { Call } from "./connection.ts";
import { parseParams, refusal } from "./rpc.ts";
import type { ServedThread } from "./served_thread.ts";
import type { ThreadFacts } from "./words/thread_view.ts";
import { loadPatch } from "./settings.ts";
import {
  loadTurns,
  type Method,
  recordedPath,
  type ThreadRoom,
  viewOf,
} from "./thread_lists.ts";
import {
  ThreadForkParams,
  ThreadNameParams,
  ThreadParams,
  ThreadResumeParams,
  ThreadRevertParams,
  ThreadRollbackParams,
  ThreadStartParams,
} from "./words/schema.ts";
import { ThreadSettingsParams } from "./words/turn_schema.ts";

export const THREAD_METHODS: ReadonlyMap<string, Method> = new Map<
  string,
  Method
>([
  ["thread/start", startThread],
  ["thread/resume", resumeThread],
  ["thread/fork", forkThread],
  ["thread/name/set", renameThread],
  ["thread/archive", archiveThread],
  ["thread/unarchive", unarchiveThread],
  ["thread/delete", deleteThread],
  ["thread/unsubscribe", unsubscribe],
  ["thread/settings/update", updateSettings],
  ["thread/compact/start", compactThread],
  ["thread/revert", revertThread],
  ["thread/rollback", rollBackThread],
]);

async function startThread(call: Call, room: ThreadRoom): Promise<void> {
  const setup = parseParams(ThreadStartParams, call.params);
  const thread = await room.threads.open(
    (elicit) => room.services.start(setup, elicit),
    call.connection,
  );
  await tellOpened(call, thread, { isNew: true });
}

async function resumeThread(call: Call, room: ThreadRoom): Promise<void> {
  const params = parseParams(ThreadResumeParams, call.params);
  const facts = room.threads.find(params.threadId)?.facts ??
    await room.services.find(params.path ?? params.threadId);
  const thread = await room.threads.reopen(
    facts.id,
    (elicit) => room.services.resume(facts.path, params, elicit),
    call.connection,
  );
  const turns = params.excludeTurns ? [] : await loadTurns(room, thread.facts);
  await tellOpened(call, thread, {
    isNew: false,
    turns,
    more: () => ({
      collaborationMode: thread.collaborationMode,
      initialTurnsPage: null,
      turnsBackwardsCursor: null,
      itemsBackwardsCursor: null,
    }),
  });
}

async function forkThread(call: Call, room: ThreadRoom): Promise<void> {
  const params = parseParams(ThreadForkParams, call.params);
  const facts = await room.services.find(params.path ?? params.threadId);
  const atUserMessage = await forkPlace(params, room, facts);
  const thread = await room.threads.open(
    (elicit) =>
      room.services.fork(facts.path, params, {
        elicit,
        ...(atUserMessage !== undefined && { atUserMessage }),
      }),
    call.connection,
  );
  const turns = params.excludeTurns ? [] : await loadTurns(room, thread.facts);
  await tellOpened(call, thread, { isNew: true, turns });
}

async function tellOpened(
  { connection, respond }: Call,
  thread: ServedThread,
  { isNew, turns = [], more = () => ({}) }: {
    readonly isNew: boolean;
    readonly turns?: readonly unknown[];
    readonly more?: () => Record<string, unknown>;
  },
): Promise<void> {
  respond({ ...await thread.opened(turns), ...more() });
  if (isNew) connection.notify("thread/started", { thread: thread.view() });
  thread.subscribe(connection);
  thread.show();
}

async function renameThread(call: Call, room: ThreadRoom): Promise<void> {
  const { threadId, name } = parseParams(ThreadNameParams, call.params);
  const open = room.threads.find(threadId);
  if (open === undefined) await room.services.rename(threadId, name);
  else open.rename(name);
  call.respond({});
  room.notifyAll("thread/name/updated", { threadId, threadName: name });
}

async function archiveThread(call: Call, room: ThreadRoom): Promise<void> {
  const { threadId } = parseParams(ThreadParams, call.params);
  await closeThread(room, threadId);
  await room.services.archive(threadId);
  call.respond({});
  room.notifyAll("thread/archived", { threadId });
}

async function unarchiveThread(call: Call, room: ThreadRoom): Promise<void> {
  const { threadId } = parseParams(ThreadParams, call.params);
  const facts = await room.services.unarchive(threadId);
  call.respond({ thread: viewOf(room, facts) });
  room.notifyAll("thread/unarchived", { threadId });
}

async function deleteThread(call: Call, room: ThreadRoom): Promise<void> {
  const { threadId } = parseParams(ThreadParams, call.params);
  await closeThread(room, threadId);
  await room.services.remove(threadId);
  call.respond({});
  room.notifyAll("thread/deleted", { threadId });
}

function unsubscribe(call: Call, { threads }: ThreadRoom): Promise<unknown> {
  const { threadId } = parseParams(ThreadParams, call.params);
  const thread = threads.find(threadId);
  const status = thread === undefined
    ? "notLoaded"
    : thread.unsubscribe(call.connection)
    ? "unsubscribed"
    : "notSubscribed";
  return Promise.resolve({ status });
}

async function updateSettings(
  call: Call,
  { threads }: ThreadRoom,
): Promise<void> {
  const params = parseParams(ThreadSettingsParams, call.params);
  const thread = threads.need(params.threadId);
  const patch = await loadPatch(thread.open, params);
  call.respond({});
  thread.turns.changeSettings(patch);
}

function compactThread(call: Call, { threads }: ThreadRoom): Promise<void> {
  const { threadId } = parseParams(ThreadParams, call.params);
  const thread = threads.need(threadId);
  thread.turns.checkIdle("compact");
  call.respond({});
  thread.turns.compact();
  return Promise.resolve();
}

async function revertThread(call: Call, room: ThreadRoom): Promise<void> {
  const params = parseParams(ThreadRevertParams, call.params);
  const { threadId, beforeTurnId } = params;
  const thread = room.threads.need(threadId);
  thread.turns.checkIdle("revert");
  const turns = await room.services.turns(recordedPath(thread.facts));
  const at = turnAt(turns, beforeTurnId);
  await thread.turns.rollBack(countMessages(turns.slice(at)));
  call.respond({
    thread: thread.view(),
    turnsBackwardsCursor: null,
    itemsBackwardsCursor: null,
  });
  room.notifyAll("thread/reverted", { threadId });
}

// As clients of before 0.171 say it.
async function rollBackThread(call: Call, room: ThreadRoom): Promise<unknown> {
  const { threadId, numTurns } = parseParams(ThreadRollbackParams, call.params);
  const thread = room.threads.need(threadId);
  thread.turns.checkIdle("roll back");
  const turns = await room.services.turns(recordedPath(thread.facts));
  await thread.turns.rollBack(countMessages(turns.slice(-numTurns)));
  const left = await loadTurns(room, thread.facts);
  room.notifyAll("thread/reverted", { threadId });
  return { thread: thread.view(left) };
}

// The message of the person before which the history is left.
async function forkPlace(
  { lastTurnId, beforeTurnId }: {
    readonly lastTurnId?: string | null | undefined;
    readonly beforeTurnId?: string | null | undefined;
  },
  { services }: ThreadRoom,
  facts: ThreadFacts,
): Promise<number | undefined> {
  if (!lastTurnId && !beforeTurnId) return undefined;
  const turns = await services.turns(recordedPath(facts));
  const at = beforeTurnId
    ? turnAt(turns, beforeTurnId)
    : turnAt(turns, lastTurnId ?? "") + 1;
  return at >= turns.length ? undefined : countMessages(turns.slice(0, at)) + 1;
}

function turnAt(turns: readonly RecordedTurn[], turnId: string): number {
  const at = turns.findIndex(({ id }) => id === turnId);
  if (at >= 0) return at;
  throw refusal(`Cannot find turn ${turnId}: the thread has no such turn`);
}

function countMessages(turns: readonly RecordedTurn[]): number {
  return turns.reduce((sum, { messages }) => sum + messages, 0);
}

// A log that is moved or deleted must not be written to any more.
async function closeThread(
  { threads }: ThreadRoom,
  threadId: string,
): Promise<void> {
  const open = threads.find(threadId);
  if (open === undefined) return;
  open.close();
  await open.closed;
}
