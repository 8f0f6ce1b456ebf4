/** Random lives of a thread: what was sent is only ever extended, but for compactions. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { TurnSettings } from "../../core/protocol/settings.ts";
import { withTree, WORKSPACE } from "../core/context/support.ts";
import { testTool } from "../support/harness.ts";
import {
  call,
  compactionItem,
  cut,
  fail,
  failed,
  type MockModel,
  mockModel,
  say,
  type Step,
  think,
  unknownItem,
  usage,
} from "../support/mock_model.ts";
import { type RealThread, realThread } from "../support/real_thread.ts";
import { TEST_MODEL } from "../support/settings.ts";
import { READ_ONLY } from "../support/settings.ts";

/** `LIVES_RUNS=2000` for a longer look. */
const LIVES = Number(Deno.env.get("LIVES_RUNS") ?? 300);

type LifeStep =
  | { readonly do: "turn"; readonly text: string; readonly answers: Answer[] }
  | { readonly do: "change"; readonly to: ChangeName }
  | { readonly do: "compact" }
  | { readonly do: "note"; readonly text: string }
  | { readonly do: "resume" };

type Answer =
  | "say"
  | "call"
  | "two_calls"
  | "fail"
  | "cut"
  | "cut_after_call"
  | "unknown"
  | "full"
  | "full_end"
  | "overflow"
  | "refused";

const CHANGES = {
  sandbox: { sandbox: READ_ONLY },
  workspace: { sandbox: WORKSPACE },
  network: { sandbox: { ...WORKSPACE, networkAccess: true } },
  approval: { approval: "on-request" },
  never: { approval: "never" },
  model: { model: { ...TEST_MODEL, slug: "other-model" } },
  model_back: { model: TEST_MODEL },
} satisfies Record<string, Partial<TurnSettings>>;
type ChangeName = keyof typeof CHANGES;

const answer: fc.Arbitrary<Answer> = fc.constantFrom(
  ...([
    "say",
    "call",
    "call",
    "two_calls",
    "fail",
    "cut",
    "cut_after_call",
    "unknown",
    "full",
    "full_end",
    "overflow",
    "refused",
  ] as const),
);
const lifeStep: fc.Arbitrary<LifeStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("turn" as const),
      text: fc.oneof(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
        fc.constantFrom("use $pdf", "</handover>", '"},{"', "\u2028"),
      ),
      answers: fc.array(answer, { maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      to: fc.constantFrom(...Object.keys(CHANGES) as ChangeName[]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("note" as const),
      text: fc.string({ maxLength: 20 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<LifeStep>({ do: "compact" }),
  },
  {
    weight: 2,
    arbitrary: fc.constant<LifeStep>({ do: "resume" }),
  },
);

const FULL = usage({
  input_tokens: 94_000,
  output_tokens: 1_000,
  total_tokens: 95_000,
});

function stepOf(answer: Answer): Step {
  switch (answer) {
    case "say":
      return say("Said.");
    case "call":
      return [think("hm"), call("echo", { n: 1 })];
    case "two_calls":
      return [call("echo", { n: 1 }), call("echo", { n: 2 })];
    case "fail":
      return fail(500);
    case "cut":
      return [say("half of"), cut()];
    case "cut_after_call":
      return [call("echo", { n: 3 }), say("lost"), cut()];
    case "unknown":
      return [unknownItem(), call("echo", { n: 4 })];
    case "full":
      return [call("echo", { n: 5 }), FULL];
    case "full_end":
      return [say("Enough."), FULL];
    case "overflow":
      return fail(400, {
        error: { code: "context_length_exceeded", message: "too long" },
      });
    case "refused":
      return failed("invalid_prompt", "no");
  }
}

const echo = testTool(
  "echo",
  (one) => Promise.resolve({ content: one.input, success: true }),
);
const TREE = {
  "home/skills/pdf/SKILL.md":
    "---\nname: pdf\ndescription: Handles pdf files.\n---\nOpen it.\n",
  "project/.git/": "",
  "project/AGENTS.md": "Run the tests.\n",
};

/** What has happened in any of the lives. */
const SEEN = new Set<string>();

/** One thread through all its processes. */
class Life {
  readonly #options: Parameters<typeof realThread>[0];
  readonly #model: MockModel;
  readonly #answers: Answer[];
  #settings: Partial<TurnSettings> = {};
  #thread: RealThread | undefined;
  #path: string | undefined;
  /** Said of requests that did not extend the one before. */
  readonly causes: string[] = [];

  constructor(
    options: Parameters<typeof realThread>[0],
    model: MockModel,
    answers: Answer[],
  ) {
    this.#options = options;
    this.#model = model;
    this.#answers = answers;
  }

  async live(step: LifeStep): Promise<void> {
    const thread = await this.#open();
    switch (step.do) {
      case "turn":
        this.#answers.splice(0, Infinity, ...step.answers);
        return void await thread.turn(step.text);
      case "change": {
        const patch = CHANGES[step.to];
        this.#settings = { ...this.#settings, ...patch };
        return thread.submit({ type: "settings.change", patch });
      }
      case "compact":
        this.#answers.length = 0;
        return void await this.#compact(thread);
      case "note":
        return thread.submit({
          type: "user.shell",
          command: "ls",
          output: step.text,
          exitCode: 0,
          durationMs: 1,
        });
      case "resume":
        return await this.close();
    }
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    await thread[Symbol.asyncDispose]();
    this.#path = await recorded(thread.logPath);
    for (const event of thread.events) {
      if (event.type === "context.compacted") SEEN.add(event.reason);
      if (event.type === "stream.retry") SEEN.add("retry");
      if (event.type === "thread.started" && event.resumed) SEEN.add("resumed");
      if (event.type !== "request.completed") continue;
      if (event.cache?.prefixBroken) this.causes.push(event.cache.cause);
    }
    const closed = thread.events.at(-1);
    assert.deepEqual(
      closed?.type === "thread.closed" && closed.failure,
      undefined,
      "no bug",
    );
  }

  // Nothing to compact is no event at all.
  async #compact(thread: RealThread): Promise<void> {
    if (thread.state.transcript.entries.length === 0) return;
    await thread.compact();
  }

  async #open(): Promise<RealThread> {
    this.#thread ??= await realThread({
      ...this.#options,
      url: this.#model.url,
      settings: this.#settings,
    }, this.#path);
    return this.#thread;
  }
}

// A thread to which nothing was said has no log.
async function recorded(path: string): Promise<string | undefined> {
  try {
    await Deno.stat(path);
    return path;
  } catch {
    return undefined;
  }
}

async function checkLife(
  steps: readonly LifeStep[],
  supportsCompact: boolean,
): Promise<void> {
  const answers: Answer[] = [];
  const breaks: number[] = [];
  // What the server called too long is asked for a summary in part.
  await using model = mockModel({
    laws: { breaks },
    script: (request) => {
      if (request.body["tool_choice"] === "none") breaks.push(request.index);
      return stepOf(answers.shift() ?? "say");
    },
    compact: Array.from({ length: 40 }, () => [compactionItem()]),
  });
  await withTree(TREE, async (root) => {
    const life = new Life(
      {
        url: model.url,
        root,
        tools: [echo],
        developerInstructions: "Prefer small steps.",
        endpoint: { supportsCompact },
      },
      model,
      answers,
    );
    for (const step of steps) await life.live(step);
    await life.live({ do: "turn", text: "The end.", answers: [] });
    await life.close();
    assert.deepEqual(life.causes, [], "the harness breaks no prefix");
  });
}

Deno.test("whatever happens in a life, requests only extend what was sent", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(lifeStep, { minLength: 1, maxLength: 14 }),
      fc.boolean(),
      checkLife,
    ),
    { numRuns: LIVES },
  );
  if (LIVES < 300) return;
  assert.deepEqual(
    [...SEEN].sort(),
    ["before_turn", "manual", "mid_turn", "resumed", "retry"],
    "the lives were no idle ones",
  );
});
