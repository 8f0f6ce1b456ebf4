/** Skills named in a message. */
import assert from "node:assert/strict";
import type { Skill } from "../../../../core/context/skills/skill_file.ts";
import {
  findMentionedSkills,
  loadSkillBodies,
} from "../../../../core/context/skills/mentions.ts";
import { denoFiles } from "../../../../core/host/files/files.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import { typedText } from "../../../../core/context/format/tags.ts";
import { sent, withTree } from "../support.ts";

function skill(name: string, path = `/s/${name}/SKILL.md`): Skill {
  return {
    name,
    description: "d",
    path,
    scope: "user",
    root: "/s",
    implicit: true,
  };
}

const SKILLS = [
  skill("pdf"),
  skill("pdf-forms"),
  skill("twin", "/s/twin1/SKILL.md"),
  skill("twin", "/s/twin2/SKILL.md"),
  skill("HOME"),
  skill("ns:tool"),
];

function mentions(text: string): readonly string[] {
  const folders = { cwd: "/s", home: "/home/me" };
  return findMentionedSkills(text, SKILLS, folders).map(({ path }) => path);
}

Deno.test("findMentionedSkills() finds $name in its longest form", () => {
  assert.deepEqual(mentions("use $pdf-forms now"), ["/s/pdf-forms/SKILL.md"]);
  assert.deepEqual(mentions("use $pdf, please"), ["/s/pdf/SKILL.md"]);
  assert.deepEqual(mentions("$ns:tool!"), ["/s/ns:tool/SKILL.md"]);
  assert.deepEqual(mentions("$pdf-form"), []);
});

Deno.test("findMentionedSkills() takes a colon or dash at the end for punctuation", () => {
  assert.deepEqual(mentions("$pdf: read this"), ["/s/pdf/SKILL.md"]);
  assert.deepEqual(mentions("$pdf--"), ["/s/pdf/SKILL.md"]);
  assert.deepEqual(mentions("$pdf_"), []);
});

Deno.test("findMentionedSkills() does not take money, escapes or variables for names", () => {
  for (const text of ["US$pdf", "\\$pdf", "$$pdf", "${pdf}", "$ pdf", "pdf"]) {
    assert.deepEqual(mentions(text), [], text);
  }
  assert.deepEqual(mentions("echo $HOME"), []);
});

Deno.test("findMentionedSkills() wants a name to be unique, a link not", () => {
  assert.deepEqual(mentions("$twin"), []);
  assert.deepEqual(mentions("[$twin](/s/twin2/SKILL.md)"), [
    "/s/twin2/SKILL.md",
  ]);
});

Deno.test("findMentionedSkills() takes links to the file or folder, absolute or not", () => {
  for (
    const target of [
      "/s/pdf/SKILL.md",
      "/s/pdf",
      "pdf/SKILL.md",
      "./pdf",
      "file:///s/pdf/SKILL.md",
    ]
  ) {
    assert.deepEqual(
      mentions(`see [$x](${target})`),
      ["/s/pdf/SKILL.md"],
      target,
    );
  }
  const home = [skill("h", "/home/me/sk/SKILL.md")];
  const folders = { cwd: "/", home: "/home/me" };
  assert.equal(
    findMentionedSkills("[$h](~/sk/SKILL.md)", home, folders).length,
    1,
  );
});

Deno.test("findMentionedSkills() gives links first, then names, each once in list order", () => {
  assert.deepEqual(
    mentions("$pdf-forms $pdf $pdf [$n](/s/ns:tool/SKILL.md) [$t](/s/twin1)"),
    [
      "/s/twin1/SKILL.md",
      "/s/ns:tool/SKILL.md",
      "/s/pdf/SKILL.md",
      "/s/pdf-forms/SKILL.md",
    ],
  );
});

Deno.test("findMentionedSkills() does not count the name in a link as a name too", () => {
  assert.deepEqual(mentions("[$pdf](/elsewhere/SKILL.md)"), []);
});

Deno.test("loadSkillBodies() gives the whole file in a message of the program", async () => {
  const text = "---\nname: pdf\n---\nDo it.\n";
  await withTree({ "pdf/SKILL.md": text }, async (root) => {
    const path = `${root}/pdf/SKILL.md`;
    const { items, warnings } = await loadSkillBodies({ files: denoFiles }, [
      skill("pdf", path),
    ]);
    assert.deepEqual(warnings, []);
    assert.deepEqual(sent(items), [
      `user: <skill>\n<name>pdf</name>\n<path>${path}</path>\n---\nname: pdf\n---\nDo it.\n</skill>`,
    ]);
    assert.equal(items[0] && typedText(items[0]), undefined);
  });
});

Deno.test("loadSkillBodies() cuts a long file with one warning", async () => {
  const text = "ä".repeat(LIMITS.skillBodyBytes);
  await withTree({ "SKILL.md": text }, async (root) => {
    const long = skill("long", `${root}/SKILL.md`);
    const { items, warnings } = await loadSkillBodies(
      { files: denoFiles },
      [long],
    );
    assert.deepEqual(warnings, [
      "Skill long is long: the model gets only its first 32768 bytes and the path",
    ]);
    assert.ok(
      sent(items)[0]?.endsWith(
        `ä\n[32768 more bytes are in ${root}/SKILL.md]\n</skill>`,
      ),
    );
  });
});

Deno.test("loadSkillBodies() warns of what cannot be read and goes on", async () => {
  await withTree({ "a/SKILL.md": "A", "b/SKILL.md/": "" }, async (root) => {
    const { items, warnings } = await loadSkillBodies({ files: denoFiles }, [
      skill("gone", `${root}/gone/SKILL.md`),
      skill("b", `${root}/b/SKILL.md`),
      skill("a", `${root}/a/SKILL.md`),
    ]);
    assert.equal(items.length, 1);
    assert.deepEqual(warnings, [
      `Cannot read skill gone: ${root}/gone/SKILL.md is not a regular file`,
      `Cannot read skill b: ${root}/b/SKILL.md is not a regular file`,
    ]);
  });
});
