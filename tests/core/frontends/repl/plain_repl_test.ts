/** The conversation in plain lines: pipes, files, dumb terminals. */
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
import type {
  ReplServices,
  TrustQuestion,
} from "../../../../core/frontends/conversation/services.ts";

interface Run {
  readonly thread: ScriptedThread;
  readonly terminal: TestTerminal;
  readonly code: Promise<number>;
}

function run(options: {
  readonly thread?: ScriptedThread;
  readonly isTty?: boolean;
  readonly services?: Partial<ReplServices>;
  readonly firstPrompt?: string;
  readonly clock?: () => number;
  /** Fulfilled when time has passed. */
  readonly later?: Promise<void>;
} = {}): Run {
  const thread = options.thread ??
    new ScriptedThread("thread-1", answering((text) => `heard: ${text}`));
  const terminal = new TestTerminal(options.isTty ?? false, { TERM: "dumb" });
  let now = 0;
  const host = testHost({
    monotonicMs: options.clock ?? (() => now += 1_000),
    sleep: (_ms, signal) =>
      options.later ??
        new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason))
        ),
  });
  const code = runRepl({
    services: testServices(thread, options.services),
    host,
    terminal,
    flags: {},
    ...(options.firstPrompt !== undefined &&
      { firstPrompt: options.firstPrompt }),
  });
  return { thread, terminal, code };
}

function texts(thread: ScriptedThread): string[] {
  return thread.ops.flatMap((op) =>
    op.type === "user.input" ? op.parts.map((part) => partsText([part])) : []
  );
}

Deno.test("runRepl() sends the lines of a pipe one after the other and ends with it", async () => {
  const { thread, terminal, code } = run();
  terminal.stdin.type("one\r\ntwo \\\nmore\nthree");
  terminal.stdin.end();
  assert.equal(await code, 0);
  assert.deepEqual(texts(thread), ["one", "two \nmore", "three"]);
  assert.equal(
    terminal.stdout.text.slice(terminal.stdout.text.indexOf("> one")),
    "> one\nheard: one\n> two \nmore\nheard: two \nmore\n> three\nheard: three\n",
  );
  assert.equal(terminal.stderr.text, "");
  assert.equal(thread.ops.at(-1)?.type, "shutdown");
  assert.equal(terminal.listeners, 0);
});

Deno.test("runRepl() writes no escape sequence where there is no terminal", async () => {
  const thread = new ScriptedThread(
    "t",
    answering(() => "\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07"),
  );
  const { terminal, code } = run({ thread });
  terminal.stdin.type("go\n");
  terminal.stdin.end();
  await code;
  assert.ok(terminal.stdout.text.endsWith("red bell\n"));
  assert.equal(terminal.stdout.text.includes("\x1b"), false);
});

Deno.test("runRepl() ends an empty input with exit code 0 and asks nothing", async () => {
  const { thread, terminal, code } = run();
  terminal.stdin.end();
  assert.equal(await code, 0);
  assert.deepEqual(texts(thread), []);
});

Deno.test("runRepl() gives the exit code of the last turn", async () => {
  const failing = new ScriptedThread("t", (op, thread) => {
    if (op.type !== "user.input") return;
    thread.startTurn();
    thread.endTurn({
      type: "failed",
      error: { kind: "unreachable", message: "Nobody answers" },
    });
  });
  const { terminal, code } = run({ thread: failing });
  terminal.stdin.type("go\n");
  terminal.stdin.end();
  assert.equal(await code, 5);
  assert.equal(terminal.stderr.text, "Error: Nobody answers\n");
});

Deno.test("runRepl() denies what is asked when no person can answer", async () => {
  const asking = new ScriptedThread("t", (op, thread) => {
    if (op.type === "user.input") {
      thread.startTurn();
      thread.emit({
        type: "approval.requested",
        approvalId: "a1",
        request: QUESTION,
      });
    } else if (op.type === "approval.decide") {
      thread.emit({
        type: "approval.settled",
        approvalId: "a1",
        decision: op.decision,
      });
      thread.endTurn();
    }
  });
  const { thread, terminal, code } = run({ thread: asking });
  terminal.stdin.type("go\ny\n");
  terminal.stdin.end();
  await code;
  const decision = thread.ops.find((op) => op.type === "approval.decide");
  assert.equal(decision?.decision.type, "deny");
  assert.match(terminal.stderr.text, /Not allowed: git push/);
  assert.deepEqual(texts(thread), ["go", "y"]);
});

Deno.test("runRepl() takes a typed y for a question only once it has been seen", async () => {
  const later = Promise.withResolvers<void>();
  const asking = new ScriptedThread("t", (op, thread) => {
    if (op.type === "user.input" && thread.ops.length === 1) {
      thread.startTurn();
      thread.emit({
        type: "approval.requested",
        approvalId: "a1",
        request: QUESTION,
      });
    } else if (op.type === "approval.decide") {
      thread.emit({
        type: "approval.settled",
        approvalId: "a1",
        decision: op.decision,
      });
      thread.endTurn();
    }
  });
  const { thread, terminal, code } = run({
    thread: asking,
    isTty: true,
    later: later.promise,
  });
  terminal.stdin.type("go\n");
  await terminal.stdout.seen("git push origin main");
  terminal.stdin.type("y\n");
  while (texts(thread).length < 2) {
    await new Promise((wake) => setTimeout(wake));
  }
  assert.equal(thread.ops.some((op) => op.type === "approval.decide"), false);
  later.resolve();
  await terminal.stdout.seen("Answer y");
  terminal.stdin.type("y\n");
  while (!thread.ops.some((op) => op.type === "approval.decide")) {
    await new Promise((wake) => setTimeout(wake));
  }
  terminal.stdin.end();
  await code;
  const decided = thread.ops.flatMap((op) =>
    op.type === "approval.decide" ? [op.decision] : []
  );
  assert.deepEqual(decided, [{ type: "approve" }]);
  assert.deepEqual(texts(thread), ["go", "y"]);
});

Deno.test("runRepl() says what helps when there is no key, and leaves with 4", async () => {
  const { terminal, code } = run({
    services: {
      checkReady: () =>
        Promise.resolve({
          message: "There is no key: OPENAI_API_KEY is not set",
          isChosen: false,
          configPath: "/h/.codex/config.toml",
        }),
    },
  });
  assert.equal(await code, 4);
  assert.match(
    terminal.stderr.text,
    /^There is no key: .*\. One of these helps:\n.*OPENAI_API_KEY.*\n.*--oss.*\n.*\/h\/\.codex\/config\.toml:\n\n {4}model = [^]*\n {4}base_url = .*\n.*env_key.*\n$/,
  );
  const chosen = run({
    services: {
      checkReady: () =>
        Promise.resolve({
          message: "Cannot find the key: set MINE",
          isChosen: true,
          configPath: "",
        }),
    },
  });
  assert.equal(await chosen.code, 4);
  assert.equal(chosen.terminal.stderr.text, "Cannot find the key: set MINE\n");
});

Deno.test("runRepl() asks about trust until it hears a yes or a no, and says what was decided", async () => {
  const cases = [
    ["y\n", [true]],
    [" YES \n", [true]],
    ["n\n", [false]],
    ["\nwhat\nyep\nno\n", [false]],
    ["\nwhat\n", []],
  ] as const;
  for (const [typed, wanted] of cases) {
    const saved: boolean[] = [];
    const { terminal, code } = run({
      isTty: true,
      services: {
        trustQuestion: () =>
          Promise.resolve(
            saved.length > 0 ? undefined : trustQuestion(["runs: x"]),
          ),
        saveTrust: (_question, is) => {
          saved.push(is);
          return Promise.resolve("Kept in FILE.");
        },
      },
    });
    terminal.stdin.type(typed);
    terminal.stdin.end();
    await code;
    assert.deepEqual(saved, wanted, typed);
    const text = terminal.stdout.text;
    assert.match(text, /Do you approve it\?\n {2}hooks\.json\n {4}runs: x\n/);
    assert.equal(text.includes("Kept in FILE."), wanted.length > 0, text);
    const again = text.split("Please answer y or n: ").length - 1;
    assert.equal(again, typed.split("\n").length - 1 - wanted.length);
  }
});

Deno.test("runRepl() shows all of what a yes would start, hidden characters and line breaks too", async () => {
  const long = `echo ${"a".repeat(300)} ; last`;
  const { terminal, code } = run({
    isTty: true,
    services: {
      trustQuestion: () =>
        Promise.resolve(
          trustQuestion([long, "one\u001b[2K\u202etwo\n    runs: three"]),
        ),
      saveTrust: () => Promise.resolve(""),
    },
  });
  terminal.stdin.end();
  await code;
  const text = terminal.stdout.text;
  assert.equal(text.replace(/\n +/g, "").includes("a".repeat(300)), true);
  assert.match(text, /; last\n/);
  assert.match(text, /one\\u\{1b\}\[2K\\u\{202e\}two\n {4}\| {5}runs: three\n/);
});

function trustQuestion(facts: readonly string[]): TrustQuestion {
  return {
    about: "files",
    text: "Do you approve it?",
    files: [{ title: "hooks.json", facts }],
    consequence: "It could start.",
  };
}

Deno.test("runRepl() keeps going after an unknown command and says what was meant", async () => {
  const { thread, terminal, code } = run();
  terminal.stdin.type("/stauts\n/usr/bin/true is a path\n /status as text\n");
  terminal.stdin.end();
  assert.equal(await code, 0);
  assert.match(
    terminal.stderr.text,
    /Unknown command \/stauts; did you mean \/status/,
  );
  assert.deepEqual(texts(thread), [
    "/usr/bin/true is a path",
    " /status as text",
  ]);
});

Deno.test("runRepl() ends when nobody reads the output any more", async () => {
  const { terminal, code } = run();
  terminal.stdout.isOpen = false;
  terminal.stdin.type("go\n");
  assert.equal(await code, 1);
});

Deno.test("runRepl() ends on SIGTERM with 143 and closes the thread", async () => {
  const { thread, terminal, code } = run({ isTty: true });
  await terminal.stdout.seen("> ");
  terminal.raise("SIGTERM");
  assert.equal(await code, 143);
  assert.equal(thread.ops.at(-1)?.type, "shutdown");
});

Deno.test("runRepl() stops the turn on Ctrl-C, and leaves on the second one", async () => {
  let now = 0;
  const { thread, terminal, code } = run({
    thread: new ScriptedThread("t", (op, one) => {
      if (op.type === "user.input") one.startTurn();
    }),
    isTty: true,
    clock: () => now,
  });
  now = 10_000;
  await terminal.stdout.seen("> ");
  terminal.stdin.type("go\n");
  while (!thread.ops.some((op) => op.type === "user.input")) {
    await new Promise((wake) => setTimeout(wake));
  }
  terminal.raise("SIGINT");
  assert.equal(thread.ops.at(-1)?.type, "interrupt");
  now += 500;
  terminal.raise("SIGINT");
  assert.equal(await code, 130);
});

Deno.test("runRepl() asks for a line below what the thread is, once, and ends on a new line", async () => {
  const { terminal, code } = run({ isTty: true });
  await terminal.stdout.seen("> ");
  terminal.stdin.end();
  assert.equal(await code, 0);
  assert.match(terminal.stdout.text, /^rondo [^]*\n\n> \n$/);
});
