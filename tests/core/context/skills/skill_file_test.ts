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
    shortDescription: "PDF",
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
    [
      `---\ndescription: ${"ä".repeat(1025)}\n---\n`,
      /^description has 1025 characters, must have at most 1024$/,
    ],
    [
      `---\ndescription: b\nmetadata: {short-description: ${
        "s".repeat(1025)
      }}\n---\n`,
      /^metadata.short-description has 1025/,
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
  const odd = "policy: {allow_implicit_invocation: maybe}";
  assert.deepEqual(parseSidecar(odd, parseYaml), {
    problem: "policy.allow_implicit_invocation must be true or false",
  });
});
