/** What a SKILL.md says, and what is wrong with it. */
import assert from "node:assert/strict";
import {
  parseSidecar,
  parseSkillFile,
} from "../../../../core/context/skills/skill_file.ts";
import { parseYaml } from "../../../../core/context/skills/yaml.ts";

function parse(text: string): ReturnType<typeof parseSkillFile> {
  return parseSkillFile(text, "folder name", parseYaml);
}

Deno.test("parseSkillFile() reads the frontmatter, white space collapsed", () => {
  const text =
    "---\nname: pdf\ndescription: >\n  Reads\n  PDF   files\nmetadata:\n  short-description: PDF\nlicense: x\n---\n# Body\n---\n";
  assert.deepEqual(parse(text), {
    name: "pdf",
    description: "Reads PDF files",
  });
});

Deno.test("parseSkillFile() takes CRLF and a frontmatter without a body", () => {
  assert.deepEqual(parse("---\r\nname: a\r\ndescription: b\r\n---"), {
    name: "a",
    description: "b",
  });
});

Deno.test("parseSkillFile() names a skill after its folder when it has no name", () => {
  assert.deepEqual(parse("---\ndescription: b\n---\n"), {
    name: "folder name",
    description: "b",
  });
});

Deno.test("parseSkillFile() takes a number for the text it looks like", () => {
  const facts = parse("---\nname: 42\ndescription: true\n---\n");
  assert.deepEqual(facts, { name: "42", description: "true" });
});

Deno.test("parseSkillFile() says what is wrong", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /^no frontmatter/],
    ["# Title\n---\ndescription: b\n---\n", /^no frontmatter/],
    ["---\ndescription: b\n", /^no frontmatter/],
    ["---more\ndescription: b\n---\n---\n", /^no frontmatter/],
    ["---\ndescription: [b\n---\n", /^invalid YAML, line \d/],
    ["---\n- a\n---\n", /^frontmatter is not a mapping$/],
    ["---\n---\n", /^frontmatter is not a mapping$/],
    ["---\nname: a\n---\n", /^description is missing$/],
    ["---\ndescription: '  '\n---\n", /^description is missing$/],
    ["---\ndescription: [a]\n---\n", /^description is missing$/],
    [
      `---\nname: ${"n".repeat(65)}\ndescription: b\n---\n`,
      /^name has 65 characters, must have at most 64$/,
    ],
  ];
  for (const [text, expected] of cases) {
    const facts = parse(text);
    assert.ok("problem" in facts, text.slice(0, 40));
    assert.match(facts.problem, expected);
  }
});

Deno.test("parseSkillFile() takes fields at their limits", () => {
  const text = `---\nname: ${"n".repeat(64)}\ndescription: ${
    "d".repeat(1024)
  }\n---\n`;
  assert.ok(!("problem" in parse(text)));
});

Deno.test("parseSkillFile() reads a frontmatter too long for YAML line by line", () => {
  const long = `note: [${"]".repeat(9_000)}`;
  assert.deepEqual(parse(`---\nname: a\ndescription: b\n${long}\n---\n`), {
    name: "a",
    description: "b",
  });
  const facts = parse(`---\n${long}\n---\n`);
  assert.match(
    "problem" in facts ? facts.problem : "",
    /^invalid YAML, it has 9007 characters, must have at most 3072$/,
  );
});

Deno.test("parseSidecar() allows the model to choose unless told otherwise", () => {
  const cases: readonly [string, boolean][] = [
    ["", true],
    ["interface: {display_name: X}", true],
    ["policy: {}", true],
    ["policy:\n  allow_implicit_invocation: true", true],
    ["policy:\n  allow_implicit_invocation: false", false],
  ];
  for (const [text, implicit] of cases) {
    assert.deepEqual(parseSidecar(text, parseYaml), { implicit }, text);
  }
  assert.ok("problem" in parseSidecar("policy: [", parseYaml));
  assert.ok("problem" in parseSidecar("#".repeat(9_000), parseYaml));
  const odd = "policy: {allow_implicit_invocation: maybe}";
  assert.deepEqual(parseSidecar(odd, parseYaml), {
    problem: "policy.allow_implicit_invocation must be true or false",
  });
});

Deno.test("parseSkillFile() takes what people write without quotes", () => {
  const cases: readonly [string, string][] = [
    ["Use it: often, e.g. now", "Use it: often, e.g. now"],
    ["[a] [b] do things", "[a] [b] do things"],
    ["`run` this first", "`run` this first"],
    ["@all, read: this", "@all, read: this"],
    ["100% of it: done", "100% of it: done"],
    ['"quoted": and more', '"quoted": and more'],
    ["*star* it: now", "*star* it: now"],
    [">-\n  folded: once\n  and again", "folded: once and again"],
  ];
  for (const [written, description] of cases) {
    const text = `---\nname: it\ndescription: ${written}\nlicense: MIT\n---\n`;
    assert.deepEqual(parse(text), { name: "it", description });
  }
});

Deno.test("parseSkillFile() cuts a description that is too long", () => {
  const long = "ä".repeat(2_000);
  const facts = parse(
    `---\ndescription: ${long}\n---\n`,
  );
  assert.ok(!("problem" in facts));
  assert.equal([...facts.description].length, 1_024);
});
