/** Starts, resumes and forks threads: a log, a transcript, an actor. */
import { parseHandover } from "../context/handover.ts";
import { recallTold } from "../context/recall.ts";
import { SessionError } from "../protocol/error.ts";
import type { EventBody } from "../protocol/event.ts";
import type { Host } from "../protocol/host.ts";
import type { WireItem } from "../protocol/item.ts";
import type { RestoredThread, ThreadLog, ThreadMeta } from "../protocol/log.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import { CacheWatch } from "./cache_watch.ts";
import type { ThreadDeps } from "./deps.ts";
import { memoryLog, openLogOrMemory } from "./memory_log.ts";
import { restoreThread } from "./restore.ts";
import { planFork } from "./rollback_plan.ts";
import { openThreadLog } from "./rollout.ts";
import { settleRestored } from "./settle_restored.ts";
import { ThreadState } from "./state.ts";
import { ThreadActor } from "./thread.ts";
import { Transcript } from "./transcript.ts";

/** The agent around one thread, made by the composition. */
export interface Agent {
  readonly deps: ThreadDeps;
  readonly settings: TurnSettings;
  readonly started: Omit<
    EventBody & { readonly type: "thread.started" },
    "type" | "resumed" | "settings" | "provider"
  >;
}

export interface AgentRequest {
  readonly threadId: string;
  readonly state: ThreadState;
  /** What the log of a resumed or forked thread says. */
  readonly restored: RestoredThread | undefined;
  readonly warn: (message: string) => void;
}

export interface ThreadFactory {
  readonly host: Host;
  /** Undefined on a machine without a home: nothing is recorded. */
  readonly codexHome: string | undefined;
  readonly ephemeral: boolean;
  readonly meta: Omit<ThreadMeta, "id" | "createdAt" | "forkedFrom">;
  readonly agent: (request: AgentRequest) => Promise<Agent>;
}

export interface OpenThread {
  readonly thread: ThreadActor;
  /** Empty when the thread is not recorded. */
  readonly logPath: string;
}

/** A new thread. */
export async function startThread(factory: ThreadFactory): Promise<OpenThread> {
  const { host } = factory;
  const meta = newMeta(factory);
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const log = await openNewLog(factory, meta, warn);
  const state = new ThreadState(new Transcript(log));
  return await open({ factory, id: meta.id, log, state, warnings, host });
}

/** Goes on with a recorded thread. Throws SessionError. */
export async function resumeThread(
  factory: ThreadFactory,
  path: string,
): Promise<OpenThread> {
  const { host, codexHome } = factory;
  if (codexHome === undefined) throw noHome();
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const { log, thread } = await openThreadLog(host, path, { codexHome, warn });
  warnings.push(...thread.problems);
  const state = new ThreadState(new Transcript(log));
  const handover = parseHandover(thread.handover);
  state.transcript.restore(thread.items, thread.generation, handover);
  settleRestored(thread, state);
  return await open({
    factory,
    id: thread.meta.id,
    log,
    state,
    warnings,
    host,
    restored: thread,
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
  const { thread } = await restoreThread(host.files, path);
  const items = thread.items.map((json): WireItem => JSON.parse(json));
  const count = atUserMessage === undefined
    ? items.length
    : planFork(items, atUserMessage);
  if (count === undefined) {
    throw new SessionError(
      `Cannot fork at message ${atUserMessage}: the session has fewer messages`,
    );
  }
  const meta = { ...newMeta(factory), forkedFrom: thread.meta.id };
  const warnings = [...thread.problems];
  const warn = (message: string): void => void warnings.push(message);
  const log = await openNewLog(factory, meta, warn);
  const kept = thread.items.slice(0, count);
  for (const json of kept) log.append({ type: "item", json });
  const state = new ThreadState(new Transcript(log));
  const handover = parseHandover(thread.handover);
  state.transcript.restore(kept, thread.generation, handover);
  settleRestored(thread, state);
  const { lastRequest: _sent, ...restored } = thread;
  return await open({
    factory,
    id: meta.id,
    log,
    state,
    warnings,
    host,
    restored,
  });
}

interface Opening {
  readonly factory: ThreadFactory;
  readonly id: string;
  readonly log: ThreadLog;
  readonly state: ThreadState;
  readonly warnings: string[];
  readonly host: Host;
  readonly restored?: RestoredThread;
}

// Whatever goes wrong from here on, the log is closed and its lock given up.
async function open(opening: Opening): Promise<OpenThread> {
  const { factory, id, log, state, warnings, restored } = opening;
  let thread: ThreadActor | undefined;
  try {
    const agent = await factory.agent({
      threadId: id,
      state,
      restored,
      warn: (message) => {
        if (thread === undefined) warnings.push(message);
        else thread.warn(message);
      },
    });
    const { deps, settings } = agent;
    const cacheWatch = new CacheWatch(id, () => factory.host.monotonicMs());
    if (restored !== undefined) recall(restored, opening, agent, cacheWatch);
    thread = new ThreadActor({
      id,
      deps,
      settings,
      state,
      log,
      cacheWatch,
      warnings,
      started: {
        type: "thread.started",
        settings,
        provider: deps.endpoint.id,
        resumed: restored !== undefined,
        ...agent.started,
      },
    });
    return { thread, logPath: log.path };
  } catch (error) {
    await log.close();
    throw error;
  }
}

function recall(
  restored: RestoredThread,
  { state, host }: Opening,
  agent: Agent,
  cacheWatch: CacheWatch,
): void {
  const items = state.transcript.entries.map((entry) => entry.item);
  if (items.length === 0) return;
  agent.deps.context.resume(items);
  state.told = recallTold(items, {
    model: restored.settings?.model.slug ?? agent.settings.model.slug,
    instructions: restored.meta.instructions,
    cwd: restored.settings?.cwd ?? restored.meta.cwd,
  });
  const { lastRequest } = restored;
  const newer = state.transcript.entries.slice(lastRequest?.inputItems ?? 0)
    .reduce((sum, entry) => sum + entry.tokens, 0);
  state.restore(restored.usage, lastRequest?.usage ?? null, newer);
  if (lastRequest === undefined) return;
  cacheWatch.resume({
    bodyHash: lastRequest.bodyHash,
    inputItems: lastRequest.inputItems,
    inputTokens: lastRequest.usage?.inputTokens ?? 0,
    idleMs: host.now().getTime() - Date.parse(lastRequest.at),
  });
}

function newMeta(factory: ThreadFactory): ThreadMeta {
  const { host, meta } = factory;
  return { ...meta, id: host.newId(), createdAt: host.now().toISOString() };
}

async function openNewLog(
  factory: ThreadFactory,
  meta: ThreadMeta,
  warn: (message: string) => void,
): Promise<ThreadLog> {
  const { host, codexHome, ephemeral } = factory;
  if (codexHome === undefined) {
    if (!ephemeral) {
      warn("There is no home folder: the session is not recorded");
    }
    return memoryLog();
  }
  return await openLogOrMemory(host, { codexHome, meta, ephemeral, warn });
}

function noHome(): SessionError {
  return new SessionError(
    "Cannot resume a session: there is no home folder that holds any",
  );
}
