/** Each cause of a cache miss, made by one change between two requests of a thread. */
import assert from "node:assert/strict";
import type { CacheReport, Usage } from "../../../../core/protocol/event.ts";
import { NO_USAGE } from "../../../../core/protocol/event.ts";
import { textMessage } from "../../../../core/protocol/item.ts";
import type { TurnSettings } from "../../../../core/protocol/settings.ts";
import { CacheWatch } from "../../../../core/session/state/cache_watch.ts";
import {
  openPrefix,
  type PromptPrefix,
} from "../../../../core/session/state/request_prefix.ts";
import { memoryLog } from "../../../../core/session/state/memory_log.ts";
import { ThreadState } from "../../../../core/session/state/state.ts";
import { Transcript } from "../../../../core/session/state/transcript.ts";
import { testThread, testTool } from "../../../support/harness.ts";
import { call, say } from "../../../support/mock_model.ts";
import { TEST_MODEL, TEST_SETTINGS } from "../../../support/settings.ts";

const INSTRUCTIONS = "Be a test. ".repeat(400);
const TOOLS = ["one", "two", "three"];
const WORDS = ["first", "second", "third", "fourth"];

interface Prompt {
  readonly instructions: string;
  readonly tools: readonly string[];
  readonly words: readonly string[];
  readonly settings: Partial<TurnSettings>;
}
const PROMPT: Prompt = {
  instructions: INSTRUCTIONS,
  tools: TOOLS,
  words: WORDS,
  settings: {},
};

function transcriptOf(words: readonly string[]): Transcript {
  const transcript = new Transcript(memoryLog());
  transcript.append(words.map((word) => textMessage("user", word.repeat(400))));
  return transcript;
}

async function buildPrefix(prompt: Prompt): Promise<PromptPrefix> {
  const thread = testThread({ script: [], laws: false });
  await using open = thread;
  const settings = { ...TEST_SETTINGS, ...prompt.settings };
  const { deps } = open.thread;
  return await openPrefix({
    threadId: "thread-1",
    settings,
    state: new ThreadState(transcriptOf([])),
    deps: {
      ...deps,
      instructions: prompt.instructions,
      tools: () =>
        Promise.resolve(
          prompt.tools.map((name) =>
            testTool(name, () => Promise.reject(new Error("not called")))
          ),
        ),
    },
  });
}

function usage(inputTokens: number, cachedInputTokens: number): Usage {
  return { ...NO_USAGE, inputTokens, cachedInputTokens };
}

// Sends one prompt, then another; the cache served nothing of the second.
async function second(
  later: Partial<Prompt>,
  options: { readonly idleMs?: number; readonly announced?: string } = {},
): Promise<CacheReport> {
  let nowMs = 0;
  const watch = new CacheWatch("thread-1", () => nowMs);
  const before = await buildPrefix(PROMPT);
  const first = watch.begin(before, transcriptOf(PROMPT.words));
  assert.equal(first.end(usage(3_000, 0)).cause, "", "nothing to compare with");
  nowMs += options.idleMs ?? 1_000;
  if (options.announced !== undefined) watch.announce(options.announced);
  const prompt = { ...PROMPT, words: [...WORDS, "fifth"], ...later };
  const prefix = await buildPrefix(prompt);
  return watch.begin(prefix, transcriptOf(prompt.words)).end(usage(4_000, 0));
}

Deno.test("CacheWatch names the part of the prompt that the harness changed", async () => {
  const changes: readonly [Partial<Prompt>, string][] = [
    [{ instructions: `${INSTRUCTIONS}!` }, "instructions changed"],
    [{ tools: ["one", "other", "three"] }, "tools[1] changed"],
    [{ tools: ["one", "three", "two"] }, "tools[1] changed"],
    [{ tools: [...TOOLS, "four"] }, "tools[3] added"],
    [{ tools: ["one", "two"] }, "tools[2] removed"],
    [{ words: WORDS.with(2, "other") }, "input[2] changed"],
    [{ words: WORDS.slice(1) }, "input[0] changed"],
    [{ words: WORDS.slice(0, 3) }, "input[3] removed"],
  ];
  for (const [change, cause] of changes) {
    const report = await second(change);
    assert.equal(report.cause, cause);
    assert.equal(report.prefixBroken, true, cause);
  }
});

Deno.test("CacheWatch tells what was not the harness's doing", async () => {
  const model = { ...TEST_MODEL, slug: "other" };
  const cases: readonly [Promise<CacheReport>, string][] = [
    [second({ settings: { reasoningEffort: "high" } }), "effort changed"],
    [second({ settings: { model } }), "model changed"],
    [second({ settings: { model }, tools: ["patch"] }), "model changed"],
    [
      second({}, { idleMs: 300_001 }),
      "idle longer than the provider keeps it",
    ],
    [second({}), "provider missed: our bytes were identical"],
    [second({ words: ["summary"] }, { announced: "compacted" }), "compacted"],
    [second({ words: ["first"] }, { announced: "rolled back" }), "rolled back"],
    [
      second({ tools: [] }, { announced: "tools refreshed" }),
      "tools refreshed",
    ],
  ];
  for (const [made, cause] of cases) {
    const report = await made;
    assert.equal(report.cause, cause);
    assert.equal(report.prefixBroken, false, cause);
  }
});

Deno.test("CacheWatch holds an announcement for one answer only", async () => {
  const watch = new CacheWatch("thread-1", () => 0);
  const prefix = await buildPrefix(PROMPT);
  const send = (words: readonly string[]): CacheReport =>
    watch.begin(prefix, transcriptOf(words)).end(usage(3_000, 3_000));
  send(WORDS);
  watch.announce("compacted");
  watch.begin(prefix, transcriptOf(["failed"])); // was never answered
  assert.equal(send(["summary"]).cause, "compacted");
  assert.equal(send(["other"]).cause, "input[0] changed");
});

Deno.test("CacheWatch compares with the last request that was answered", async () => {
  const watch = new CacheWatch("thread-1", () => 0);
  const prefix = await buildPrefix(PROMPT);
  watch.begin(prefix, transcriptOf(WORDS)).end(usage(3_000, 0));
  watch.begin(prefix, transcriptOf([...WORDS, "lost"]));
  const next = watch.begin(prefix, transcriptOf([...WORDS, "kept"]));
  assert.equal(next.end(usage(4_000, 3_000)).prefixBroken, false);
});

Deno.test("CacheWatch goes on after a resume from what the log tells", async () => {
  const prefix = await buildPrefix(PROMPT);
  const sent = new CacheWatch("thread-1", () => 0)
    .begin(prefix, transcriptOf(WORDS));
  const resumed = async (
    later: Partial<Prompt>,
    idleMs: number,
  ): Promise<CacheReport> => {
    const watch = new CacheWatch("thread-1", () => 0);
    const { bodyHash, inputItems } = sent;
    watch.resume({ bodyHash, inputItems, inputTokens: 3_000, idleMs });
    const prompt = { ...PROMPT, words: [...WORDS, "fifth"], ...later };
    return watch.begin(await buildPrefix(prompt), transcriptOf(prompt.words))
      .end(usage(4_000, 0));
  };
  const cases: readonly [Partial<Prompt>, number, string, boolean][] = [
    [{ instructions: "Other." }, 0, "instructions changed", true],
    [{ tools: ["one"] }, 0, "tools changed", true],
    [{ words: ["other", ...WORDS] }, 0, "input changed", true],
    [{}, 400_000, "idle longer than the provider keeps it", false],
    [{}, 0, "provider missed: our bytes were identical", false],
  ];
  for (const [later, idleMs, cause, prefixBroken] of cases) {
    const report = await resumed(later, idleMs);
    assert.deepEqual([report.cause, report.prefixBroken], [
      cause,
      prefixBroken,
    ]);
  }
});

Deno.test("CacheWatch.compare() says what a request would share and changes nothing", async () => {
  const watch = new CacheWatch("thread-1", () => 0);
  const prefix = await buildPrefix(PROMPT);
  watch.begin(prefix, transcriptOf(WORDS)).end(usage(3_000, 0));
  const other = await buildPrefix({ ...PROMPT, tools: ["one"] });
  const grown = transcriptOf([...WORDS, "fifth"]);
  assert.equal(watch.compare(other, grown).cause, "tools[1] removed");
  const report = watch.begin(prefix, grown).end(usage(4_000, 3_000));
  assert.deepEqual(report, {
    sharedTokens: 3_000,
    cachedTokens: 3_000,
    cause: "",
    prefixBroken: false,
  });
});

Deno.test("--strict-cache ends a turn whose prompt the harness broke, and only then", async () => {
  const echo = testTool(
    "echo",
    () => Promise.resolve({ content: "x", success: true }),
  );
  const more = testTool("more", () => Promise.reject(new Error("not called")));
  const run = async (strictCache: boolean): Promise<string> => {
    let loads = 0;
    await using t = testThread({
      tools: [echo],
      script: [call("echo", {}), say("end")],
      laws: { except: ["prefix"] },
      deps: {
        strictCache,
        // Tools of a generation must not change; these do.
        tools: () => Promise.resolve(loads++ === 0 ? [echo] : [echo, more]),
      },
    });
    // A new frame is made in the middle of the turn.
    void t.model.received(1).then(() => {
      t.state.prefix = undefined;
    });
    const outcome = await t.turn("go");
    return outcome.type === "failed" ? outcome.error.message : outcome.type;
  };
  assert.equal(await run(false), "done");
  assert.equal(
    await run(true),
    "Cannot continue: the prompt does not extend the one before, tools[1] added",
  );
});
