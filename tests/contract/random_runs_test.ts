/** Random runs through the real session and the real exec: every line keeps the contract. */
import assert from "node:assert/strict";
import type { Flags } from "../../core/contract/command_line.ts";
import type { Event } from "../../core/protocol/event.ts";
import type { ExecEvent } from "../../core/contract/event.ts";
import type { Thread } from "../../core/protocol/thread.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { runExec } from "../../core/frontends/exec/exec.ts";
import {
  checkLines,
  MemoryTerminal,
  testHost,
} from "../core/frontends/support.ts";
import { type TestThread, testThread } from "../support/harness.ts";
import { say } from "../support/mock_script.ts";
import {
  Dice,
  randomFlags,
  randomReply,
  randomSchema,
  randomSteps,
  randomTool,
} from "./random_script.ts";

// 5,000 are run before a release; the number of the first run is a seed.
const RUNS = Number(Deno.env.get("CONTRACT_RUNS") ?? 200);
const FIRST = Number(Deno.env.get("CONTRACT_FIRST") ?? 0);

interface Finished {
  readonly code: number;
  readonly flags: Flags;
  readonly lines: readonly ExecEvent[];
}

Deno.test(`every line of ${RUNS} random runs is valid, and each run has its one end`, async () => {
  const kinds = new Set<string>();
  const codes = new Set<number>();
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    try {
      const run = await runSeed(seed);
      checkEnds(run);
      checkEnvelope(run);
      checkItems(run.lines);
      run.lines.forEach(({ type }) => kinds.add(type));
      codes.add(run.code);
    } catch (error) {
      throw new Error(`CONTRACT_FIRST=${seed} CONTRACT_RUNS=1`, {
        cause: error,
      });
    }
  }
  if (RUNS < 200) return;
  // The runs are worth something only when they get everywhere.
  for (
    const kind of [
      "approval.requested",
      "approval.settled",
      "error",
      "input.steered",
      "item.started",
      "item.withdrawn",
      "output.delta",
      "reasoning.delta",
      "stream.retry",
      "text.delta",
      "turn.completed",
      "turn.failed",
      "warning",
    ]
  ) assert(kinds.has(kind), `no run had ${kind}`);
  for (const code of [0, 1, 70, 130]) {
    assert(codes.has(code), `no run ended with ${code}`);
  }
});

async function runSeed(seed: number): Promise<Finished> {
  const dice = new Dice(seed);
  const flags = randomFlags(dice);
  const schema = randomSchema(dice);
  const steps = randomSteps(dice);
  await using test = testThread({
    script: (request) => steps[request.index] ?? say("enough"),
    tools: [randomTool(dice)],
    settings: schema === undefined ? {} : { outputSchema: schema },
    ...(dice.chance(0.2) && {
      deps: { limits: { requestsMax: 1 + dice.below(4) } },
    }),
    laws: false,
  });
  const terminal: MemoryTerminal = new MemoryTerminal({
    onLine: (line) => reply(line, dice, terminal, flags),
  });
  const signalAt = dice.chance(0.1) ? dice.below(6) : Infinity;
  const stopping = stopAtRequest(test, signalAt, dice, terminal);
  const watch = endWhenSilent(test, terminal);
  const code = await runExec({
    thread: asThread(test),
    parts: [{ type: "text", text: "go" }],
    host: testHost(),
    terminal,
    flags,
    logPath: "/srv/log.jsonl",
  });
  clearInterval(watch);
  void stopping;
  assert.deepEqual(terminal.listened, []);
  return { code, flags, lines: checkLines(terminal.stdout.text) };
}

function reply(
  text: string,
  dice: Dice,
  terminal: MemoryTerminal,
  flags: Flags,
): void {
  if (flags.input !== "jsonl") return;
  for (const answer of randomReply(JSON.parse(text) as JsonObject, dice)) {
    terminal.type(`${JSON.stringify(answer)}\n`);
  }
}

// A run in which nothing comes any more is ended by a signal, as a person would.
function endWhenSilent(
  test: TestThread,
  terminal: MemoryTerminal,
): ReturnType<typeof setInterval> {
  let before = -1;
  return setInterval(() => {
    const isSilent = test.events.length === before;
    before = test.events.length;
    if (isSilent && terminal.listened.includes("SIGINT")) {
      terminal.signal("SIGINT");
    }
  }, 100);
}

async function stopAtRequest(
  test: TestThread,
  count: number,
  dice: Dice,
  terminal: MemoryTerminal,
): Promise<void> {
  if (!Number.isFinite(count)) return;
  const signal = dice.pick(["SIGINT", "SIGTERM", "SIGHUP"]);
  await test.model.received(count);
  if (terminal.listened.includes(signal)) terminal.signal(signal);
}

// The harness is the first reader; the others get all that it got.
function asThread(test: TestThread): Thread {
  const { thread } = test;
  return {
    id: thread.id,
    closed: thread.closed,
    submit: (op) => thread.submit(op),
    events: () => follow(test),
  };
}

async function* follow(test: TestThread): AsyncGenerator<Event> {
  for (let at = 0;; at++) {
    await test.seen(() => test.events.length > at);
    const event = test.events[at];
    if (event === undefined) continue;
    yield event;
    if (event.type === "thread.closed") return;
  }
}

function isEnd({ type }: ExecEvent): boolean {
  return type === "turn.completed" || type === "turn.failed";
}

// One end in all, the last line. In a dialog one for each turn; between turns and after the
// last one a line on stdin that cannot be used is answered with a warning at once.
function checkEnds({ code, flags, lines }: Finished): void {
  const isDialog = flags.input === "jsonl";
  const last = lines.findLast(({ type }) => !isDialog || type !== "warning");
  assert(last !== undefined && isEnd(last), last?.type);
  const ends = lines.filter(isEnd).length;
  const turns = lines.filter(({ type }) => type === "turn.started").length;
  assert.equal(ends, isDialog ? Math.max(1, turns) : 1);
  assert("exit_code" in last);
  if (!isDialog) assert.equal(last.exit_code, code);
}

function checkEnvelope({ flags, lines }: Finished): void {
  lines.forEach((line, at) => {
    if (flags.events === "native") {
      assert.equal(line.seq, at);
      assert.equal(line.thread_id, "thread-1");
    } else {
      assert.equal(line.seq, undefined);
    }
    const isDelta = line.type.endsWith(".delta");
    if (isDelta) assert.equal(flags.deltas, true);
  });
}

// What was begun is ended or taken back, once, and under a number of its own.
function checkItems(lines: readonly ExecEvent[]): void {
  const open = new Set<string>();
  const ended = new Set<string>();
  for (const line of lines) {
    const id = "item" in line
      ? line.item.id
      : "item_id" in line
      ? line.item_id
      : undefined;
    if (id === undefined) continue;
    assert(!ended.has(id), `${line.type} of ${id}, which has ended`);
    if (line.type === "item.started") open.add(id);
    if (line.type === "item.completed" || line.type === "item.withdrawn") {
      open.delete(id);
      ended.add(id);
    }
  }
  const wasBug = lines.some((line) =>
    line.type === "turn.failed" &&
    ["bug", "interrupted"].includes(line.error.kind)
  );
  if (!wasBug) assert.deepEqual([...open], []);
}
