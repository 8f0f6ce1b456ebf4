/** Shared by starting, resuming and forking: a log, a transcript and an agent become an actor. */
import { parseHandover } from "../../context/compaction/handover.ts";
import { commandsEndedItem } from "../../context/markers.ts";
import { confine } from "../../policy/mode.ts";
import { restoreSentContext } from "../../context/recall.ts";
import type { EventBody } from "../../protocol/event.ts";
import type { Host } from "../../protocol/host.ts";
import type {
  RestoredThread,
  ThreadLog,
  ThreadMeta,
} from "../../protocol/log.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { CacheWatch } from "../state/cache_watch.ts";
import type { ThreadDeps } from "../state/deps.ts";
import { memoryLog, openLogOrMemory } from "../state/memory_log.ts";
import { checkResume, renderResume } from "./resume_check.ts";
import { answerRestored } from "./restored_calls.ts";
import { ThreadState } from "../state/state.ts";
import { ThreadActor } from "./thread.ts";
import { Transcript } from "../state/transcript.ts";

/** The agent around one thread, made by the composition. */
export interface Agent {
  readonly deps: ThreadDeps;
  readonly settings: TurnSettings;
  readonly started: Omit<
    EventBody & { readonly type: "thread.started" },
    "type" | "resumed" | "resume" | "settings" | "provider"
  >;
}

export interface AgentRequest {
  readonly threadId: string;
  readonly state: ThreadState;
  /** Restored from the log of a resumed or forked thread. */
  readonly restored: RestoredThread | undefined;
  readonly warn: (message: string) => void;
}

export interface ThreadFactory {
  readonly host: Host;
  /** Undefined on a machine without a home: nothing is recorded. */
  readonly codexHome: string | undefined;
  readonly ephemeral: boolean;
  readonly meta: Omit<ThreadMeta, "id" | "createdAt" | "forkedFrom">;
  /** Of a new thread; of its own choosing unless given. */
  readonly id?: string;
  readonly agent: (request: AgentRequest) => Promise<Agent>;
}

export interface OpenThread {
  readonly thread: ThreadActor;
  /** Empty when the thread is not recorded. */
  readonly logPath: string;
}

/** What exists before the agent. */
interface Opening {
  readonly factory: ThreadFactory;
  readonly id: string;
  readonly log: ThreadLog;
  readonly state: ThreadState;
  readonly warnings: string[];
  readonly restored?: RestoredThread;
}

/** Makes the agent and puts the thread together. */
export async function openActor(opening: Opening): Promise<OpenThread> {
  const { factory, id, log, state, warnings, restored } = opening;
  const made: { thread?: ThreadActor } = {};
  const agent = await factory.agent({
    threadId: id,
    state,
    restored,
    warn: (message) => {
      if (made.thread === undefined) warnings.push(message);
      else made.thread.warn(message);
    },
  });
  const { deps } = agent;
  const settings = confine(agent.settings);
  if (deps.endpoint.singleSystemMessage || settings.model.singleSystemMessage) {
    state.transcript.useOneSystemText();
  }
  const cacheWatch = new CacheWatch(id, () => factory.host.monotonicMs());
  if (restored !== undefined) recall(restored, opening, agent, cacheWatch);
  const context = { threadId: id, deps, state, settings, cacheWatch };
  const resume = renderResume(
    restored === undefined ? undefined : await checkResume(context, restored),
  );
  warnings.push(...resume.warnings);
  const thread = new ThreadActor({
    ...context,
    settings: agent.settings,
    log,
    warnings,
    started: {
      type: "thread.started",
      settings,
      provider: deps.endpoint.id,
      resumed: restored !== undefined,
      ...resume.started,
      ...agent.started,
    },
  });
  made.thread = thread;
  return { thread, logPath: log.path };
}

function recall(
  restored: RestoredThread,
  { state, factory: { host } }: Opening,
  agent: Agent,
  cacheWatch: CacheWatch,
): void {
  const items = state.transcript.entries.map((entry) => entry.item);
  state.sessionSource = "resume";
  state.provider = restored.provider ?? restored.meta.provider;
  if (items.length === 0) return;
  agent.deps.context.resume(items);
  state.sent = restoreSentContext(items, {
    model: restored.settings?.model.slug ?? agent.settings.model.slug,
    instructions: restored.meta.instructions,
    cwd: restored.settings?.cwd ?? restored.meta.cwd,
  });
  tellLostCommands(state);
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

// They ended with the program that had started them; a branch has none of them either.
function tellLostCommands({ transcript }: ThreadState): void {
  const lost = Object.entries(transcript.runningCommands);
  if (lost.length === 0) return;
  const texts = lost.map(([session, command]) =>
    `Session ${session} (${command}) ended with the program that started it.`
  );
  transcript.append([commandsEndedItem(texts)]);
}

/** The first line of a new log. */
export function newMeta(factory: ThreadFactory): ThreadMeta {
  const { host, meta, id = host.newId() } = factory;
  return { ...meta, id, createdAt: host.now().toISOString() };
}

/** The log of a new thread; in memory, with a warning, where none can be made. */
export async function openNewLog(
  factory: ThreadFactory,
  meta: ThreadMeta,
  warn: (message: string) => void,
): Promise<ThreadLog> {
  const { host, codexHome, ephemeral } = factory;
  if (codexHome === undefined) {
    if (!ephemeral) {
      warn("No home folder: the session is not recorded");
    }
    return memoryLog();
  }
  return await openLogOrMemory(host, { codexHome, meta, ephemeral, warn });
}

/** The state of a recorded thread; calls that were left open get their outputs. */
export function restoreState(
  log: ThreadLog,
  thread: RestoredThread,
  items: readonly string[],
): ThreadState {
  const state = new ThreadState(new Transcript(log));
  const handover = parseHandover(thread.handover);
  state.transcript.restore(items, thread.generation, handover);
  answerRestored(thread, state);
  return state;
}

/** Whatever goes wrong before the thread has it, the log is closed and its lock given up. */
export async function closingOnError<T>(
  log: ThreadLog,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    await log.close().catch(() => {});
    throw error;
  }
}
