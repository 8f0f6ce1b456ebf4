/** Threads on a disk in memory and a scripted server: made, resumed and forked as the program does. */
import { createModelClient } from "../../../core/model/client.ts";
import type { Event, Outcome } from "../../../core/protocol/event.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import type { Host } from "../../../core/protocol/host.ts";
import type { TurnSettings } from "../../../core/protocol/settings.ts";
import type { Tool } from "../../../core/protocol/tool.ts";
import type {
  OpenThread,
  ThreadFactory,
} from "../../../core/session/thread/open.ts";
import { testTool } from "../../support/harness.ts";
import {
  call,
  type MockRequest,
  say,
  type Step,
} from "../../support/mock_model.ts";
import { textMessage } from "../../../core/protocol/item.ts";
import { HOME, type MemoryDisk, memoryHost, META } from "./log/support.ts";
import {
  TEST_LOOPS,
  TEST_SETTINGS,
  testEndpoint,
} from "../../support/settings.ts";
import { testTransport } from "../../support/settings.ts";

export interface FactoryOptions {
  readonly host: Host;
  /** Of the scripted server. */
  readonly url: string;
  readonly tools?: readonly Tool[];
  readonly instructions?: string;
  readonly settings?: Partial<TurnSettings>;
  readonly codexHome?: string;
  readonly ephemeral?: boolean;
  /** Instead of an agent. */
  readonly failure?: Error;
}

/** A process on that disk: its locks are not mistaken for those of another one. */
export function processOn(disk: MemoryDisk, pid: number): Host {
  return { ...memoryHost(disk), pid, isAlive: (other) => other === pid };
}

/** What the composition hands over, with the least that makes an agent. */
export function factoryOf(options: FactoryOptions): ThreadFactory {
  const { host, tools = [], instructions = "Be a test." } = options;
  const settings = { ...TEST_SETTINGS, ...options.settings };
  const endpoint = testEndpoint(options.url);
  const { id: _id, createdAt: _at, ...meta } = META;
  return {
    host,
    codexHome: options.codexHome ?? HOME,
    ephemeral: options.ephemeral ?? false,
    meta: { ...meta, instructions },
    agent: () =>
      options.failure !== undefined
        ? Promise.reject(options.failure)
        : Promise.resolve({
          settings,
          deps: {
            host,
            endpoint,
            model: createModelClient(testTransport(host, endpoint)),
            tools: () => Promise.resolve(tools),
            instructions,
            context: {
              contextUpdate: (sent, { model }) =>
                Promise.resolve({
                  items: sent === undefined
                    ? [textMessage("developer", "permissions")]
                    : [],
                  sent: {
                    model: model.slug,
                    instructions,
                    prefixes: [],
                    environment: {},
                  },
                }),
              userItems: (parts) =>
                Promise.resolve({
                  items: parts.map((part) =>
                    textMessage("user", part.type === "text" ? part.text : "")
                  ),
                  warnings: [],
                }),
              touched: () => Promise.resolve([]),
              resume: () => {},
            },
            limits: {},
            loops: TEST_LOOPS,
            strictCache: false,
          },
          started: {
            sandbox: {
              mode: "danger-full-access",
              backend: "none",
              enforces: [],
              note: "",
            },
            instructionFiles: [],
          },
        }),
  };
}

/** An opened thread with its events; `await using` ends it. */
export class LivingThread implements AsyncDisposable {
  readonly events: Event[] = [];
  readonly thread: OpenThread["thread"];
  readonly logPath: string;
  readonly #reading: Promise<void>;
  #wake: (() => void)[] = [];

  constructor({ thread, logPath }: OpenThread) {
    this.thread = thread;
    this.logPath = logPath;
    this.#reading = this.#read();
  }

  get items(): readonly string[] {
    return this.thread.state.transcript.entries.map(({ json }) => json);
  }

  ended(): readonly (Event & { readonly type: "turn.completed" })[] {
    return this.events.filter((event) => event.type === "turn.completed");
  }

  warnings(): readonly string[] {
    return this.events.flatMap((event) =>
      event.type === "warning" ? [event.message] : []
    );
  }

  /** The first event, once it has come. */
  async started(): Promise<Event & { readonly type: "thread.started" }> {
    while (this.events.length === 0) await this.#next();
    const [first] = this.events;
    if (first?.type !== "thread.started") throw new Error("no thread started");
    return first;
  }

  async turn(text: string): Promise<Outcome> {
    const before = this.ended().length;
    this.thread.submit({ type: "user.input", parts: [{ type: "text", text }] });
    while (this.ended().length === before) {
      const last = this.events.at(-1);
      if (last?.type === "thread.closed") {
        throw new Error(`The thread is closed: ${last.failure?.message}`);
      }
      await this.#next();
    }
    return this.ended()[before]!.outcome;
  }

  async close(): Promise<void> {
    this.thread.submit({ type: "shutdown" });
    await this.thread.closed;
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #next(): Promise<void> {
    return new Promise((wake) => this.#wake.push(wake));
  }

  async #read(): Promise<void> {
    for await (const event of this.thread.events()) {
      this.events.push(event);
      for (const wake of this.#wake.splice(0)) wake();
    }
  }
}

// Large enough to lie beside the log.
const PICTURE = [{
  type: "input_image",
  image_url: `data:image/png;base64,${"QUJD".repeat(LIMITS.blobBytes / 4)}`,
}] as const;

/** A tool `mark` that says in the list that it ran. */
export function markTool(ran: string[]): Tool {
  return testTool("mark", (item) => {
    ran.push(item.input);
    const content = ran.length % 3 === 2 ? PICTURE : `did ${item.input}`;
    return Promise.resolve({ content, success: true });
  });
}

/**
 * A server that asks for calls in pairs until there are that many, and then says that it
 * is done. What comes next is told from the prompt alone.
 */
export function markScript(calls: number): (request: MockRequest) => Step {
  return ({ input }) => {
    const asked = input.filter(({ type }) => type === "function_call").length;
    if (asked >= calls) return say("all done");
    return [
      say(`now ${asked}`),
      call("mark", { n: asked }),
      call("mark", { n: asked + 1 }),
    ];
  };
}
