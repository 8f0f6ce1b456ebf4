/** The form of final messages, inside the loop: repairs, steering, limits, compactions. */
import assert from "node:assert/strict";
import { testThread, testTool } from "../../../support/harness.ts";
import { call, say, usage, wait } from "../../../support/mock_script.ts";
import { TEST_MODEL } from "../../../support/settings.ts";

const SCHEMA = { type: "object", required: ["answer"] };
const GOOD = '{"answer":4}';

Deno.test("a thread without a schema takes any final message", async () => {
  await using t = testThread({ script: [say("no json")] });
  assert.deepEqual(await t.turn("go"), { type: "done", message: "no json" });
});

Deno.test("each turn has one repair of its own", async () => {
  await using t = testThread({
    settings: { outputSchema: SCHEMA },
    script: [say("{}"), say(GOOD), say("{}"), say(GOOD), say("{}"), say("[]")],
  });
  assert.deepEqual(await t.turn("one"), { type: "done", message: GOOD });
  assert.deepEqual(await t.turn("two"), { type: "done", message: GOOD });
  const third = await t.turn("three");
  assert(third.type === "failed");
  assert.equal(third.error.kind, "schema");
  assert.match(third.error.message, /must be object/);
});

Deno.test("a message before calls or steering is not the final one", async () => {
  const gate = Promise.withResolvers<void>();
  await using t = testThread({
    settings: { outputSchema: SCHEMA },
    tools: [
      testTool("echo", () => Promise.resolve({ content: "e", success: true })),
    ],
    script: [
      [say("I will look"), call("echo", {})],
      [say("{}"), wait(gate.promise)],
      say(GOOD),
    ],
  });
  const turn = t.turn("go");
  await t.model.received(2);
  t.thread.submit({
    type: "user.input",
    parts: [{ type: "text", text: "and more" }],
  });
  gate.resolve();
  assert.deepEqual(await turn, { type: "done", message: GOOD });
  const texts = t.model.request(2).input.map((item) => JSON.stringify(item));
  assert(texts.every((text) => !text.includes("does not have the form")));
});

Deno.test("an empty answer to the repair fails, though the message before it was there", async () => {
  await using t = testThread({
    settings: { outputSchema: SCHEMA },
    script: [say("{}"), []],
  });
  const outcome = await t.turn("go");
  assert(outcome.type === "failed" && outcome.error.kind === "schema");
});

Deno.test("a repair is a request like others: behind a hard mark there is none", async () => {
  await using t = testThread({
    settings: { outputSchema: SCHEMA },
    deps: { limits: { requestsMax: 1 } },
    script: [say("{}")],
  });
  const outcome = await t.turn("go");
  assert(outcome.type === "failed" && outcome.error.kind === "limit");
  assert.equal(t.model.requests.length, 1);
});

Deno.test("behind a hard mark the history is not compacted either", async () => {
  await using t = testThread({
    settings: { model: { ...TEST_MODEL, autoCompactLimit: 500 } },
    deps: { limits: { requestsMax: 1 } },
    tools: [
      testTool("echo", () => Promise.resolve({ content: "e", success: true })),
    ],
    script: [[
      call("echo", {}),
      usage({ input_tokens: 5_000, output_tokens: 10, total_tokens: 5_010 }),
    ]],
  });
  for (const text of ["go", "once more"]) {
    const outcome = await t.turn(text);
    assert(outcome.type === "failed" && outcome.error.kind === "limit");
  }
  assert.equal(t.model.requests.length, 1);
});
