/** What exec says while it waits: one line that goes again, or a line now and then. */
import assert from "node:assert/strict";
import { WaitLine } from "../../../../core/frontends/exec/wait_line.ts";
import type { EventBody } from "../../../../core/protocol/event.ts";
import { command } from "../support.ts";
import { TestTerminal } from "../repl/support.ts";

/** A clock that the test moves on, second by second. */
class Clock {
  nowMs = 0;
  readonly signals: string[] = [];
  #wake: (() => void) | undefined;

  readonly host = {
    monotonicMs: (): number => this.nowMs,
    sleep: (_ms: number, signal?: AbortSignal): Promise<void> =>
      new Promise((resolve, reject) => {
        this.#wake = resolve;
        signal?.addEventListener("abort", () => {
          this.#wake = undefined;
          reject(signal.reason);
        });
      }),
    kill: (_pid: number, signal: string): void =>
      void this.signals.push(signal),
  };

  get isStopped(): boolean {
    return this.#wake === undefined;
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1_000;
      this.#wake?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

interface Scene {
  readonly clock: Clock;
  readonly terminal: TestTerminal;
  readonly line: WaitLine;
  take(body: EventBody): void;
}

function scene(
  isTty: boolean,
  variables: Record<string, string> = { TERM: "xterm" },
): Scene {
  const clock = new Clock();
  const terminal = new TestTerminal(isTty, variables);
  const line = new WaitLine(clock.host, terminal, { hasColor: false });
  let seq = 0;
  return {
    clock,
    terminal,
    line,
    take: (body) =>
      line.take({ threadId: "t", seq: seq++, at: "2026-01-01", ...body }),
  };
}

const GONE = "\r\x1b[J";
const STARTED: EventBody = { type: "turn.started", turnId: "1" };
const RUNS: EventBody = {
  type: "activity.started",
  activity: command("item_1", { command: "make test", status: "in_progress" }),
};

Deno.test("on a terminal one line says what is waited for, and goes again", async () => {
  const { clock, terminal: { stderr }, line, take } = scene(true);
  take(STARTED);
  await clock.pass(12);
  assert.ok(
    stderr.text.endsWith(`${GONE}Waiting for the model · 12 s · Ctrl-C stops`),
    stderr.text,
  );
  take(RUNS);
  take({ type: "output.delta", activityId: "item_1", text: "a\nok 3 of 9\n" });
  await clock.pass(2);
  assert.ok(
    stderr.text.endsWith(`${GONE}Running make test · 2 s · ok 3 of 9`),
    stderr.text,
  );
  line.write("a line that stays\n");
  assert.ok(
    stderr.text.endsWith(
      `${GONE}a line that stays\nRunning make test · 2 s · ok 3 of 9`,
    ),
    stderr.text,
  );
  line.close();
  assert.ok(stderr.text.endsWith(`${GONE}`), stderr.text);
  assert.equal(clock.isStopped, true);
});

Deno.test("the line keeps to the window, also when that has become narrower", async () => {
  const { clock, terminal: { stderr }, take, line } = scene(true);
  stderr.columns = 40;
  take(STARTED);
  take(RUNS);
  take({
    type: "output.delta",
    activityId: "item_1",
    text: "x".repeat(200),
  });
  await clock.pass(1);
  const drawn = stderr.text.split("\r\x1b[J").at(-1) ?? "";
  assert.equal(drawn.length, 39);
  stderr.columns = 15;
  await clock.pass(1);
  // It stood on three rows by then.
  assert.ok(stderr.text.includes(`${drawn}\x1b[2A\r\x1b[J`), stderr.text);
  line.close();
});

Deno.test("a program that is stopped leaves the shell a clean line", async () => {
  const { clock, terminal, take, line } = scene(true);
  take(STARTED);
  await clock.pass(1);
  terminal.raise("SIGTSTP");
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(terminal.stderr.text.endsWith(`${GONE}`), terminal.stderr.text);
  assert.deepEqual(clock.signals, ["SIGTSTP"]);
  line.close();
});

for (
  const [where, isTty, variables] of [
    ["a file", false, { TERM: "xterm" }],
    ["a terminal that cannot move its cursor", true, { TERM: "dumb" }],
  ] as const
) {
  Deno.test(`in ${where} a long wait is a line after 10 s and every 30 s`, async () => {
    const { clock, terminal: { stderr }, take, line } = scene(isTty, variables);
    take(STARTED);
    await clock.pass(9);
    assert.equal(stderr.text, "");
    await clock.pass(60);
    assert.equal(
      stderr.text,
      "Waiting for the model · 10 s\nWaiting for the model · 40 s\n",
    );
    take(RUNS);
    await clock.pass(10);
    assert.match(stderr.text, /\nRunning make test · 10 s\n$/);
    take({ type: "turn.completed" } as EventBody);
    await clock.pass(100);
    line.close();
    assert.match(stderr.text, /\nRunning make test · 10 s\n$/);
    assert.equal(clock.isStopped, true);
  });
}
