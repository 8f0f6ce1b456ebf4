/** A provider that is out, or whose quota is spent: the turn goes on at the next one. */
import assert from "node:assert/strict";
import type { ExecEventOf } from "../../core/contract/event.ts";
import { call, errorBody, fail, say, think } from "../support/mock_script.ts";
import {
  type MockModel,
  mockModel,
  type MockOptions,
  refusingUrl,
} from "../support/mock_model.ts";
import { type CheckedRun, openStage, type Stage } from "./support.ts";

const PATIENCE = "request_max_retries = 0\nstream_max_retries = 0";
const QUOTA = fail(
  429,
  errorBody("You exceeded your current quota", "insufficient_quota"),
);
const DOWN = fail(503, errorBody("down for maintenance"));

function table(id: string, url: string, more = ""): string {
  return `[model_providers.${id}]\nbase_url = "${url}"\n${PATIENCE}\n${more}\n`;
}

// A first provider with this script, and a second one behind it.
async function twoProviders(
  first: MockOptions["script"],
  second: MockModel,
  fallback = '["second/gpt-oss:20b"]',
): Promise<Stage> {
  return await openStage({
    ...(first !== undefined && { script: first }),
    laws: false,
    config: {
      top: `fallback = ${fallback}`,
      provider: PATIENCE,
      bottom: table("second", second.url),
    },
  });
}

function switches(run: CheckedRun): ExecEventOf<"provider.switched">[] {
  return run.lines.filter((line) => line.type === "provider.switched");
}

Deno.test("an outage in the middle of a turn: the second provider ends it, and knows what was done", async () => {
  await using second = mockModel({ script: [[think("b"), say("done")]] });
  await using stage = await twoProviders([
    [think("a"), call("shell", { command: ["echo", "seen"] })],
    DOWN,
  ], second);
  const run = await stage.exec(["do it"]);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.last.type, "turn.completed");
  const [switched] = switches(run);
  assert.equal(switched?.from_provider, "mock");
  assert.equal(switched?.from_model, "gpt-5.2-codex");
  assert.equal(switched?.to_provider, "second");
  assert.equal(switched?.to_model, "gpt-oss:20b");
  assert.match(switched?.reason ?? "", /down for maintenance/);
  assert.ok((switched?.lost_tokens ?? 0) > 1_000, "the lost cache is told");
  const { body, text, input } = second.request(0);
  assert.equal(body["model"], "gpt-oss:20b");
  assert.match(text, /do it/);
  assert.match(text, /seen/, "what the first one had done");
  assert.match(text, /another model \(gpt-oss:20b\) continues/);
  assert.ok(stage.model.request(1).text.includes('encrypted_content":"'));
  assert.ok(!text.includes('encrypted_content":"'), "sealed for the first");
  assert.ok(!input.some(({ id }) => id !== undefined), "ids of the first");
});

Deno.test("a session that went on elsewhere resumes at the first provider, without the second one's ciphertext", async () => {
  await using second = mockModel({ script: [[think("b"), say("done")]] });
  await using stage = await twoProviders([QUOTA, say("back")], second);
  assert.equal((await stage.exec(["do it"])).code, 0);
  const again = await stage.exec(["resume", "--last", "more"]);
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(switches(again), []);
  const { text, body } = stage.model.request(1);
  assert.equal(body["model"], "gpt-5.2-codex");
  assert.match(text, /done/);
  assert.ok(!text.includes('encrypted_content":"'));
});

Deno.test("the turns after a switch stay at the second provider", async () => {
  await using second = mockModel({ script: [say("one"), say("two")] });
  await using stage = await twoProviders([QUOTA], second);
  await using agent = stage.start([
    "exec",
    "--json",
    "--skip-git-repo-check",
    "--yolo",
    "--input",
    "jsonl",
  ], { stdin: "open" });
  for (const text of ["first", "second"]) {
    await agent.write(`${JSON.stringify({ type: "user.input", text })}\n`);
    await agent.untilEvent("turn.completed");
  }
  await agent.closeStdin();
  assert.equal((await agent.finished).code, 0);
  assert.equal(stage.model.requests.length, 1);
  assert.equal(second.requests.length, 2);
});

Deno.test("each provider of the list is tried, also past one without its key", async () => {
  await using second = mockModel({ script: [say("done")] });
  await using stage = await openStage({
    script: [DOWN],
    config: {
      top: 'fallback = ["locked/m", "dead/m", "second/house/model"]\n',
      provider: PATIENCE,
      bottom: [
        table("locked", second.url, 'env_key = "NOT_SET_KEY"'),
        table("dead", refusingUrl()),
        table("second", second.url),
      ].join(""),
    },
    laws: false,
  });
  const run = await stage.exec(["do it"]);
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(switches(run).map(({ to_provider }) => to_provider), [
    "locked",
    "dead",
    "second",
  ]);
  assert.equal(second.request(0).body["model"], "house/model");
});

Deno.test("a refusal of the request itself goes nowhere else", async () => {
  await using second = mockModel({ script: [] });
  for (const status of [400, 401]) {
    const refusal = fail(status, errorBody("no"));
    await using stage = await twoProviders([refusal, refusal], second);
    const run = await stage.exec(["do it"]);
    assert.notEqual(run.code, 0);
    assert.deepEqual(switches(run), []);
  }
  assert.equal(second.requests.length, 0);
});

Deno.test("when all providers are out the last one's words are the error", async () => {
  const gone = fail(503, errorBody("gone fishing"));
  await using second = mockModel({ script: [gone] });
  await using stage = await twoProviders([DOWN], second);
  const run = await stage.exec(["do it"]);
  assert.equal(run.code, 5);
  assert.match(run.stdout, /gone fishing/);
  assert.equal(switches(run).length, 1);
});

Deno.test("a fallback that names no provider, or one that is not there, is an error of the configuration", async () => {
  await using second = mockModel({ script: [] });
  for (const fallback of ['["gpt-5.5"]', '["nobody/gpt-5.5"]']) {
    await using stage = await twoProviders([], second, fallback);
    const { code, stderr } = await stage.run([
      "exec",
      "--skip-git-repo-check",
      "hi",
    ]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /fallback|nobody/);
  }
});
