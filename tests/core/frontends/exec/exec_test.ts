/** Every way a run of exec can go and end, over a scripted thread. */
import assert from "node:assert/strict";
import type { EventBody } from "../../../../core/protocol/event.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import {
  assertValid,
  command,
  ended,
  exec,
  manualClock,
  MemoryTerminal,
  message,
  ScriptedThread,
  testHost,
  threadOf,
  typesOf,
} from "../support.ts";

const JSON_FLAGS = { json: true } as const;
const DECLINED: EventBody = {
  type: "activity.completed",
  activity: command("item_0", {
    status: "declined",
    exitCode: null,
    output: "",
    command: "rm -rf /",
  }),
};
const SAID: EventBody = {
  type: "activity.completed",
  activity: message("item_1", "All done"),
};

function terminalOf(lines: readonly { type: string }[]): { type: string }[] {
  return lines.filter(({ type }) =>
    type === "turn.completed" || type === "turn.failed"
  );
}

Deno.test("runExec() says the last message on stdout and the rest on stderr", async () => {
  const run = await exec(threadOf([
    { type: "activity.completed", activity: message("item_0", "I look first") },
    { type: "activity.started", activity: command("item_1") },
    { type: "activity.completed", activity: command("item_1") },
    { type: "activity.completed", activity: message("item_2", "All done") },
    ended(),
  ]));
  assert.equal(run.code, 0);
  assert.equal(run.stdout, "All done\n");
  assert.match(
    run.stderr,
    /I look first\n\$ ls -la\n {2}a\n {2}b\n {2}exit 0\n/,
  );
  assert.doesNotMatch(run.stderr, /All done/);
  assert.deepEqual(run.thread.ops.map(({ type }) => type), [
    "user.input",
    "shutdown",
  ]);
});

Deno.test("runExec() ends a JSON run with its one terminal line, after the thread has closed", async () => {
  const run = await exec(threadOf([SAID, ended()]), { flags: JSON_FLAGS });
  assert.equal(run.code, 0);
  assert.deepEqual(typesOf(run.lines), [
    "thread.started",
    "turn.started",
    "item.completed agent_message",
    "turn.completed",
  ]);
  assert.equal(run.stderr, "");
});

Deno.test("runExec() turns each way to fail into its exit code, once", async () => {
  const cases = [
    ["auth", 4],
    ["rate_limit", 5],
    ["unreachable", 5],
    ["stream", 5],
    ["context_window", 1],
    ["invalid_request", 1],
    ["limit", 6],
    ["timeout", 124],
    ["sandbox_unavailable", 8],
    ["session", 9],
    ["cache", 1],
    ["schema", 1],
    ["bug", 70],
  ] as const;
  for (const [kind, code] of cases) {
    const error = { kind, message: `It was ${kind}`, requestId: "req_1" };
    const run = await exec(threadOf([ended({ type: "failed", error })]), {
      flags: JSON_FLAGS,
    });
    assert.equal(run.code, code, kind);
    assert.deepEqual(typesOf(run.lines).slice(-2), ["error", "turn.failed"]);
    assert.equal(terminalOf(run.lines).length, 1);
    const last = run.lines.at(-1);
    assert(last?.type === "turn.failed");
    assert.deepEqual(last.error, {
      message: `It was ${kind}`,
      kind,
      status: null,
      request_id: "req_1",
    });
    assert.equal(last.exit_code, code);
    assert.equal(run.stderr, `Error: It was ${kind}\n`);
  }
});

Deno.test("runExec() answers the first signal with an interrupt and a terminal line", async () => {
  const cases = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 143]] as const;
  for (const [signal, code] of cases) {
    const terminal = new MemoryTerminal();
    const thread = new ScriptedThread((op, self) => {
      if (op.type === "user.input") {
        self.say({ type: "turn.started", turnId: "t" });
        terminal.signal(signal);
      } else if (op.type === "shutdown") {
        self.say(ended({ type: "interrupted" }));
        self.close();
      }
    });
    const run = await exec(thread, { flags: JSON_FLAGS, terminal });
    assert.equal(run.code, code);
    const last = run.lines.at(-1);
    assert(last?.type === "turn.failed");
    assert.equal(last.error.kind, "interrupted");
    assert.equal(last.exit_code, code);
    assert.equal(terminalOf(run.lines).length, 1);
  }
});

Deno.test("runExec() ends with the code of the signal when a turn got done that nobody read", async () => {
  const cases = [["SIGINT", 130], ["SIGTERM", 143], [undefined, 1]] as const;
  for (const [signal, code] of cases) {
    const terminal = new MemoryTerminal();
    terminal.stdout.flush = () => Promise.resolve(false);
    const thread = new ScriptedThread((op, self) => {
      if (op.type === "user.input") {
        if (signal !== undefined) terminal.signal(signal);
        else self.say(ended());
      } else if (op.type === "shutdown") {
        if (signal !== undefined) self.say(ended());
        self.close();
      }
    });
    const run = await exec(thread, { flags: JSON_FLAGS, terminal });
    assert.equal(run.code, code);
  }
});

Deno.test("runExec() --input jsonl does not read garbage for ever", async () => {
  const terminal = new MemoryTerminal();
  terminal.type("no\n".repeat(2 * LIMITS.inputBadLines));
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "user.input") self.say(ended());
    if (op.type === "shutdown") self.close();
  });
  const flags = { json: true, input: "jsonl" } as const;
  const run = await exec(thread, { flags, terminal });
  const warnings = run.lines.filter(({ type }) => type === "warning");
  assert.equal(warnings.length, LIMITS.inputBadLines + 1);
});

Deno.test("runExec() waits after the second signal as long as commands have to end", async () => {
  const terminal = new MemoryTerminal();
  const { host, waits } = manualClock();
  const thread = new ScriptedThread((op) => {
    if (op.type === "user.input") terminal.signal("SIGINT");
    if (op.type !== "shutdown") return;
    terminal.signal("SIGTERM");
    terminal.signal("SIGTERM");
    queueMicrotask(() =>
      waits.find(({ ms }) => ms === LIMITS.killGraceMs)?.end()
    );
  });
  const run = await exec(thread, { flags: JSON_FLAGS, terminal, host });
  assert.equal(run.code, 130);
  assert.deepEqual(waits.map(({ ms }) => ms), [
    LIMITS.killGraceMs,
    LIMITS.threadCloseMs,
  ]);
  assert.deepEqual(typesOf(run.lines), [
    "thread.started",
    "error",
    "turn.failed",
  ]);
});

Deno.test("runExec() goes without a thread that does not close in time", async () => {
  const { host, waits } = manualClock();
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "user.input") self.say(ended());
    // Asked to close, it never does.
    if (op.type === "shutdown") queueMicrotask(() => waits.at(-1)?.end());
  });
  const run = await exec(thread, { flags: JSON_FLAGS, host });
  assert.deepEqual(waits.map(({ ms }) => ms), [LIMITS.threadCloseMs]);
  assert.equal(run.code, 0);
  assert.equal(run.lines.at(-1)?.type, "turn.completed");
});

Deno.test("runExec() ends a run whose time is over with 124", async () => {
  const { host, waits } = manualClock();
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "user.input") {
      self.say({ type: "turn.started", turnId: "t" });
      waits[0]?.end();
    } else if (op.type === "shutdown") {
      self.say(ended({ type: "interrupted" }));
      self.close();
    }
  });
  const flags = { json: true, timeoutMs: 5_000 };
  const run = await exec(thread, { flags, host });
  assert.equal(waits[0]?.ms, 5_000);
  assert.equal(run.code, 124);
  const last = run.lines.at(-1);
  assert(last?.type === "turn.failed");
  assert.equal(last.error.kind, "timeout");
});

Deno.test("runExec() keeps a turn that got done although a signal came", async () => {
  const terminal = new MemoryTerminal();
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "user.input") {
      self.say(ended());
      terminal.signal("SIGTERM");
    } else if (op.type === "shutdown") self.close();
  });
  const run = await exec(thread, { flags: JSON_FLAGS, terminal });
  assert.equal(run.code, 0);
  assert.equal(run.lines.at(-1)?.type, "turn.completed");
});

Deno.test("runExec() stops quietly when nobody reads stdout any more", async () => {
  const terminal = new MemoryTerminal({
    onLine: () => terminal.stdout.isGone = true,
  });
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "user.input") {
      self.say({ type: "turn.started", turnId: "t" });
    } else if (op.type === "shutdown") {
      self.say(ended({ type: "interrupted" }));
      self.close();
    }
  });
  const run = await exec(thread, { flags: JSON_FLAGS, terminal });
  assert.equal(run.code, 1);
  assert.deepEqual(typesOf(run.lines), ["thread.started"]);
  assert.equal(run.stderr, "");
});

Deno.test("runExec() reports a thread that ends in the middle of a turn", async () => {
  const lost = threadOf((thread) =>
    thread.close({ kind: "session", message: "The disk is full" })
  );
  const session = await exec(lost, { flags: JSON_FLAGS });
  assert.equal(session.code, 9);
  assert.deepEqual(typesOf(session.lines).slice(-2), ["error", "turn.failed"]);

  const silent = await exec(threadOf((thread) => thread.close()), {
    flags: JSON_FLAGS,
  });
  assert.equal(silent.code, 70);
});

Deno.test("runExec() fails a done turn whose log could not be closed", async () => {
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "user.input") self.say(ended());
    if (op.type === "shutdown") {
      self.close({ kind: "session", message: "No space left" });
    }
  });
  const run = await exec(thread, { flags: JSON_FLAGS });
  assert.equal(run.code, 9);
  assert.equal(terminalOf(run.lines).length, 1);
  assert.equal(run.lines.at(-1)?.type, "turn.failed");
});

Deno.test("runExec() names what was denied, and fails for it only when asked to", async () => {
  const lax = await exec(threadOf([DECLINED, ended()]), { flags: JSON_FLAGS });
  assert.equal(lax.code, 0);
  const strict = await exec(threadOf([DECLINED, ended()]), {
    flags: { json: true, failOnDenied: true },
  });
  assert.equal(strict.code, 7);
  const last = strict.lines.at(-1);
  assert(last?.type === "turn.completed");
  assert.deepEqual([last.exit_code, last.denied], [7, ["rm -rf /"]]);
});

Deno.test("runExec() denies a question that nobody can answer, in sight of all", async () => {
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "user.input") {
      self.say({ type: "turn.started", turnId: "t" }, QUESTION);
    } else if (op.type === "approval.decide") {
      const { approvalId, decision } = op;
      self.say({ type: "approval.settled", approvalId, decision }, ended());
    } else if (op.type === "shutdown") self.close();
  });
  const run = await exec(thread, { flags: JSON_FLAGS });
  assert.deepEqual(typesOf(run.lines).slice(2, 4), [
    "approval.requested",
    "approval.settled",
  ]);
  const [asked, settled] = run.lines.slice(2);
  assert(asked?.type === "approval.requested");
  assert.equal(asked.expires_at, null);
  assert(settled?.type === "approval.settled");
  assert.equal(settled.decision, "deny");
  assert.equal(settled.message, "No one can approve this");
});

const QUESTION: EventBody = {
  type: "approval.requested",
  approvalId: "ask-1",
  request: {
    kind: "command",
    title: "make install",
    detail: "make install",
    cwd: "/wdir",
    reason: "It is not known to be safe",
    forbids: "Writes outside /wdir",
    sessionScope: "make install in /wdir",
    prefix: ["make", "install"],
  },
};

Deno.test("runExec() takes messages, steers, interrupts and answers as lines", async () => {
  const terminal = new MemoryTerminal();
  const say = (value: unknown): void =>
    terminal.type(`${JSON.stringify(value)}\n`);
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "user.input" && self.ops.length === 1) {
      self.say({ type: "turn.started", turnId: "1" }, QUESTION);
      say({
        type: "approval.decide",
        approval_id: "ask-1",
        decision: "approve",
      });
    } else if (op.type === "approval.decide") {
      const { approvalId, decision } = op;
      self.say({ type: "approval.settled", approvalId, decision });
      say({ type: "steer", text: "and hurry" });
    } else if (op.type === "user.input" && self.ops.length === 3) {
      self.say({ type: "input.steered", text: "and hurry" }, ended());
      say({ type: "user.input", text: "once more" });
    } else if (op.type === "user.input") {
      self.say({ type: "turn.started", turnId: "2" });
      say({ type: "interrupt" });
    } else if (op.type === "interrupt") {
      self.say(ended({ type: "interrupted" }));
      say({ type: "shutdown" });
    } else if (op.type === "shutdown") self.close();
  });
  const flags = { json: true, input: "jsonl" } as const;
  const run = await exec(thread, { flags, terminal });
  assert.deepEqual(thread.ops, [
    { type: "user.input", parts: [{ type: "text", text: "do it" }] },
    {
      type: "approval.decide",
      approvalId: "ask-1",
      decision: { type: "approve" },
    },
    { type: "user.input", parts: [{ type: "text", text: "and hurry" }] },
    { type: "user.input", parts: [{ type: "text", text: "once more" }] },
    { type: "interrupt" },
    { type: "shutdown" },
  ]);
  assert.deepEqual(typesOf(run.lines), [
    "thread.started",
    "turn.started",
    "approval.requested",
    "approval.settled",
    "input.steered",
    "turn.completed",
    "turn.started",
    "error",
    "turn.failed",
  ]);
  const asked = run.lines[2];
  assert(asked?.type === "approval.requested");
  assert.equal(asked.expires_at, "2026-01-02T12:05:02.000Z");
  assert.equal(run.code, 130);
});

Deno.test("runExec() waits for the turn that input too late for the last one begins", async () => {
  const terminal = new MemoryTerminal();
  const thread = new ScriptedThread((op, self) => {
    if (op.type === "shutdown") return self.close();
    if (op.type !== "user.input") return;
    if (self.ops.length === 1) {
      self.say({ type: "turn.started", turnId: "1" });
      terminal.type('{"type":"user.input","text":"late"}\n');
      terminal.input.close();
    } else {
      // The turn ends without having seen it; a second one takes it up.
      self.say(ended(), { type: "turn.started", turnId: "2" }, SAID, ended());
    }
  });
  const flags = { json: true, input: "jsonl" } as const;
  const run = await exec(thread, { flags, terminal });
  assert.equal(run.code, 0);
  assert.equal(terminalOf(run.lines).length, 2);
  assert.equal(run.lines.at(-1)?.type, "turn.completed");
});

Deno.test("runExec() names bad input lines and goes on", async () => {
  const terminal = new MemoryTerminal();
  terminal.type(
    'not json\n{"type":"dance"}\n{"type":"steer","text":"x"}\n{"type":"user.input"}\n' +
      '{"type":"approval.decide","approval_id":"nope","decision":"deny"}\n' +
      '{"type":"user.input","text":"go","images":["a.png"]}\n',
  );
  terminal.input.close();
  const thread = threadOf([ended()]);
  const flags = { json: true, input: "jsonl" } as const;
  const run = await exec(thread, { flags, terminal, prompt: null });
  assert.equal(run.code, 0);
  const warnings = run.lines.flatMap((line) =>
    line.type === "warning" ? [line.message] : []
  );
  assert.deepEqual(warnings, [
    "Cannot use line 1 of the input: not json is not JSON",
    'Cannot use line 2 of the input: "type" is not what is expected; see rondo schema input',
    "Cannot steer: no turn is running",
    "Cannot take an empty message",
    "Cannot take the answer to nope: no such question is open",
  ]);
  assert.deepEqual(thread.ops[0], {
    type: "user.input",
    parts: [{ type: "text", text: "go" }, {
      type: "image",
      path: `${Deno.cwd()}/a.png`,
    }],
  });
});

Deno.test("runExec() ends a dialog that never began as a wrong use", async () => {
  const terminal = new MemoryTerminal();
  terminal.input.close();
  const flags = { json: true, input: "jsonl" } as const;
  const run = await exec(threadOf([]), { flags, terminal, prompt: null });
  assert.equal(run.code, 2);
  assert.deepEqual(typesOf(run.lines), [
    "thread.started",
    "error",
    "turn.failed",
  ]);
});

Deno.test("runExec() adds no second terminal line when a signal ends an idle dialog", async () => {
  const terminal = new MemoryTerminal({
    onLine: (line) => {
      if (line.includes('"turn.completed"')) terminal.signal("SIGTERM");
    },
  });
  const flags = { json: true, input: "jsonl" } as const;
  const run = await exec(threadOf([ended()]), { flags, terminal });
  assert.equal(run.code, 143);
  assert.equal(terminalOf(run.lines).length, 1);
  assert.equal(run.lines.at(-1)?.type, "turn.completed");
});

Deno.test("runExec() writes one object with --output-format json", async () => {
  const run = await exec(
    threadOf([
      {
        type: "activity.completed",
        activity: {
          id: "item_0",
          type: "file_change",
          status: "completed",
          changes: [
            { path: "/wdir/a", kind: "add" },
            { path: "/wdir/b", kind: "update", movedTo: "/wdir/c" },
          ],
        },
      },
      {
        type: "activity.completed",
        activity: command("item_1", { exitCode: 2, status: "failed" }),
      },
      SAID,
      ended(),
    ]),
    { flags: { outputFormat: "json" } },
  );
  const result = JSON.parse(run.stdout);
  assertValid("result", result);
  assert.equal(run.stdout.split("\n").length, 2);
  assert.deepEqual(
    [result.message, result.exit_code, result.error, result.thread_id],
    ["All done", 0, null, "thread-1"],
  );
  assert.deepEqual(result.files_changed, [
    { path: "/wdir/a", kind: "add" },
    { path: "/wdir/b", kind: "update", moved_to: "/wdir/c" },
  ]);
  assert.deepEqual(result.commands, [
    { command: "ls -la", cwd: "/wdir", exit_code: 2, status: "failed" },
  ]);
});

Deno.test("runExec() has the last message in its file before the terminal line", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/last.txt`;
    await Deno.writeTextFile(path, "old");
    let seen = "";
    const terminal = new MemoryTerminal({
      onLine: (line) => {
        if (line.includes("turn.completed")) seen = Deno.readTextFileSync(path);
      },
    });
    const flags = { json: true, outputLastMessage: path };
    const run = await exec(threadOf([SAID, ended()]), { flags, terminal });
    assert.deepEqual([run.code, seen], [0, "All done"]);
    const left = await Array.fromAsync(Deno.readDir(dir));
    assert.deepEqual(left.map(({ name }) => name), ["last.txt"]);

    const error = { kind: "auth", message: "No" } as const;
    const failed = await exec(threadOf([ended({ type: "failed", error })]), {
      flags,
    });
    assert.equal(await Deno.readTextFile(path), "");
    assert(failed.lines.some(({ type }) => type === "warning"));

    const lost = await exec(threadOf([SAID, ended()]), {
      flags: { json: true, outputLastMessage: `${dir}/no/such/dir` },
    });
    assert.equal(lost.code, 1);
    const last = lost.lines.at(-1);
    assert(last?.type === "turn.completed");
    assert.equal(last.exit_code, 1);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("runExec() prints a message to a terminal without what would steer it", async () => {
  const evil = "\x1b]0;owned\x07\x1b[31mred\x1b[0m";
  const done = { type: "done", message: evil } as const;
  const tty = await exec(threadOf([ended(done)]), {
    terminal: new MemoryTerminal({ isTty: true }),
  });
  assert.equal(tty.stdout, "red\n");
  const piped = await exec(threadOf([ended(done)]));
  assert.equal(piped.stdout, `${evil}\n`);
});

Deno.test("runExec() survives a thread that says nothing but its events in a flood", async () => {
  const flood: EventBody[] = [];
  for (let at = 0; at < 20_000; at++) {
    flood.push({ type: "text.delta", activityId: "item_0", text: "word " });
  }
  const run = await exec(threadOf([...flood, SAID, ended()]), {
    flags: { json: true, deltas: true },
    host: testHost(),
  });
  assert.equal(run.code, 0);
  assert.equal(
    run.lines.filter(({ type }) => type === "text.delta").length,
    20_000,
  );
});
