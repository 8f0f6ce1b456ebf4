/** A long life in a small window: the task is never lost and no request is too long. */
import assert from "node:assert/strict";
import { modelInfoOf } from "../../core/config/provider/models.ts";
import { typedText } from "../../core/context/format/tags.ts";
import type { Event } from "../../core/protocol/event.ts";
import type { WireItem } from "../../core/protocol/item.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { createUpdatePlanTool } from "../../tools/update_plan.ts";
import { configOf } from "../support/config.ts";
import { withTree } from "../core/context/support.ts";
import { testTool } from "../support/harness.ts";
import {
  call,
  errorBody,
  fail,
  type MockModel,
  mockModel,
  type MockRequest,
  say,
  type Step,
  think,
} from "../support/mock_model.ts";
import { type RealThread, realThread } from "../support/real_thread.ts";

/** `COMPACTION_TURNS=400` for a longer look. */
const TURNS = Number(Deno.env.get("COMPACTION_TURNS") ?? 120);
const WINDOW = 32_000;
const SMALL = modelInfoOf(
  configOf({ model: "gpt-5.2-codex", model_context_window: WINDOW }),
  new Map(),
);
const PLAN = ["Survey the site", "Grind the mirror", "Align the mount"];
const FIRST = "Build an observatory on the hill behind the house.";

/** Answers with as much as the model may see of an output; some calls come four at a time. */
const dig = testTool("dig", (one) =>
  Promise.resolve({
    content: "stone ".repeat(JSON.parse(one.input).bytes / 6),
    success: true,
  }));

/** A server that keeps its window, and remembers the longest prompt it was sent. */
class SmallServer {
  longest = 0;
  refused = 0;
  summaries = 0;
  readonly model: MockModel;
  /** A history that does not fit into the request for a summary is sent in part. */
  readonly #breaks: number[] = [];
  readonly #burst: (turn: number) => number;

  constructor(window: number, burst: (turn: number) => number) {
    this.#burst = burst;
    this.model = mockModel({
      script: (request) => this.#answer(request, window),
      laws: { breaks: this.#breaks },
    });
  }

  #answer(request: MockRequest, window: number): Step {
    const tokens = countTokens(request);
    const asksSummary = request.body["tool_choice"] === "none";
    if (asksSummary) this.#breaks.push(request.index);
    if (tokens > window) {
      this.refused++;
      return fail(
        400,
        errorBody("Your input is too long", "context_length_exceeded"),
      );
    }
    this.longest = Math.max(this.longest, tokens);
    if (asksSummary) {
      this.summaries++;
      return say(`Summary ${this.summaries}: the hill was dug.`);
    }
    const last = request.input.at(-1) as WireItem;
    const said = typedText(last);
    const turn = Number(/^Turn (\d+)/.exec(said ?? "")?.[1] ?? 0);
    if (said?.includes(FIRST)) return planCall();
    if (turn === 0) return say("Done with that.");
    return [think("where to dig"), ...digs(turn, this.#burst(turn))];
  }
}

function planCall(): Step {
  return call("update_plan", {
    plan: PLAN.map((step, at) => ({
      step,
      status: at === 0 ? "in_progress" : "pending",
    })),
  });
}

// Sizes from 600 bytes to all that one output may have, in no regular order.
function digs(turn: number, count: number): ReturnType<typeof call>[] {
  const most = SMALL.toolOutputTokens * 4;
  return Array.from({ length: count }, (_, at) => {
    const bytes = Math.max(600, (turn * 7_919 + at * 4_001) % most);
    return call("dig", { bytes }, { callId: `dig-${turn}-${at}` });
  });
}

// As the server would count, four characters a token: instructions, tools and input.
function countTokens(request: MockRequest): number {
  const { instructions, tools, input } = request.body;
  return Math.ceil(JSON.stringify([instructions, tools, input]).length / 4);
}

const TREE = {
  "project/.git/": "",
  "project/AGENTS.md": "Never dig under the old oak.\n",
  "home/": "",
};

async function inSmallWindow(
  server: SmallServer,
  run: (thread: RealThread) => Promise<void>,
): Promise<readonly Event[]> {
  await using model = server.model;
  let events: readonly Event[] = [];
  await withTree(TREE, async (root) => {
    await using thread = await realThread({
      url: model.url,
      root,
      settings: { model: SMALL },
      tools: [createUpdatePlanTool(), dig],
    });
    await run(thread);
    events = thread.events;
  });
  return events;
}

Deno.test(`${TURNS} turns in a window of 32,000 tokens lose nothing of the task`, async () => {
  const server = new SmallServer(WINDOW, (turn) => turn % 10 === 0 ? 4 : 1);
  const used: number[] = [];
  const events = await inSmallWindow(server, async (thread) => {
    await thread.turn(`${FIRST} ${"With care. ".repeat(20)}`);
    for (let turn = 1; turn < TURNS; turn++) {
      const outcome = await thread.turn(`Turn ${turn}: go on digging.`);
      assert.deepEqual(outcome, { type: "done", message: "Done with that." });
      used.push(thread.state.usedTokens());
    }
  });
  const compactions = events.filter((event) =>
    event.type === "context.compacted"
  );
  const last = server.model.request(server.model.requests.length - 1).text;
  assert.ok(
    compactions.length >= TURNS / 40,
    `${compactions.length} compactions`,
  );
  assert.equal(server.summaries, compactions.length);
  assert.equal(server.refused, 0, "no request is longer than the window");
  const most = Math.max(server.longest, ...used);
  assert.ok(most <= WINDOW * LIMITS.windowShare, `${most} tokens`);
  assert.ok(last.includes(FIRST), "the first request");
  for (const step of PLAN) assert.ok(last.includes(step), step);
  assert.ok(last.includes("Never dig under the old oak."), "AGENTS.md");
  assert.ok(last.includes(`Turn ${TURNS - 1}`), "what was asked last");
  assert.deepEqual(
    events.filter((event) =>
      event.type === "request.completed" && event.cache?.prefixBroken
    ),
    [],
  );
});

Deno.test("a server with a smaller window than believed leads to a compaction, not to a failure", async () => {
  const server = new SmallServer(12_000, () => 1);
  const events = await inSmallWindow(server, async (thread) => {
    await thread.turn(FIRST);
    for (let turn = 1; turn < 25; turn++) {
      const { type } = await thread.turn(`Turn ${turn}: go on digging.`);
      assert.equal(type, "done", `turn ${turn}`);
    }
  });
  assert.ok(server.refused > 0);
  assert.ok(events.some((event) => event.type === "context.compacted"));
});

Deno.test("a message that fills the window is one error, and the thread goes on", async () => {
  const server = new SmallServer(WINDOW, () => 1);
  const events = await inSmallWindow(server, async (thread) => {
    const outcome = await thread.turn("x".repeat(200_000));
    assert.deepEqual(outcome, {
      type: "failed",
      error: {
        kind: "invalid_request",
        message:
          "Cannot send message: it has about 50000 tokens, must have at most 16000 in a window of 32000; put the text into a file and name the file instead",
      },
    });
    assert.equal(server.model.requests.length, 0, "nothing was sent");
    assert.equal((await thread.turn("something else")).type, "done");
    assert.equal((await thread.turn("y".repeat(60_000))).type, "done");
    assert.equal((await thread.turn("z".repeat(60_000))).type, "done");
  });
  assert.equal(server.refused, 0);
  assert.equal(
    events.filter((event) => event.type === "context.compacted").length,
    1,
    "the second long message makes room for itself",
  );
});

Deno.test("a prompt that the server finds too long ends in one error after one try to shorten it", async () => {
  const server = new SmallServer(4_000, () => 1);
  await inSmallWindow(server, async (thread) => {
    const outcome = await thread.turn("x".repeat(40_000));
    assert.equal(
      outcome.type === "failed" && outcome.error.kind,
      "context_window",
    );
  });
  assert.ok(server.model.requests.length <= 3, "no loop");
});
