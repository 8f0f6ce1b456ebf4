/** A thread as the program makes it: recorded on disk, prompted by real files, resumable. */
import { PromptSource } from "../../core/context/context_source.ts";
import { createModelClient } from "../../core/model/client.ts";
import type { Event, EventBody, Outcome } from "../../core/protocol/event.ts";
import type { Host } from "../../core/protocol/host.ts";
import type { Op, UserPart } from "../../core/protocol/op.ts";
import type { ProviderEndpoint } from "../../core/protocol/provider.ts";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import type { Tool } from "../../core/protocol/tool.ts";
import type { ThreadDeps } from "../../core/session/state/deps.ts";
import type { ThreadState } from "../../core/session/state/state.ts";
import {
  type OpenThread,
  resumeThread,
  startThread,
  type ThreadFactory,
} from "../../core/session/thread/open.ts";
import { testHost } from "./harness.ts";
import { TEST_LOOPS, TEST_SETTINGS, testEndpoint } from "./settings.ts";

const INSTRUCTIONS = "Be a test.";

export interface RealThreadOptions {
  /** Of the scripted server. */
  readonly url: string;
  /** Holds `home` and `project`. */
  readonly root: string;
  readonly tools?: readonly Tool[];
  readonly settings?: Partial<TurnSettings>;
  readonly endpoint?: Partial<ProviderEndpoint>;
  readonly host?: Partial<Host>;
  readonly instructions?: string;
  readonly developerInstructions?: string;
  readonly deps?: Partial<ThreadDeps>;
}

/** The thread of a folder; closing it and opening it again is a resume. */
export class RealThread implements AsyncDisposable {
  readonly events: Event[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #reading: Promise<void>;
  readonly #open: OpenThread;

  constructor(open: OpenThread) {
    this.#open = open;
    this.#reading = this.#read();
  }

  get state(): ThreadState {
    return this.#open.thread.state;
  }

  get logPath(): string {
    return this.#open.logPath;
  }

  get warnings(): readonly string[] {
    return this.events.flatMap((event) =>
      event.type === "warning" ? [event.message] : []
    );
  }

  submit(op: Op): void {
    this.#open.thread.submit(op);
  }

  /** Sends a message and waits for the end of its turn. */
  async turn(...said: readonly (string | UserPart)[]): Promise<Outcome> {
    const parts = said.map((part) =>
      typeof part === "string" ? { type: "text" as const, text: part } : part
    );
    const end = await this.after(
      { type: "user.input", parts },
      (event) => event.type === "turn.completed",
    );
    if (end.type !== "turn.completed") throw new Error("no turn ended");
    return end.outcome;
  }

  /** Compacts, and waits until it has or has not. */
  async compact(): Promise<EventBody> {
    return await this.after(
      { type: "compact" },
      (event) => event.type === "context.compacted" || event.type === "warning",
    );
  }

  /** Submits and waits for an event that comes after it. */
  async after(op: Op, match: (event: Event) => boolean): Promise<Event> {
    const from = this.events.length;
    this.submit(op);
    for (;;) {
      const found = this.events.slice(from).find(match);
      if (found !== undefined) return found;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.submit({ type: "shutdown" });
    await this.#open.thread.closed;
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const event of this.#open.thread.events()) {
      this.events.push(event);
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }
}

/** Starts a thread, or goes on with the one whose log is named. */
export async function realThread(
  options: RealThreadOptions,
  logPath?: string,
): Promise<RealThread> {
  const factory = factoryOf(options);
  return new RealThread(
    logPath === undefined
      ? await startThread(factory)
      : await resumeThread(factory, logPath),
  );
}

function factoryOf(options: RealThreadOptions): ThreadFactory {
  const { root } = options;
  const host = testHost(options.host);
  const endpoint = { ...testEndpoint(options.url), ...options.endpoint };
  const settings: TurnSettings = {
    ...TEST_SETTINGS,
    cwd: `${root}/project`,
    ...options.settings,
  };
  const auth = {
    token: () => Promise.resolve("test-key"),
    refresh: () => Promise.resolve(false),
  };
  const program = { name: "rondo", version: "0.0.0" };
  const model = createModelClient({ host, provider: endpoint, auth, program });
  return {
    host,
    codexHome: `${root}/home`,
    ephemeral: false,
    meta: {
      cwd: settings.cwd,
      program: "rondo",
      version: "0.0.0",
      source: "exec",
      provider: endpoint.id,
      instructions: options.instructions ?? INSTRUCTIONS,
    },
    agent: ({ warn }) =>
      Promise.resolve({
        settings,
        deps: {
          host,
          endpoint,
          model,
          tools: () => Promise.resolve(options.tools ?? []),
          instructions: options.instructions ?? INSTRUCTIONS,
          context: promptSource(host, options, warn),
          limits: {},
          loops: TEST_LOOPS,
          strictCache: true,
          ...options.deps,
        },
        started: {
          sandbox: {
            mode: settings.sandbox.mode,
            backend: "none",
            enforces: [],
            note: "",
          },
          instructionFiles: [],
        },
      }),
  };
}

function promptSource(
  host: Host,
  { root, instructions, developerInstructions }: RealThreadOptions,
  warn: (message: string) => void,
): PromptSource {
  return new PromptSource(host, {
    instructions: instructions ?? INSTRUCTIONS,
    ...(developerInstructions !== undefined && { developerInstructions }),
    codexHome: `${root}/home`,
    home: `${root}/user`,
    adminRoot: `${root}/admin`,
    rootMarkers: [".git"],
    fallbackNames: [],
    docBytesMax: 32 * 1024,
    skillsConfig: [],
    permissions: (settings) =>
      Promise.resolve({
        sandboxStatus: {
          mode: settings.sandbox.mode,
          backend: "bwrap",
          enforces: ["fs_write", "tcp"],
          note: "",
        },
        writableRoots: [settings.cwd],
        approvedPrefixes: [],
      }),
    readable: () => host.files,
    warn,
  });
}
