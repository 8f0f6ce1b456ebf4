/** The list of skills within its budget. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Skill } from "../../../../core/context/skills/skill_file.ts";
import {
  renderSkills,
  skillListBytes,
} from "../../../../core/context/skills/render.ts";
import { byteLength } from "../../../../core/util/text/text.ts";
import { SKILLS_USAGE } from "../../../../prompts/mod.ts";
import { anyCharacter } from "../../../support/any_character.ts";

function skill(name: string, patch: Partial<Skill> = {}): Skill {
  return {
    name,
    description: `does ${name}`,
    path: `/r/skills/${name}/SKILL.md`,
    scope: "repo",
    root: "/r/skills",
    implicit: true,
    ...patch,
  };
}

/** The lines between heading and usage. */
function listOf(text = ""): string {
  assert.ok(text.startsWith("## Skills\n\n"));
  assert.ok(text.endsWith(`\n\n${SKILLS_USAGE}`));
  return text.slice("## Skills\n\n".length, -SKILLS_USAGE.length - 2);
}

Deno.test("renderSkills() lists name, description and file, and how to use them", () => {
  const { text, warnings } = renderSkills([skill("a"), skill("b")], 1_000);
  assert.deepEqual(warnings, []);
  assert.equal(
    listOf(text),
    "- a: does a (file: /r/skills/a/SKILL.md)\n- b: does b (file: /r/skills/b/SKILL.md)",
  );
});

Deno.test("renderSkills() says nothing without skills, or with hidden ones alone", () => {
  assert.deepEqual(renderSkills([], 1_000), { warnings: [] });
  const hidden = skill("a", { implicit: false });
  assert.deepEqual(renderSkills([hidden], 1_000), { warnings: [] });
});

Deno.test("renderSkills() shortens the longest descriptions first, all to one length", () => {
  const skills = [
    skill("a", { description: "short" }),
    skill("b", { description: "x".repeat(500) }),
    skill("c", { description: "y".repeat(900) }),
  ];
  const { text, warnings } = renderSkills(skills, 400);
  const lengths = listOf(text).split("\n").map((line) =>
    / (.*) \(file/.exec(line.slice(2))?.[1]?.length ?? 0
  );
  assert.equal(lengths[0], "short".length);
  assert.equal(lengths[1], lengths[2]);
  assert.ok((lengths[1] ?? 0) > 50);
  assert.match(listOf(text), /x… \(file.*\n.*y… \(file/);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /descriptions were cut to \d+ bytes/);
});

Deno.test("renderSkills() names long roots once when that saves room", () => {
  const root = `/home/${"long/".repeat(30)}skills`;
  const skills = ["a", "b", "c"].map((name) =>
    skill(name, { root, path: `${root}/${name}/SKILL.md` })
  );
  const { text, warnings } = renderSkills(skills, 400);
  assert.equal(
    listOf(text),
    `Paths in this list begin with these folders:\n- \`r0\` = \`${root}\`\n\n` +
      "- a: does a (file: r0/a/SKILL.md)\n- b: does b (file: r0/b/SKILL.md)\n- c: does c (file: r0/c/SKILL.md)",
  );
  assert.deepEqual(warnings, []);
});

Deno.test("renderSkills() leaves out the last ones when names alone are too long", () => {
  const skills = Array.from({ length: 100 }, (_, at) => skill(`skill-${at}`));
  const { text, warnings } = renderSkills(skills, 1_000);
  const lines = listOf(text).split("\n").filter((line) => /SKILL/.test(line));
  assert.ok(lines.length > 10 && lines.length < 100);
  assert.ok(lines.every((line) => /^- skill-\d+: \(file/.test(line)));
  assert.deepEqual(warnings, [
    `The list of skills is too long: ${
      100 - lines.length
    } of 100 skills are not listed (they can still be named with $), the others without descriptions`,
  ]);
});

Deno.test("renderSkills() handles 300 skills with one warning, within 2 % of the window", () => {
  const skills = Array.from(
    { length: 300 },
    (_, at) => skill(`skill-${at}`, { description: "d".repeat(300) }),
  );
  const bytes = skillListBytes({ known: true, contextWindow: 272_000 });
  assert.equal(bytes, 21_760);
  const { text, warnings } = renderSkills(skills, bytes);
  assert.equal(warnings.length, 1);
  assert.equal(listOf(text).match(/^- skill-/gm)?.length, 300);
  assert.ok(byteLength(listOf(text)) <= bytes + 60);
});

Deno.test("skillListBytes() is a fixed number when the window is a guess", () => {
  assert.equal(skillListBytes({ known: false, contextWindow: 1e6 }), 8_000);
});

Deno.test("renderSkills() never exceeds its budget and always tells the same", () => {
  const anySkill = fc.record({
    name: fc.stringMatching(/^[a-z]{1,20}$/),
    description: fc.string({ unit: anyCharacter, maxLength: 300 })
      .map((text) => text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, " ").trim()),
    root: fc.constantFrom("/a", "/a/very/long/root/of/skills/for/all", "/b"),
  }).map(({ name, description, root }) =>
    skill(name, { description, root, path: `${root}/${name}/SKILL.md` })
  );
  fc.assert(
    fc.property(fc.array(anySkill), fc.nat(8_000), (skills, bytesMax) => {
      const rendered = renderSkills(skills, bytesMax);
      assert.deepEqual(renderSkills(skills, bytesMax), rendered);
      if (rendered.text === undefined) return;
      const list = listOf(rendered.text);
      const intro = "Paths in this list begin with these folders:\n\n".length;
      assert.ok(byteLength(list) <= bytesMax + intro);
      assert.ok(
        !list.includes("\uFFFD") ||
          skills.some((one) => one.description.includes("\uFFFD")),
      );
    }),
    { numRuns: 300 },
  );
});
