/** The schedule of a batch: how many at a time, which never together, what is tried again. */
import assert from "node:assert/strict";
import { BatchBudget } from "../../../core/batch/budget.ts";
import type { JournalEntry, TaskState } from "../../../core/batch/journal.ts";
import { parseRetryRule } from "../../../core/batch/retries.ts";
import type { Outcome } from "../../../core/batch/run_record.ts";
import { Schedule } from "../../../core/batch/schedule.ts";
import { parseTasks } from "../../../core/batch/tasks.ts";
import { ZERO_USAGE } from "../../../core/batch/usage.ts";
import type { BatchEvent } from "../../../core/contract/batch.ts";

type Options = ConstructorParameters<typeof Schedule>[2];

function tasksOf(
  count: number,
  more: Readonly<Record<string, unknown>> = {},
): ReturnType<typeof parseTasks> {
  const line = JSON.stringify({ prompt: "x", ...more });
  return parseTasks(Array(count).fill(line).join("\n"), "t");
}

function outcome(exitCode: number): Outcome {
  return {
    exitCode,
    status: "",
    message: null,
    error: null,
    usage: { ...ZERO_USAGE, output_tokens: 1 },
    requests: 1,
    rounds: null,
  };
}

interface Bench {
  readonly entries: JournalEntry[];
  readonly events: BatchEvent[];
  readonly slept: number[];
  readonly options: Options;
}

function bench(more: Partial<Options> = {}): Bench {
  const entries: JournalEntry[] = [];
  const events: BatchEvent[] = [];
  const slept: number[] = [];
  let nowMs = 0;
  const options: Options = {
    host: {
      monotonicMs: () => nowMs,
      now: () => new Date(0),
      random: () => 0.5,
      sleep: (ms) => {
        slept.push(ms);
        nowMs += ms;
        return Promise.resolve();
      },
    },
    jobs: 2,
    retry: parseRetryRule(undefined, undefined),
    budget: new BatchBudget({}),
    stop: new AbortController().signal,
    write: (entry) => {
      entries.push(entry);
      return { offset: entries.length, bytes: 0 };
    },
    say: (event) => void events.push(event),
    sessionId: ({ index }, attempt) => `${index}.${attempt}`,
    folderOf: () => undefined,
    run: () => Promise.resolve(endOf(0)),
    ...more,
  };
  return { entries, events, slept, options };
}

function endOf(exitCode: number): Awaited<ReturnType<Options["run"]>> {
  return {
    outcome: outcome(exitCode),
    harvest: () =>
      Promise.resolve({
        outcome: outcome(exitCode),
        harvest: { patch: null, branch: null, files: [] },
      }),
    close: () => Promise.resolve(),
  };
}

Deno.test("no more tasks run at a time than jobs, and none of one folder together", async () => {
  let running = 0;
  let most = 0;
  const inFolder = new Map<string, number>();
  const folderOf: Options["folderOf"] = ({ index }) =>
    index < 2 ? "/same" : index < 4 ? "/same/below" : undefined;
  const { options, entries } = bench({
    jobs: 3,
    folderOf,
    run: async ({ task }) => {
      const key = folderOf(task) === undefined ? "" : "same";
      most = Math.max(most, ++running);
      inFolder.set(key, (inFolder.get(key) ?? 0) + 1);
      if (key !== "") assert.equal(inFolder.get(key), 1);
      for (let turns = 0; turns < 5; turns++) await Promise.resolve();
      inFolder.set(key, (inFolder.get(key) ?? 0) - 1);
      running--;
      return endOf(0);
    },
  });
  await new Schedule(tasksOf(9), new Map(), options).run();
  assert.equal(most, 3);
  assert.equal(entries.filter(({ type }) => type === "ended").length, 9);
});

Deno.test("a task is tried again after the named exit codes, with growing waits, and no other is", async () => {
  const codes = [[5, 5, 0], [1]];
  const { options, entries, slept } = bench({
    jobs: 1,
    retry: parseRetryRule(["5"], undefined),
    run: ({ task, attempt }) =>
      Promise.resolve(endOf(codes[task.index]?.[attempt - 1] ?? 0)),
  });
  const schedule = new Schedule(tasksOf(2), new Map(), options);
  await schedule.run();
  assert.deepEqual(slept, [1_000, 2_000]);
  const results = entries.flatMap((entry) =>
    entry.type === "ended" ? [entry.result] : []
  );
  assert.deepEqual(
    results.map(({ index, exit_code, attempts, usage, session_id }) => [
      index,
      exit_code,
      attempts,
      usage.output_tokens,
      session_id,
    ]),
    [[1, 1, 1, 1, "1.1"], [0, 0, 3, 3, "0.3"]],
  );
});

Deno.test("a task that has ended is not run again, one that failed goes on counting", async () => {
  const done: TaskState = {
    id: "0",
    failed: 0,
    usage: ZERO_USAGE,
    requests: 0,
    ended: { exitCode: 0, status: "done", place: { offset: 0, bytes: 0 } },
  };
  const tried: TaskState = { ...done, id: "1", failed: 1 };
  const { ended: _, ...open } = tried;
  const ran: string[] = [];
  const { options } = bench({
    run: ({ sessionId }) => {
      ran.push(sessionId ?? "");
      return Promise.resolve(endOf(0));
    },
  });
  const states = new Map([[0, done], [1, open]]);
  await new Schedule(tasksOf(2), states, options).run();
  assert.deepEqual(ran, ["1.2"]);
});

Deno.test("when the limit of the batch is reached no task begins any more", async () => {
  const budget = new BatchBudget({ requests: 3 });
  const { options, entries } = bench({
    jobs: 1,
    budget,
    run: () => {
      budget.count(2);
      return Promise.resolve(endOf(0));
    },
  });
  await new Schedule(tasksOf(5), new Map(), options).run();
  assert.equal(entries.filter(({ type }) => type === "started").length, 2);
  assert.match(budget.spent ?? "", /4 of 3 requests are used/);
});

Deno.test("what was stopped from outside counts as never begun", async () => {
  const stop = new AbortController();
  const { options, entries, events } = bench({
    jobs: 1,
    stop: stop.signal,
    run: () => {
      stop.abort();
      return Promise.resolve("stopped" as const);
    },
  });
  await new Schedule(tasksOf(3), new Map(), options).run();
  assert.deepEqual(entries.map(({ type }) => type), ["started"]);
  assert.deepEqual(events.map(({ type }) => type), ["task.started"]);
});

Deno.test("codes and counts of --retry are checked", () => {
  assert.throws(
    () => parseRetryRule(["soon"], 1),
    /Cannot use --retry soon: must be exit codes/,
  );
  assert.equal(parseRetryRule(undefined, undefined).retries, 0);
  assert.equal(parseRetryRule(["6"], undefined).retries, 2);
  assert.equal(parseRetryRule(["6"], 9).retries, 9);
});
