/** The texts themselves: whole, bounded, and in the form the code relies on. */
import assert from "node:assert/strict";
import {
  BASE_INSTRUCTIONS,
  COMPACT_PROMPT,
  INIT_PROMPT,
  MODEL_SWITCH,
  PERMISSION_TEXTS,
  PLAN_PROMPTS,
  REVIEW_PROMPT,
  REVIEW_SCHEMA,
  SKILLS_USAGE,
  SUMMARY_PREFIX,
  TURN_ABORTED,
} from "../../prompts/mod.ts";
import { byteLength } from "../../core/util/text/text.ts";

const TEXTS: Readonly<Record<string, string>> = {
  ...BASE_INSTRUCTIONS,
  COMPACT_PROMPT,
  INIT_PROMPT,
  MODEL_SWITCH,
  ...PLAN_PROMPTS,
  REVIEW_PROMPT,
  SKILLS_USAGE,
  SUMMARY_PREFIX,
  TURN_ABORTED,
  ...PERMISSION_TEXTS,
};

Deno.test("prompts have no white space around them, no tabs and no escapes of a formatter", () => {
  for (const [name, text] of Object.entries(TEXTS)) {
    assert.equal(text.trim(), text, name);
    assert.ok(text.length > 50, name);
    assert.ok(!/[\t\r]|\\[*_<>[\]]/.test(text), name);
  }
});

Deno.test("prompts have the placeholders that the code fills in, and no others", () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    MODEL_SWITCH: ["model", "instructions"],
    request: ["request"],
    accepted: ["plan"],
    REVIEW_PROMPT: ["target", "schema"],
    readOnly: ["network"],
    workspaceWrite: ["git", "network"],
    dangerFullAccess: ["network"],
    externalSandbox: ["network"],
    granular: ["asked", "rejected"],
  };
  for (const [name, text] of Object.entries(TEXTS)) {
    if (name in BASE_INSTRUCTIONS) continue;
    const found = [...text.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]);
    assert.deepEqual(found, expected[name] ?? [], name);
  }
});

Deno.test("the base instructions stay within their size and speak of every built-in rule", () => {
  const { full, terse, small } = BASE_INSTRUCTIONS;
  const bytes = byteLength(full);
  assert.ok(bytes > 6_000 && bytes < 10_500, `${bytes} bytes`);
  assert.ok(byteLength(terse) < bytes, "terse");
  assert.ok(byteLength(small) < bytes / 3, "small");
  for (
    const word of [
      "rondo",
      "AGENTS.md",
      "update_plan",
      "*** Begin Patch",
      "*** End Patch",
      "*** Move to:",
      "*** End of File",
      "workdir",
      "timeout_ms",
      "rg --files",
    ]
  ) {
    assert.ok(full.includes(word), word);
    assert.ok(terse.includes(word), `terse: ${word}`);
  }
});

Deno.test("the summary prefix begins with the bracketed words it is known by", () => {
  assert.ok(SUMMARY_PREFIX.startsWith("[Summary of the conversation so far]"));
});

Deno.test("the review schema is strict: each object closed, each field required", () => {
  const walk = (schema: unknown): void => {
    if (typeof schema !== "object" || schema === null) return;
    const object = schema as Record<string, unknown>;
    if (object["type"] === "object") {
      assert.equal(object["additionalProperties"], false);
      assert.deepEqual(
        object["required"],
        Object.keys(object["properties"] as object),
      );
    }
    Object.values(object).forEach(walk);
  };
  walk(REVIEW_SCHEMA);
});
