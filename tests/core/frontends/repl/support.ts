/** A conversation without session and without terminal: scripted thread, kept output. */
import type { Event, EventBody } from "../../../../core/protocol/event.ts";
import { NO_USAGE, type Outcome } from "../../../../core/protocol/event.ts";
import type { Op } from "../../../../core/protocol/op.ts";
import type { ApprovalRequest } from "../../../../core/protocol/policy.ts";
import type { TurnSettings } from "../../../../core/protocol/settings.ts";
import type {
  Terminal,
  TerminalInput,
  TerminalOutput,
  TerminalSignal,
} from "../../../../core/protocol/terminal.ts";
import type { Thread } from "../../../../core/protocol/thread.ts";
import { Channel, Hub } from "../../../../core/util/channel.ts";
import type { ReplServices } from "../../../../core/frontends/conversation/services.ts";
import { TEST_SETTINGS } from "../../../support/settings.ts";

export const SETTINGS: TurnSettings = {
  ...TEST_SETTINGS,
  approval: "on-request",
};

export const QUESTION: ApprovalRequest = {
  kind: "command",
  title: "git push",
  detail: "git push origin main",
  cwd: "/srv/project",
  reason: "The command is not known to be safe",
  forbids: "It could not reach the network",
  sessionScope: "git push origin main",
  prefix: ["git", "push"],
};

/** Ops are kept; a function answers them with events. */
export class ScriptedThread implements Thread {
  readonly ops: Op[] = [];
  readonly #hub = new Hub<Event>();
  readonly #closed = Promise.withResolvers<void>();
  readonly closed = this.#closed.promise;
  #seq = 0;
  #turns = 0;
  #onOp: (op: Op, thread: ScriptedThread) => void;

  constructor(
    readonly id: string = "thread-1",
    onOp: (op: Op, thread: ScriptedThread) => void = () => {},
  ) {
    this.#onOp = onOp;
  }

  submit(op: Op): void {
    this.ops.push(op);
    if (op.type === "shutdown") return this.end();
    this.#onOp(op, this);
  }

  events(): AsyncIterable<Event> {
    const reader = this.#hub.subscribe();
    this.emit({
      type: "thread.started",
      settings: SETTINGS,
      provider: "mock",
      resumed: false,
      sandbox: {
        mode: "danger-full-access",
        backend: "none",
        enforces: [],
        note: "",
      },
      instructionFiles: [],
    });
    return reader;
  }

  emit(body: EventBody): void {
    this.#hub.push({
      threadId: this.id,
      seq: this.#seq++,
      at: "2026-01-02T03:04:05.678Z",
      ...body,
    });
  }

  startTurn(): void {
    this.emit({ type: "turn.started", turnId: `turn-${++this.#turns}` });
  }

  endTurn(outcome: Outcome = { type: "done", message: "" }): void {
    this.emit({
      type: "turn.completed",
      turnId: `turn-${this.#turns}`,
      outcome,
      usage: NO_USAGE,
      threadUsage: NO_USAGE,
      reaped: 0,
    });
  }

  /** A whole turn with one answer. */
  say(text: string, id: string = "item_0"): void {
    this.startTurn();
    this.emit({ type: "text.delta", activityId: id, text });
    this.emit({
      type: "activity.completed",
      activity: { id, type: "message", text },
    });
    this.endTurn({ type: "done", message: text });
  }

  end(): void {
    this.emit({ type: "thread.closed" });
    this.#hub.close();
    this.#closed.resolve();
  }
}

/** Answers every message with one text. */
export function answering(
  answer: (text: string) => string,
): (op: Op, thread: ScriptedThread) => void {
  let count = 0;
  return (op, thread) => {
    if (op.type !== "user.input") return;
    const said = op.parts.map((part) => part.type === "text" ? part.text : "")
      .join("");
    thread.say(answer(said), `item_${count++}`);
  };
}

export class TestOutput implements TerminalOutput {
  text = "";
  columns = 80;
  rows = 24;
  pendingBytes = 0;
  isGone = false;
  isOpen = true;
  #waiting: { text: string; from: number; wake: () => void }[] = [];

  constructor(public isTty: boolean) {}

  write(text: string): boolean {
    if (!this.isOpen) return false;
    this.text += text;
    this.#waiting = this.#waiting.filter((one) => {
      if (!this.text.includes(one.text, one.from)) return true;
      one.wake();
      return false;
    });
    return true;
  }

  flush(): Promise<boolean> {
    return Promise.resolve(this.isOpen);
  }

  /** Waits until a text has been written, after `from`. */
  async seen(text: string, from: number = 0): Promise<void> {
    if (this.text.includes(text, from)) return;
    await new Promise<void>((wake) => this.#waiting.push({ text, from, wake }));
  }
}

export class TestInput implements TerminalInput {
  readonly #chunks = new Channel<Uint8Array>();
  isRaw = false;

  constructor(public isTty: boolean) {}

  async read(): Promise<Uint8Array | null> {
    const next = await this.#chunks.next();
    return next.done ? null : next.value;
  }

  setRaw(isRaw: boolean): boolean {
    this.isRaw = isRaw;
    return this.isTty;
  }

  type(text: string): void {
    this.#chunks.push(new TextEncoder().encode(text));
  }

  end(): void {
    this.#chunks.close();
  }
}

export class TestTerminal implements Terminal {
  readonly stdin: TestInput;
  readonly stdout: TestOutput;
  readonly stderr: TestOutput;
  readonly #handlers = new Map<TerminalSignal, Set<() => void>>();

  constructor(
    isTty: boolean,
    readonly variables: Readonly<Record<string, string>> = {},
  ) {
    this.stdin = new TestInput(isTty);
    this.stdout = new TestOutput(isTty);
    this.stderr = new TestOutput(isTty);
  }

  onSignal(signal: TerminalSignal, handler: () => void): () => void {
    const handlers = this.#handlers.get(signal) ?? new Set();
    this.#handlers.set(signal, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  raise(signal: TerminalSignal): void {
    for (const handler of this.#handlers.get(signal) ?? []) handler();
  }

  /** Handlers that nobody took back. */
  get listeners(): number {
    return [...this.#handlers.values()].reduce(
      (sum, { size }) => sum + size,
      0,
    );
  }

  env(name: string): string | undefined {
    return this.variables[name];
  }
}

/** Services that know one thread and nothing else. */
export function testServices(
  thread: Thread,
  overrides: Partial<ReplServices> = {},
): ReplServices {
  const none = (): Promise<readonly never[]> => Promise.resolve([]);
  const missing = (): Promise<never> =>
    Promise.reject(new Error("not scripted"));
  return {
    history: undefined,
    checkReady: () => Promise.resolve(undefined),
    trustQuestion: () => Promise.resolve(undefined),
    saveTrust: missing,
    open: () => Promise.resolve({ thread, past: [] }),
    start: missing,
    resume: missing,
    fork: missing,
    sessions: none,
    messageCount: () => 3,
    rename: missing,
    exportThread: missing,
    models: () => [],
    modelPatch: () => ({}),
    presets: () => [],
    profiles: () => [],
    profilePolicy: () => ({ mode: "danger-full-access" }),
    refuseSettings: () => undefined,
    sandboxPolicy: () => ({ mode: "danger-full-access" }),
    describeSandbox: none,
    sandboxBackend: () => Promise.resolve("bwrap"),
    rules: () => [],
    revokeRule: missing,
    diff: () => Promise.resolve(""),
    undoFiles: () => Promise.resolve({ changes: [], conflicts: [] }),
    runShell: missing,
    skills: none,
    setPrompter: () => {},
    mcpServers: none,
    refreshMcp: missing,
    mcpPrompts: none,
    mcpPrompt: missing,
    explainConfig: () => [],
    explainPrompt: none,
    priceOf: () => undefined,
    statusRows: () => [],
    ...overrides,
  };
}
