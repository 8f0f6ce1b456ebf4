/** The conversation with keys, seen on a small terminal. */
import assert from "node:assert/strict";
import { partsText } from "../../../../core/protocol/op.ts";
import { runRepl } from "../../../../core/frontends/repl/repl.ts";
import { testHost } from "../../../support/harness.ts";
import {
  answering,
  QUESTION,
  ScriptedThread,
  testServices,
  TestTerminal,
} from "./support.ts";
import { ScreenEmulator } from "./screen_emulator.ts";
import type { ReplServices } from "../../../../core/frontends/conversation/services.ts";

class Session {
  readonly terminal = new TestTerminal(true, { TERM: "xterm", NO_COLOR: "1" });
  readonly code: Promise<number>;
  readonly #emulator = new ScreenEmulator(60);
  #read = 0;
  nowMs = 0;

  constructor(
    readonly thread: ScriptedThread,
    services: Partial<ReplServices> = {},
    firstPrompt?: string,
  ) {
    this.terminal.stdout.columns = 60;
    const host = testHost({
      monotonicMs: () => this.nowMs,
      // Frames come at once, everything longer when the test is over.
      sleep: (ms, signal) =>
        ms < 100
          ? new Promise((wake) => setTimeout(wake))
          : new Promise((_, reject) => {
            signal?.addEventListener("abort", () => reject(signal.reason));
          }),
    });
    this.code = runRepl({
      services: testServices(thread, services),
      host,
      terminal: this.terminal,
      flags: {},
      ...(firstPrompt !== undefined && { firstPrompt }),
    });
  }

  type(text: string): void {
    this.terminal.stdin.type(text);
  }

  /** What stands on the screen once a text does. */
  async shows(text: string | RegExp): Promise<string> {
    for (let turn = 0; turn < 2_000; turn++) {
      const screen = this.screen();
      if (
        typeof text === "string" ? screen.includes(text) : text.test(screen)
      ) return screen;
      await new Promise((wake) => setTimeout(wake));
    }
    throw new Error(`never shown: ${text}, but:\n${this.screen()}`);
  }

  screen(): string {
    const { text } = this.terminal.stdout;
    this.#emulator.write(text.slice(this.#read));
    this.#read = text.length;
    return this.#emulator.text();
  }

  get texts(): string[] {
    return this.thread.ops.flatMap((op) =>
      op.type === "user.input" ? op.parts.map((part) => partsText([part])) : []
    );
  }
}

// A thread that begins a turn and leaves the rest to the test.
function waiting(): ScriptedThread {
  return new ScriptedThread("0199", (op, thread) => {
    if (
      op.type === "user.input" &&
      thread.ops.filter((one) => one.type === "user.input").length === 1
    ) thread.startTurn();
  });
}

Deno.test("runRepl() talks with keys and leaves the terminal as it was", async () => {
  const session = new Session(
    new ScriptedThread("0199", answering(() => "The answer.")),
  );
  await session.shows("›");
  assert.equal(session.terminal.stdin.isRaw, true);
  session.type("hello\r");
  await session.shows("The answer.");
  session.type("\x04");
  assert.equal(await session.code, 0);
  assert.equal(
    session.screen().slice(session.screen().indexOf("› hello")),
    "› hello\n\nThe answer.",
  );
  assert.equal(session.terminal.stdin.isRaw, false);
  assert.ok(session.terminal.stdout.text.startsWith("\x1b[?2004h"));
  assert.ok(session.terminal.stdout.text.endsWith("\x1b[?2004l"));
  assert.equal(session.terminal.listeners, 0);
});

Deno.test("runRepl() gives the terminal back when the thread cannot be opened", async () => {
  const session = new Session(new ScriptedThread(), {
    open: () => Promise.reject(new Error("no such session")),
  });
  await assert.rejects(session.code, /no such session/);
  assert.equal(session.terminal.stdin.isRaw, false);
  assert.ok(session.terminal.stdout.text.endsWith("\x1b[?2004l"));
});

Deno.test("runRepl() lets one leave while the thread is being opened", async () => {
  const session = new Session(new ScriptedThread(), {
    open: () => new Promise(() => {}),
  });
  await session.shows("›");
  session.type("\x03");
  await session.shows("Ctrl-C again to leave");
  session.type("\x03");
  assert.equal(await session.code, 130);
});

Deno.test("runRepl() keeps what is typed before the thread is open, and sends it then", async () => {
  const thread = new ScriptedThread(
    "0199",
    answering((text) => `heard ${text}`),
  );
  const opening = Promise.withResolvers<{ thread: ScriptedThread; past: [] }>();
  const session = new Session(thread, { open: () => opening.promise });
  session.type("early\r");
  await session.shows("next: early");
  assert.deepEqual(session.texts, []);
  opening.resolve({ thread, past: [] });
  await session.shows("heard early");
  session.type("\x04");
  assert.equal(await session.code, 0);
});

Deno.test("runRepl() steers with Enter, queues with Tab, and shows both", async () => {
  const session = new Session(waiting());
  session.type("begin\r");
  await session.shows("Waiting for the model");
  session.type("steer it\r");
  await session.shows("steering: steer it");
  session.type("then this\t");
  const screen = await session.shows("next: then this");
  assert.match(
    screen,
    /Waiting for the model · Ctrl-C stops\n {2}steering: steer it\n {2}next: then this\n›$/,
  );
  assert.deepEqual(session.texts, ["begin", "steer it"]);
  session.thread.emit({ type: "input.steered", text: "steer it" });
  await session.shows("› steer it");
  session.thread.endTurn();
  await session.shows("› then this");
  assert.deepEqual(session.texts, ["begin", "steer it", "then this"]);
  session.type("\x03\x03");
  assert.equal(await session.code, 130);
});

Deno.test("runRepl() puts what was queued back into the line after a stop", async () => {
  const session = new Session(waiting());
  session.type("begin\r");
  await session.shows("Waiting for the model");
  session.type("later\tdraft");
  await session.shows("next: later");
  session.type("\x15\x03");
  await session.shows("Stopping");
  assert.equal(session.thread.ops.at(-1)?.type, "interrupt");
  session.thread.endTurn({ type: "interrupted" });
  await session.shows(/Stopped\n› later$/);
  assert.deepEqual(session.texts, ["begin"]);
  session.terminal.raise("SIGTERM");
  assert.equal(await session.code, 143);
});

Deno.test("runRepl() keeps an unknown command for mending", async () => {
  const session = new Session(waiting());
  await session.shows("›");
  session.type("/modle x\r");
  await session.shows(/did you mean \/model[^]*› \/modle x$/);
  session.type("\x03\x04");
  await session.code;
});

Deno.test("runRepl() asks with one key, and not with what was typed before", async () => {
  const session = new Session(waiting());
  session.type("begin\r");
  await session.shows("Waiting for the model");
  session.thread.emit({
    type: "approval.requested",
    approvalId: "a1",
    request: QUESTION,
  });
  await session.shows("answering in a moment");
  session.type("y");
  await session.shows(/› y$/);
  assert.equal(
    session.thread.ops.some((op) => op.type === "approval.decide"),
    false,
  );
  session.nowMs = 5_000;
  session.type("\x7f");
  await session.shows(/›$/);
  session.nowMs = 9_000;
  session.type("p");
  while (!session.thread.ops.some((op) => op.type === "approval.decide")) {
    await new Promise((wake) => setTimeout(wake));
  }
  assert.deepEqual(session.thread.ops.at(-1), {
    type: "approval.decide",
    approvalId: "a1",
    decision: { type: "approve_prefix", prefix: ["git", "push"] },
  });
  session.thread.emit({
    type: "approval.settled",
    approvalId: "a1",
    decision: { type: "approve_prefix", prefix: ["git", "push"] },
  });
  const screen = await session.shows("yes, always: git push");
  assert.equal(screen.includes("answering in a moment"), false);
  session.type("\x04");
  await session.code;
});

Deno.test("runRepl() draws the status line and takes it away without trace", async () => {
  const session = new Session(
    new ScriptedThread("0199", (op, thread) => {
      if (op.type === "user.input") thread.startTurn();
    }),
  );
  session.type("go\r");
  await session.shows("Waiting for the model");
  session.thread.emit({
    type: "text.delta",
    activityId: "m",
    text: "half a li",
  });
  await session.shows("half a li");
  session.thread.emit({
    type: "text.delta",
    activityId: "m",
    text: "ne\nmore",
  });
  session.thread.emit({
    type: "activity.completed",
    activity: { id: "m", type: "message", text: "half a line\nmore" },
  });
  session.thread.endTurn();
  await session.shows(/half a line\nmore\n›$/);
  session.type("\x04");
  await session.code;
  assert.match(session.screen(), /› go\n\nhalf a line\nmore$/);
});

Deno.test("runRepl() takes 500 pasted lines as one message", async () => {
  const session = new Session(
    new ScriptedThread(
      "0199",
      answering((text) => `${text.split("\n").length} lines`),
    ),
  );
  await session.shows("›");
  const lines = Array.from({ length: 500 }, (_, at) => `line ${at}`).join(
    "\r\n",
  );
  session.type(`\x1b[200~${lines}\x1b[201~`);
  await session.shows("line 499");
  assert.deepEqual(session.texts, []);
  session.type("\r");
  await session.shows("500 lines");
  session.type("\x04");
  await session.code;
});

Deno.test("runRepl() runs the person's own command and tells the thread", async () => {
  const session = new Session(waiting(), {
    runShell: (command, { onOutput }) => {
      onOutput(`ran ${command}\npart`);
      return Promise.resolve({ output: "all", exitCode: 3, durationMs: 5 });
    },
  });
  await session.shows("›");
  session.type("!make\r");
  await session.shows("exit 3 · 5 ms");
  assert.match(
    session.screen(),
    /› !make\nran make\npart\n {2}exit 3 · 5 ms\n›$/,
  );
  assert.deepEqual(session.thread.ops, [
    {
      type: "user.shell",
      command: "make",
      output: "all",
      exitCode: 3,
      durationMs: 5,
    },
  ]);
  session.type("\x04");
  await session.code;
});

Deno.test("runRepl() shows earlier messages of a resumed thread once", async () => {
  const thread = new ScriptedThread("0199");
  const session = new Session(thread, {
    open: () =>
      Promise.resolve({
        thread,
        past: [{ role: "user", text: "before" }, {
          role: "assistant",
          text: "answered",
        }],
      }),
  });
  await session.shows(/› before\n\nanswered/);
  session.type("\x04");
  await session.code;
});

Deno.test("runRepl() goes on with another thread after /new", async () => {
  const second = new ScriptedThread("0200", answering(() => "from the second"));
  const session = new Session(
    new ScriptedThread("0199", answering(() => "from the first")),
    {
      start: () => Promise.resolve({ thread: second, past: [] }),
    },
  );
  await session.shows("›");
  session.type("/new\r");
  while (session.thread.ops.at(-1)?.type !== "shutdown") {
    await new Promise((wake) => setTimeout(wake));
  }
  session.type("hi\r");
  await session.shows("from the second");
  assert.deepEqual(session.texts, []);
  session.type("\x04");
  assert.equal(await session.code, 0);
});

Deno.test("runRepl() tells when the thread has ended, and gives back what was not sent", async () => {
  const session = new Session(waiting());
  session.type("begin\r");
  await session.shows("Waiting for the model");
  session.type("later\t");
  await session.shows("next: later");
  session.thread.emit({
    type: "thread.closed",
    failure: { kind: "session", message: "The disk is full" },
  });
  await session.shows("The disk is full");
  await session.shows(/› later$/);
  session.type("\x15\x04");
  await session.code;
});

Deno.test("runRepl() completes commands with Tab", async () => {
  const session = new Session(waiting());
  await session.shows("›");
  session.type("/comp\t");
  await session.shows(/› \/compact$/);
  session.type("\x15/re\t");
  await session.shows(/› \/re\n {2}\/resume/);
  session.type("\x03\x04");
  await session.code;
});

Deno.test("runRepl() draws a key before what streams in, and the end of a turn at once", async () => {
  const session = new Session(waiting());
  await session.shows("›");
  session.type("go\r");
  await session.shows("› go");
  const text = "A finished line.\n\nAnd the rest.";
  session.thread.emit({ type: "text.delta", activityId: "item_0", text });
  session.type("Q");
  await session.shows("A finished line.");
  const drawn = session.terminal.stdout.text;
  const key = drawn.indexOf("Q");
  assert.ok(key > 0 && key < drawn.indexOf("A finished line."), drawn);
  session.thread.emit({
    type: "activity.completed",
    activity: { id: "item_0", type: "message", text },
  });
  const from = drawn.length;
  session.thread.endTurn();
  // Without a frame: nothing but the microtasks of the events runs in between.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  const ended = session.terminal.stdout.text.slice(from);
  assert.ok(ended.includes("And the rest."), ended);
  session.type("\x15\x04");
  await session.code;
});
