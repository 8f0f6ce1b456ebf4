import assert from "node:assert/strict";
import {
  freeformPatchSpec,
  functionPatchSpec,
} from "../../../tools/patch/spec.ts";
import { parsePatch } from "../../../tools/patch/parse.ts";
import { PATCH_CASES } from "./cases.ts";

// The grammar has no recursion, so it is one regular expression once every rule's name
// is replaced by its body.
function grammarPattern(grammar: string): RegExp {
  const rules = new Map(
    [...grammar.matchAll(/^([a-z]+): (.*)$/gm)].map((rule) =>
      [rule[1] ?? "", rule[2] ?? ""] as const
    ),
  );
  const expand = (body: string): string =>
    body.replace(
      /"((?:[^"\\]|\\.)*)"|\/((?:[^/\\]|\\.)+)\/|\bLF\b|[a-z]+|\s+/g,
      (word, text?: string, pattern?: string) => {
        if (text !== undefined) {
          return `(?:${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")})`;
        }
        if (pattern !== undefined) return `(?:${pattern})`;
        if (word === "LF") return "\\n";
        const rule = rules.get(word);
        if (rule !== undefined) return `(?:${expand(rule)})`;
        assert.equal(word.trim(), "", `unknown rule ${word}`);
        return "";
      },
    );
  return new RegExp(`^(?:${expand("start")})$`);
}

const FORMAT = freeformPatchSpec()["format"] as Record<string, string>;
const GRAMMAR = grammarPattern(FORMAT["definition"] ?? "");

function patch(...lines: readonly string[]): string {
  return ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
}

Deno.test("the grammar accepts what the description shows", () => {
  for (
    const text of [
      patch("*** Add File: a", "+x", "+"),
      patch("*** Add File: a"),
      patch("*** Delete File: a b"),
      patch("*** Update File: a", "-x", "+y", " z", "*** End of File"),
      patch("*** Update File: a", "*** Move to: b", "@@ x", "@@ y", "+z"),
      patch("*** Update File: a", "@@", "@@", "@@ x", " ", "@@", "-z"),
      patch(
        "*** Update File: a",
        "+x",
        "*** Delete File: b",
        "*** Add File: c",
      ),
      `${patch("*** Delete File: a")}\n`,
    ]
  ) assert.match(text, GRAMMAR);
});

Deno.test("the grammar refuses what the parser refuses", () => {
  for (
    const text of [
      patch(),
      patch("*** Foo: a"),
      patch("*** Add File: a", "x"),
      patch("*** Update File: a"),
      patch("*** Update File: a", "@@"),
      patch("*** Update File: a", "@@", "*** End of File"),
      patch("*** Update File: a", "-x", "*** Move to: b"),
      patch("*** Update File: a", "xyz"),
      "*** Begin Patch\n*** Delete File: a",
    ]
  ) assert.doesNotMatch(text, GRAMMAR);
});

Deno.test("the grammar accepts nothing that cannot be parsed", () => {
  const texts = PATCH_CASES.map((one) => one.patch)
    .filter((text) => GRAMMAR.test(text));
  assert.ok(texts.length > 60);
  for (const text of texts) assert.ok(parsePatch(text).length > 0);
});

Deno.test("the two specs offer the same tool", () => {
  const freeform = freeformPatchSpec();
  const called = functionPatchSpec();
  assert.deepEqual([FORMAT["type"], FORMAT["syntax"]], ["grammar", "lark"]);
  assert.deepEqual([freeform["type"], called["type"]], ["custom", "function"]);
  assert.deepEqual([freeform["name"], called["name"]], [
    "apply_patch",
    "apply_patch",
  ]);
  const description = String(called["description"]);
  assert.ok(String(freeform["description"]).endsWith(description));
  assert.deepEqual(
    (called["parameters"] as { required: unknown }).required,
    ["input"],
  );
  // The example in the description is a patch.
  const example = /```\n([^`]*)\n```/.exec(description)?.[1] ?? "";
  assert.match(example, GRAMMAR);
  assert.equal(parsePatch(example).length, 3);
});
