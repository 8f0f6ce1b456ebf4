/** YAML comes in as a value or as a problem with its place. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseYaml } from "../../../../core/context/skills/yaml.ts";
import { anyCharacter } from "../../../support/any_character.ts";

Deno.test("parseYaml() reads a mapping", () => {
  assert.deepEqual(parseYaml("a: 1\nb: [x, 'y']\n"), {
    value: { a: 1, b: ["x", "y"] },
  });
});

Deno.test("parseYaml() names the line of an error, in one line", () => {
  const parsed = parseYaml("a: 1\nb: [x\n");
  assert.ok("problem" in parsed);
  assert.match(parsed.problem, /^line \d: [^\n]+$/);
});

Deno.test("parseYaml() refuses doubled keys", () => {
  assert.ok("problem" in parseYaml("a: 1\na: 2\n"));
});

Deno.test("parseYaml() refuses a text that grows without end", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let at = 1; at < 12; at++) {
    lines.push(`a${at}: &a${at} [${`*a${at - 1}, `.repeat(9)}]`);
  }
  const parsed = parseYaml(lines.join("\n"));
  assert.ok("problem" in parsed);
  assert.match(parsed.problem, /alias/i);
});

Deno.test("parseYaml() never throws", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => {
    const parsed = parseYaml(text);
    assert.ok("value" in parsed || parsed.problem !== "");
  }));
});
