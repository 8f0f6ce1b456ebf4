/** A scripted thread, a terminal in memory and a schema check: for the tests of exec. */
import { Ajv } from "ajv";
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { renderSchema } from "../../../core/contract/schema.ts";
import type { Flags } from "../../../core/contract/command_line.ts";
import {
  type Activity,
  type Event,
  type EventBody,
  NO_USAGE,
  type Outcome,
  type Usage,
} from "../../../core/protocol/event.ts";
import type { ExecEvent } from "../../../core/contract/event.ts";
import type { Host } from "../../../core/protocol/host.ts";
import type { Op } from "../../../core/protocol/op.ts";
import type { TurnSettings } from "../../../core/protocol/settings.ts";
import type {
  Terminal,
  TerminalOutput,
  TerminalSignal,
} from "../../../core/protocol/terminal.ts";
import type { Thread } from "../../../core/protocol/thread.ts";
import { Channel } from "../../../core/util/channel.ts";
import { runExec } from "../../../core/frontends/exec/exec.ts";
import {
  READ_ONLY,
  TEST_MODEL,
  TEST_SETTINGS,
} from "../../support/settings.ts";

const NOON = Date.parse("2026-01-02T12:00:00.000Z");

export const USAGE: Usage = {
  inputTokens: 100,
  cachedInputTokens: 80,
  cacheWriteInputTokens: 3,
  outputTokens: 20,
  reasoningOutputTokens: 5,
  totalTokens: 120,
};

export const SETTINGS: TurnSettings = {
  ...TEST_SETTINGS,
  model: { ...TEST_MODEL, slug: "gpt-test", supportsVerbosity: true },
  reasoningEffort: "medium",
  cwd: "/wdir",
  sandbox: READ_ONLY,
};

export const STARTED: EventBody = {
  type: "thread.started",
  settings: SETTINGS,
  provider: "openai",
  resumed: false,
  sandbox: {
    mode: "read-only",
    backend: "bwrap",
    enforces: ["fs_write", "tcp"],
    note: "",
  },
  instructionFiles: [{ path: "/wdir/AGENTS.md", bytes: 12 }],
};

/** `turn.completed` with an outcome. */
export function ended(
  outcome: Outcome = { type: "done", message: "All done" },
): EventBody {
  return {
    type: "turn.completed",
    turnId: "turn-1",
    outcome,
    usage: USAGE,
    threadUsage: USAGE,
    reaped: 0,
  };
}

/** A command that ended, or was not allowed. */
export function command(
  id: string,
  more: Partial<Extract<Activity, { type: "command" }>> = {},
): Activity {
  return {
    id,
    type: "command",
    command: "ls -la",
    cwd: "/wdir",
    output: "a\nb\n",
    exitCode: 0,
    status: "completed",
    ...more,
  };
}

export function message(id: string, text: string): Activity {
  return { id, type: "message", text };
}

/** Gives bodies their thread, number and time. */
export function toEvents(bodies: readonly EventBody[]): Event[] {
  return bodies.map((body, seq) => ({
    threadId: "thread-1",
    seq,
    at: new Date(NOON + seq * 1_000).toISOString(),
    ...body,
  }));
}

/** A thread that says what its script says for each op. */
export class ScriptedThread implements Thread {
  readonly id = "thread-1";
  readonly ops: Op[] = [];
  readonly closed = Promise.resolve();
  readonly #channel = new Channel<Event>();
  readonly #script: (op: Op, thread: ScriptedThread) => void;
  #seq = 0;

  constructor(script: (op: Op, thread: ScriptedThread) => void) {
    this.#script = script;
  }

  events(): AsyncIterable<Event> {
    this.say(STARTED);
    return this.#channel;
  }

  submit(op: Op): void {
    this.ops.push(op);
    this.#script(op, this);
  }

  say(...bodies: readonly EventBody[]): void {
    for (const body of bodies) {
      const at = new Date(NOON + this.#seq * 1_000).toISOString();
      this.#channel.push({ threadId: this.id, seq: this.#seq++, at, ...body });
    }
  }

  /** The end of the thread: what a shutdown leads to. */
  close(
    failure?: Extract<EventBody, { type: "thread.closed" }>["failure"],
  ): void {
    this.say({ type: "thread.closed", ...(failure && { failure }) });
    this.#channel.close();
  }
}

/** A thread whose every input runs this turn; it closes when it is asked to. */
export function threadOf(
  turn: readonly EventBody[] | ((thread: ScriptedThread) => void),
): ScriptedThread {
  return new ScriptedThread((op, thread) => {
    if (op.type === "shutdown") thread.close();
    if (op.type !== "user.input") return;
    thread.say({ type: "turn.started", turnId: "turn-1" });
    if (typeof turn === "function") turn(thread);
    else thread.say(...turn);
  });
}

class MemoryOutput implements TerminalOutput {
  text = "";
  isGone = false;
  readonly pendingBytes = 0;
  readonly columns = 80;
  readonly #onWrite: (text: string) => void;
  constructor(readonly isTty: boolean, onWrite: (text: string) => void) {
    this.#onWrite = onWrite;
  }
  write(text: string): boolean {
    if (this.isGone) return false;
    this.text += text;
    this.#onWrite(text);
    return true;
  }
  flush(): Promise<boolean> {
    return Promise.resolve(!this.isGone);
  }
}

/** A terminal in memory: what was written, and signals to send. */
export class MemoryTerminal implements Terminal {
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput;
  readonly stdin;
  readonly input = new Channel<Uint8Array>();
  readonly #handlers = new Map<TerminalSignal, () => void>();
  readonly #env: Readonly<Record<string, string>>;

  constructor(
    options: {
      readonly isTty?: boolean;
      readonly env?: Readonly<Record<string, string>>;
      readonly onLine?: (line: string) => void;
    } = {},
  ) {
    const isTty = options.isTty ?? false;
    this.#env = options.env ?? {};
    this.stdout = new MemoryOutput(isTty, (text) => options.onLine?.(text));
    this.stderr = new MemoryOutput(isTty, () => {});
    this.stdin = {
      isTty,
      setRaw: () => isTty,
      read: async (): Promise<Uint8Array | null> => {
        const next = await this.input.next();
        return next.done ? null : next.value;
      },
    };
  }

  type(text: string): void {
    this.input.push(new TextEncoder().encode(text));
  }

  onSignal(signal: TerminalSignal, handler: () => void): () => void {
    this.#handlers.set(signal, handler);
    return () => this.#handlers.delete(signal);
  }

  signal(signal: TerminalSignal): void {
    const handler = this.#handlers.get(signal);
    assert(handler, `nobody listens for ${signal}`);
    handler();
  }

  /** Signals somebody still listens for. */
  get listened(): TerminalSignal[] {
    return [...this.#handlers.keys()];
  }

  env(name: string): string | undefined {
    return this.#env[name];
  }
}

/** The real host, with a clock that stands still. */
export function testHost(overrides: Partial<Host> = {}): Host {
  return { ...denoHost(), now: () => new Date(NOON), ...overrides };
}

/** A host whose waits end when the test says so; shorter ones than `realMs` are real. */
export function manualClock(): {
  readonly host: Host;
  readonly waits: { readonly ms: number; readonly end: () => void }[];
} {
  const waits: { readonly ms: number; readonly end: () => void }[] = [];
  const host = testHost({
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        waits.push({ ms, end: resolve });
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  return { host, waits };
}

export interface ExecOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly ExecEvent[];
  readonly thread: ScriptedThread;
  readonly terminal: MemoryTerminal;
}

/** Runs exec over a thread; with `json` every line is checked against the schema. */
export async function exec(
  thread: ScriptedThread,
  options: {
    readonly flags?: Flags;
    readonly prompt?: string | null;
    readonly terminal?: MemoryTerminal;
    readonly host?: Host;
    readonly isReview?: boolean;
  } = {},
): Promise<ExecOutcome> {
  const terminal = options.terminal ?? new MemoryTerminal();
  const flags = options.flags ?? {};
  const text = options.prompt === undefined ? "do it" : options.prompt;
  const code = await runExec({
    thread,
    parts: text === null ? [] : [{ type: "text", text }],
    host: options.host ?? testHost(),
    terminal,
    flags,
    ...(options.isReview && { isReview: true }),
  });
  const stdout = terminal.stdout.text;
  assert.deepEqual(terminal.listened, []);
  return {
    code,
    stdout,
    stderr: terminal.stderr.text,
    lines: flags.json ? checkLines(stdout) : [],
    thread,
    terminal,
  };
}

/** The lines of a stream, each one valid by the printed schema and by the closed one. */
export function checkLines(text: string): ExecEvent[] {
  if (text === "") return [];
  assert(text.endsWith("\n"), "the last line is not whole");
  const lines = text.slice(0, -1).split("\n");
  return lines.map((line) => {
    assert(
      new TextEncoder().encode(line).length < 256 * 1024,
      "a line too long",
    );
    const value = JSON.parse(line);
    assertValid("events", value);
    return value;
  });
}

const validators = new Map<string, ReturnType<Ajv["compile"]>>();

/** Fails unless the value fits the schema of the topic, also with nothing unnamed allowed. */
export function assertValid(topic: string, value: unknown): void {
  for (const isStrict of [false, true]) {
    const key = `${topic} ${isStrict}`;
    let validate = validators.get(key);
    if (validate === undefined) {
      validate = new Ajv({ strict: false, allErrors: false })
        .compile(
          JSON.parse(
            renderSchema(topic) ?? "",
            (_key, part) =>
              isStrict && isClosable(part)
                ? { ...part, additionalProperties: false }
                : part,
          ),
        );
      validators.set(key, validate);
    }
    assert(
      validate(value),
      `${key}: ${JSON.stringify(value).slice(0, 500)}\n${
        JSON.stringify(validate.errors?.slice(-3))
      }`,
    );
  }
}

function isClosable(part: unknown): boolean {
  return typeof part === "object" && part !== null && "properties" in part &&
    !("additionalProperties" in part);
}

/** Types of lines, in order. */
export function typesOf(lines: readonly ExecEvent[]): string[] {
  return lines.map((line) =>
    "item" in line ? `${line.type} ${line.item.type}` : line.type
  );
}

export { NO_USAGE };
