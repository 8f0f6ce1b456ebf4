/** Threads, turns and items for reading. */
import type { Call } from "./connection.ts";
import { pageBounds, pageOf } from "../wire/pages.ts";
import { parseParams, refusal } from "./rpc.ts";
import type { ServedThreads } from "./served_threads.ts";
import type { ThreadServices } from "./services.ts";
import type { ThreadFacts } from "./words/thread_view.ts";
import {
  PageParams,
  ThreadListParams,
  ThreadPageParams,
  ThreadReadParams,
} from "./words/schema.ts";
import { threadView } from "./words/thread_view.ts";
import { pastItems, pastTurn } from "./words/turn_history.ts";

/** What the methods of threads work with. */
export interface ThreadRoom {
  readonly threads: ServedThreads;
  readonly services: ThreadServices;
  readonly notifyAll: (method: string, params: unknown) => void;
}

/** Resolves to the result, where it has not answered already. */
export type Method = (call: Call, room: ThreadRoom) => Promise<unknown>;

export const LIST_METHODS: ReadonlyMap<string, Method> = new Map<
  string,
  Method
>([
  ["thread/list", listThreads],
  ["thread/loaded/list", listLoaded],
  ["thread/read", readThread],
  ["thread/turns/list", listTurns],
  ["thread/items/list", listItems],
]);

async function listThreads(call: Call, room: ThreadRoom): Promise<unknown> {
  const params = parseParams(ThreadListParams, call.params);
  const { from, size } = pageBounds(params);
  const found = await room.services.list(params, from + size + 1);
  const ordered = params.sortDirection === "asc" ? found.toReversed() : found;
  const { data, nextCursor } = pageOf(ordered, params);
  return {
    data: data.map((facts) => viewOf(room, facts)),
    readStates: null,
    nextCursor,
    backwardsCursor: null,
  };
}

function listLoaded(call: Call, { threads }: ThreadRoom): Promise<unknown> {
  const params = parseParams(PageParams, call.params);
  return Promise.resolve(pageOf(threads.ids, params));
}

async function readThread(call: Call, room: ThreadRoom): Promise<unknown> {
  const { threadId, includeTurns } = parseParams(ThreadReadParams, call.params);
  const facts = await factsOf(room, threadId);
  const turns = includeTurns ? await loadTurns(room, facts) : [];
  return { thread: viewOf(room, facts, turns), readState: null };
}

async function listTurns(call: Call, room: ThreadRoom): Promise<unknown> {
  const params = parseParams(ThreadPageParams, call.params);
  const turns = await loadTurns(room, await factsOf(room, params.threadId));
  const ordered = params.sortDirection === "asc" ? turns : turns.toReversed();
  return { ...pageOf(ordered, params), backwardsCursor: null };
}

async function listItems(call: Call, room: ThreadRoom): Promise<unknown> {
  const params = parseParams(ThreadPageParams, call.params);
  const facts = await factsOf(room, params.threadId);
  const turns = await room.services.turns(recordedPath(facts));
  const entries = turns
    .filter(({ id }) => !params.turnId || id === params.turnId)
    .flatMap((turn) =>
      pastItems(turn).map((item) => ({
        turnId: turn.id,
        item,
        startedAtMs: item["startedAtMs"],
        completedAtMs: item["completedAtMs"],
      }))
    );
  const ordered = params.sortDirection === "desc"
    ? entries.toReversed()
    : entries;
  return { ...pageOf(ordered, params), backwardsCursor: null };
}

/** Its turns with their items, oldest first; none when it is not recorded. */
export async function loadTurns(
  { services, threads }: ThreadRoom,
  facts: ThreadFacts,
): Promise<readonly Record<string, unknown>[]> {
  if (facts.path === "") return [];
  const running = threads.find(facts.id)?.words.turn?.id;
  const turns = await services.turns(facts.path);
  return turns.map((turn) =>
    pastTurn(turn, { isRunning: turn.id === running, withItems: true })
  );
}

async function factsOf(
  { threads, services }: ThreadRoom,
  threadId: string,
): Promise<ThreadFacts> {
  return threads.find(threadId)?.facts ?? await services.find(threadId);
}

/** The thread, open or not. */
export function viewOf(
  { threads }: ThreadRoom,
  facts: ThreadFacts,
  turns: readonly unknown[] = [],
): Record<string, unknown> {
  const open = threads.find(facts.id);
  return open === undefined
    ? threadView(facts, { status: { type: "notLoaded" }, turns })
    : open.view(turns);
}

/** The path of its log. Throws RpcError when it has none. */
export function recordedPath({ id, path }: ThreadFacts): string {
  if (path !== "") return path;
  throw refusal(`Cannot read the turns of thread ${id}: it is not recorded`);
}
