/** A key that works changes what is sent; one that nothing reads cannot pass here. */
import assert from "node:assert/strict";
import { FATED_FEATURES, FATED_KEYS } from "../../core/config/file/fates.ts";
import { openStage, type Stage } from "./support.ts";

// Keys of the request, each with a value that differs from its default.
const SENT: readonly string[] = [
  'model="other"',

  'model_reasoning_effort="low"',
  'model_reasoning_summary="concise"',
  "model_supports_reasoning_summaries=false",
  'service_tier="flex"',
  'instructions="Be brief."',
  'developer_instructions="Be kind."',
  "include_permissions_instructions=false",
  "include_environment_context=false",
  'approval_policy="untrusted"',
  'sandbox_mode="danger-full-access"',
  'web_search="live"',
  "tools.view_image=false",
  "tools.update_plan=false",
  "tools.web_search=true",
  "features.shell_tool=false",
  "features.view_image=false",
  "features.web_search_cached=true",
  "features.web_search_request=true",
];

async function bodyWith(stage: Stage, setting?: string): Promise<string> {
  const flags = setting === undefined ? [] : ["-c", setting];
  const run = await stage.run(["debug", "prompt", ...flags, "hi"]);
  assert.equal(run.code, 0, run.stderr);
  const { prompt_cache_key: _id, ...body } = JSON.parse(run.stdout);
  return JSON.stringify(body);
}

Deno.test("keys of the request change it, one that nothing reads does not", async () => {
  await using stage = await openStage({ script: [] });
  const plain = await bodyWith(stage);
  const dead: string[] = [];
  for (const setting of [...SENT, 'personality="friendly"']) {
    if (await bodyWith(stage, setting) === plain) dead.push(setting);
  }
  assert.deepEqual(dead, ['personality="friendly"']);
});

Deno.test("every key and feature with another fate has it", async () => {
  await using stage = await openStage({ script: [] });
  const rows = [
    ...Object.entries(FATED_KEYS).map(([key, { fate }]) => ({ key, fate })),
    ...Object.entries(FATED_FEATURES).map(([name, { fate }]) => ({
      key: `features.${name}`,
      fate,
    })),
  ];
  const ignored = rows.filter(({ fate }) => fate.type === "ignored");
  const settings = ignored.flatMap(({ key }) => ["-c", `${key}=true`]);
  const run = await stage.run(["debug", "prompt", ...settings, "hi"]);
  assert.equal(run.code, 0, run.stderr);
  for (const { key, fate } of ignored) {
    assert.ok(run.stderr.includes(key), key);
    assert.ok(fate.type === "ignored" && run.stderr.includes(fate.why), key);
  }
  const strict = await stage.run(
    ["debug", "prompt", "--strict-config", ...settings, "hi"],
  );
  assert.equal(strict.code, 3);
  for (const { key } of rows.filter(({ fate }) => fate.type === "refused")) {
    const refused = await stage.run([
      "debug",
      "prompt",
      "-c",
      `${key}=true`,
      "hi",
    ]);
    assert.equal(refused.code, 3, key);
    assert.ok(refused.stderr.includes(`"${key}"`), refused.stderr);
  }
});

Deno.test("an unknown feature is an error", async () => {
  await using stage = await openStage({ script: [] });
  for (const name of ["nosuch", "shel_tool", "toString", "__proto__"]) {
    const set = await stage.run([
      "debug",
      "prompt",
      "-c",
      `features.${name}=false`,
      "hi",
    ]);
    assert.equal(set.code, 3, `${name}: ${set.stdout}`);
    const flag = await stage.run(["debug", "prompt", "--disable", name, "hi"]);
    assert.equal(flag.code, 2, name);
  }
});
