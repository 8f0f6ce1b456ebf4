/** A thread on a scripted server: the real session, client and transcript, a log in memory. */
import { denoHost } from "../../core/host/host.ts";
import { partsText } from "../../core/protocol/op.ts";
import { createModelClient } from "../../core/model/client.ts";
import type { Event, Outcome } from "../../core/protocol/event.ts";
import type { Host } from "../../core/protocol/host.ts";
import { textMessage } from "../../core/protocol/item.ts";
import type { LogFact, ThreadLog } from "../../core/protocol/log.ts";
import type { ProviderEndpoint } from "../../core/protocol/provider.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import type {
  Tool,
  ToolContext,
  ToolOutput,
} from "../../core/protocol/tool.ts";
import type { CallView } from "../../core/protocol/item.ts";
import { CacheWatch } from "../../core/session/state/cache_watch.ts";
import type {
  ContextSource,
  ThreadDeps,
} from "../../core/session/state/deps.ts";
import { ThreadState } from "../../core/session/state/state.ts";
import { ThreadActor } from "../../core/session/thread/thread.ts";
import { Transcript } from "../../core/session/state/transcript.ts";
import { type MockModel, mockModel, type MockOptions } from "./mock_model.ts";
import {
  TEST_LOOPS,
  TEST_SETTINGS,
  testEndpoint,
  testTransport,
} from "./settings.ts";

export interface TestThreadOptions extends Omit<MockOptions, "script"> {
  readonly script: NonNullable<MockOptions["script"]>;
  readonly tools?: readonly Tool[];
  readonly settings?: Partial<TurnSettings>;
  readonly deps?: Partial<ThreadDeps>;
  readonly endpoint?: Partial<ProviderEndpoint>;
  readonly host?: Partial<Host>;
  /** Called with each fact before it counts as written; may throw. */
  readonly onFact?: (fact: LogFact) => void;
  /** Called for each call; what came before it is on the disk when it resolves. */
  readonly startSync?: () => Promise<void>;
}

export interface TestThread extends AsyncDisposable {
  readonly thread: ThreadActor;
  readonly model: MockModel;
  readonly facts: readonly LogFact[];
  readonly events: readonly Event[];
  readonly state: ThreadState;
  /** Sends a message and waits for the end of its turn. */
  turn(text: string): Promise<Outcome>;
  /** Waits for an event that has come or will come. */
  seen(match: (event: Event) => boolean): Promise<Event>;
}

/** Starts one; `await using` shuts it down and checks the laws over all it sent. */
export function testThread(options: TestThreadOptions): TestThread {
  const model = mockModel(options);
  const host = testHost(options.host);
  const facts: LogFact[] = [];
  const log = memoryLog(facts, options.onFact, options.startSync);
  const settings = { ...TEST_SETTINGS, ...options.settings };
  const endpoint = { ...testEndpoint(model.url), ...options.endpoint };
  const state = new ThreadState(new Transcript(log));
  const deps: ThreadDeps = {
    host,
    endpoint,
    model: createModelClient(testTransport(host, endpoint, "test-key")),
    tools: () => Promise.resolve(options.tools ?? []),
    instructions: "Be a test.",
    context: plainContext(),
    limits: {},
    loops: TEST_LOOPS,
    strictCache: false,
    ...options.deps,
  };
  const thread = new ThreadActor({
    threadId: "thread-1",
    deps,
    settings,
    state,
    log,
    cacheWatch: new CacheWatch("thread-1", () => host.monotonicMs()),
    warnings: [],
    started: {
      type: "thread.started",
      settings,
      provider: endpoint.id,
      resumed: false,
      sandbox: {
        mode: "danger-full-access",
        backend: "none",
        enforces: [],
        note: "",
      },
      instructionFiles: [],
    },
  });
  return new RunningTestThread(thread, model, facts, state);
}

class RunningTestThread implements TestThread {
  readonly events: Event[] = [];
  readonly #ended: (Event & { readonly type: "turn.completed" })[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #reading: Promise<void>;

  constructor(
    readonly thread: ThreadActor,
    readonly model: MockModel,
    readonly facts: readonly LogFact[],
    readonly state: ThreadState,
  ) {
    this.#reading = this.#read(thread.events());
  }

  async turn(text: string): Promise<Outcome> {
    const before = this.#ended.length;
    this.thread.submit({ type: "user.input", parts: [{ type: "text", text }] });
    while (this.#ended.length <= before) await this.#next();
    const end = this.#ended[before];
    if (end === undefined) throw new Error("no turn ended");
    return end.outcome;
  }

  async seen(match: (event: Event) => boolean): Promise<Event> {
    for (let at = 0;; at++) {
      while (at >= this.events.length) await this.#next();
      const event = this.events[at];
      if (event !== undefined && match(event)) return event;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thread.submit({ type: "shutdown" });
    await this.thread.closed;
    await this.#reading;
    await this.model[Symbol.asyncDispose]();
  }

  #next(): Promise<void> {
    return new Promise((wake) => this.#waiting.push(wake));
  }

  async #read(events: AsyncIterable<Event>): Promise<void> {
    for await (const event of events) {
      this.events.push(event);
      if (event.type === "turn.completed") this.#ended.push(event);
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }
}

/** A tool from a function; its calls are kept. */
export function testTool(
  name: string,
  run: (call: CallView, context: ToolContext) => Promise<ToolOutput>,
  options: Pick<Partial<Tool>, "awaitsRecord" | "parallel"> = {},
): Tool {
  return {
    name,
    parallel: true,
    ...options,
    touches: () => [],
    spec: {
      type: "function",
      name,
      strict: false,
      parameters: { type: "object", properties: {} },
    },
    run,
  };
}

/** A host of this machine with a clock that stands, counted ids and no waiting. */
export function testHost(overrides: Partial<Host> = {}): Host {
  let ids = 0;
  return {
    ...denoHost(),
    now: () => new Date("2026-01-02T03:04:05.678Z"),
    newId: () => `id-${++ids}`,
    random: () => 0.5,
    sleep: (_ms, signal) =>
      signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve(),
    ...overrides,
  };
}

function memoryLog(
  facts: LogFact[],
  onFact: (fact: LogFact) => void = () => {},
  startSync: () => Promise<void> = () => Promise.resolve(),
): ThreadLog {
  return {
    path: "(memory)",
    append: (fact) => {
      onFact(fact);
      facts.push(fact);
    },
    sync: () => {},
    startSync,
    close: () => Promise.resolve(),
  };
}

/** The initial messages, the last one about the environment. */
export function plainContext(environment = "env"): ContextSource {
  return {
    contextUpdate: (sent, settings) =>
      Promise.resolve({
        items: sent === undefined
          ? [
            textMessage("developer", "permissions"),
            textMessage("user", environment),
          ]
          : sent.model === settings.model.slug
          ? []
          : [textMessage("developer", `model is ${settings.model.slug}`)],
        sent: {
          model: settings.model.slug,
          instructions: "Be a test.",
          prefixes: [],
          environment: {},
        },
      }),
    userItems: (parts) =>
      Promise.resolve({
        items: parts.map((part) => textMessage("user", partsText([part]))),
        warnings: [],
      }),
    touched: () => Promise.resolve([]),
    resume: () => {},
  };
}
