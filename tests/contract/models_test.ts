/** What a request has for each kind of model: instructions, effort, verbosity, form of tools. */
import assert from "node:assert/strict";
import { BASE_INSTRUCTIONS } from "../../prompts/mod.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { say } from "../support/mock_model.ts";
import { FREE, openStage } from "./support.ts";

// The first request of a run with this model.
async function requestOf(
  model: string,
  options: Parameters<typeof openStage>[0] & {
    readonly args?: readonly string[];
  } = {},
): Promise<JsonObject> {
  const { args = [], ...more } = options;
  await using stage = await openStage({ script: [say("ok")], ...more });
  const { code, stderr } = await stage.exec(["-m", model, ...args, "hi"]);
  assert.equal(code, 0, stderr);
  return stage.model.requests[0]?.body as JsonObject;
}

function patchForm(body: JsonObject): unknown {
  return (body["tools"] as JsonObject[])
    .find(({ name }) => name === "apply_patch")?.["type"];
}

Deno.test("a request has what suits the model: text, effort, verbosity, form of the patch tool", async () => {
  const cases: readonly [string, string, unknown, unknown, string][] = [
    ["gpt-5.5", "full", { effort: "medium" }, { verbosity: "low" }, "custom"],
    ["gpt-6.2-sol", "full", { effort: "low" }, { verbosity: "low" }, "custom"],
    ["gpt-5.3-codex", "terse", { effort: "medium" }, undefined, "custom"],
    ["gpt-oss:20b", "small", undefined, undefined, "function"],
    ["qwen3-coder:30b", "small", undefined, undefined, "function"],
    ["claude-sonnet-4-5", "full", undefined, undefined, "function"],
    ["house-model", "full", undefined, undefined, "function"],
  ];
  for (const [slug, style, reasoning, text, form] of cases) {
    const body = await requestOf(slug);
    assert.equal(body["model"], slug);
    const base = BASE_INSTRUCTIONS[style as keyof typeof BASE_INSTRUCTIONS];
    assert.equal(
      body["instructions"],
      `${base}\n\n${BASE_INSTRUCTIONS.headless}`,
      slug,
    );
    assert.deepEqual(body["reasoning"], reasoning, slug);
    assert.deepEqual(body["text"], text, slug);
    assert.equal(patchForm(body), form, slug);
  }
});

Deno.test("a run that somebody can answer has no text about being alone", async () => {
  await using stage = await openStage({ script: [say("ok")] });
  const asked = await stage.exec([
    "-m",
    "gpt-5.5",
    "--input",
    "jsonl",
  ], { stdin: { text: '{"type":"user.input","text":"hi"}\n' } });
  assert.equal(asked.code, 0, asked.stderr);
  const [request] = stage.model.requests;
  assert.equal(request?.body["instructions"], BASE_INSTRUCTIONS.full);
});

Deno.test("model_catalog_json is obeyed in what is sent", async () => {
  const entry = {
    slug: "house-1",
    context_window: 64_000,
    supported_reasoning_levels: [{ effort: "low" }, { effort: "deep" }],
    default_reasoning_level: "deep",
    default_reasoning_summary: "auto",
    support_verbosity: true,
    default_verbosity: "medium",
    default_service_tier: "priority",
    supports_parallel_tool_calls: false,
    shell_type: "disabled",
    apply_patch_tool_type: "freeform",
    base_instructions: "You are the house.",
  };
  const body = await requestOf("house-1", {
    files: { "c.json": JSON.stringify({ models: [entry] }) },
    args: ["-c", "model_catalog_json=c.json"],
  });
  assert.equal(body["instructions"], "You are the house.");
  assert.deepEqual(body["reasoning"], { effort: "deep", summary: "auto" });
  assert.deepEqual(body["text"], { verbosity: "medium" });
  assert.equal(body["service_tier"], "priority");
  assert.equal(body["parallel_tool_calls"], false);
  assert.equal(patchForm(body), "custom");
  const names = (body["tools"] as JsonObject[]).map(({ name }) => name);
  assert.ok(!names.includes("shell"), String(names));
});

Deno.test("a resumed session keeps the instructions it was begun with, whatever the model", async () => {
  await using stage = await openStage({ script: [say("one"), say("two")] });
  await stage.exec(["-m", "qwen3:8b", "hi"]);
  const again = await stage.run([
    "exec",
    "--json",
    ...FREE,
    "-m",
    "deepseek-chat",
    "resume",
    "--last",
    "more",
  ]);
  assert.equal(again.code, 0, again.stderr);
  const [first, second] = stage.model.requests;
  assert.equal(second?.body["model"], "deepseek-chat");
  assert.equal(second?.body["instructions"], first?.body["instructions"]);
});
