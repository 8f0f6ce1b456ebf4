/** Skills on a real disk: where they are found, which count, in which order. */
import assert from "node:assert/strict";
import {
  type LoadedSkills,
  loadSkills,
  type SkillSearch,
} from "../../../../core/context/skills/skills.ts";
import { denoFiles } from "../../../../core/host/files/files.ts";
import { withTree } from "../support.ts";

const host = { files: denoFiles };

function skill(name: string, description = `does ${name}`): string {
  return `---\nname: ${name}\ndescription: ${description}\n---\nbody of ${name}\n`;
}

function load(
  root: string,
  patch: Partial<SkillSearch> = {},
): Promise<LoadedSkills> {
  return loadSkills(host, {
    cwd: `${root}/repo`,
    codexHome: `${root}/home/.codex`,
    home: `${root}/home`,
    rootMarkers: [".git"],
    config: [],
    adminRoot: `${root}/admin`,
    ...patch,
  });
}

function names(loaded: LoadedSkills): readonly string[] {
  return loaded.skills.map(({ scope, name }) => `${scope} ${name}`);
}

Deno.test("loadSkills() searches all folders and sorts by scope, name and path", async () => {
  await withTree({
    "repo/.git/": "",
    "repo/.codex/skills/z/SKILL.md": skill("z"),
    "repo/.agents/skills/b/SKILL.md": skill("b"),
    "repo/pkg/.codex/skills/c/SKILL.md": skill("c"),
    "repo/pkg/.agents/skills/b/SKILL.md": skill("b"),
    "home/.codex/skills/u/SKILL.md": skill("u"),
    "home/.codex/skills/.system/s/SKILL.md": skill("s"),
    "home/.agents/skills/a/SKILL.md": skill("a"),
    "admin/adm/SKILL.md": skill("adm"),
  }, async (root) => {
    const loaded = await load(root, { cwd: `${root}/repo/pkg` });
    assert.deepEqual(loaded.warnings, []);
    assert.deepEqual(names(loaded), [
      "repo b",
      "repo b",
      "repo c",
      "repo z",
      "user a",
      "user u",
      "system s",
      "admin adm",
    ]);
    assert.deepEqual(loaded.skills[0], {
      name: "b",
      description: "does b",
      path: `${root}/repo/.agents/skills/b/SKILL.md`,
      scope: "repo",
      root: `${root}/repo/.agents/skills`,
      implicit: true,
    });
  });
});

Deno.test("loadSkills() finds nothing where there is nothing, without a word", async () => {
  await withTree({ "repo/": "" }, async (root) => {
    const search = {
      cwd: `${root}/repo`,
      codexHome: `${root}/none`,
      rootMarkers: [".git"],
      config: [],
      adminRoot: `${root}/none`,
    };
    assert.deepEqual(await loadSkills(host, search), {
      skills: [],
      warnings: [],
    });
  });
});

Deno.test("loadSkills() names each broken file once and loads the others", async () => {
  await withTree({
    "repo/.agents/skills/bad/SKILL.md": "---\ndescription: [\n---\n",
    "repo/.agents/skills/bare/SKILL.md": "no frontmatter",
    "repo/.agents/skills/folder/SKILL.md/": "",
    "repo/.agents/skills/good/SKILL.md": skill("good"),
  }, async (root) => {
    const loaded = await load(root);
    assert.deepEqual(names(loaded), ["repo good"]);
    assert.equal(loaded.warnings.length, 3);
    const skills = `${root}/repo/.agents/skills`;
    assert.ok(
      loaded.warnings[0]?.startsWith(
        `Cannot use skill ${skills}/bad/SKILL.md: invalid YAML, line 1: `,
      ),
    );
    assert.equal(
      loaded.warnings[1],
      `Cannot use skill ${skills}/bare/SKILL.md: no frontmatter between two lines of \`---\``,
    );
    assert.equal(
      loaded.warnings[2],
      `Cannot read skill ${skills}/folder/SKILL.md: it is not a regular file`,
    );
  });
});

Deno.test("loadSkills() bounds the number of warnings", async () => {
  const tree: Record<string, string> = {};
  for (let at = 0; at < 50; at++) {
    tree[`repo/.agents/skills/s${at}/SKILL.md`] = "broken";
  }
  await withTree(tree, async (root) => {
    const { warnings } = await load(root);
    assert.equal(warnings.length, 21);
    assert.equal(warnings.at(-1), "30 more skills have problems");
  });
});

Deno.test("loadSkills() keeps a file once that is reached by several ways", async () => {
  await withTree({
    "repo/.agents/skills/one/SKILL.md": skill("one"),
    "home/.agents/skills/": "",
  }, async (root) => {
    const real = `${root}/repo/.agents/skills/one`;
    await Deno.symlink(real, `${root}/home/.agents/skills/link`);
    await Deno.symlink(real, `${root}/repo/.agents/skills/again`);
    const loaded = await load(root);
    assert.equal(loaded.skills.length, 1);
    assert.equal(loaded.skills[0]?.path, `${real}/SKILL.md`);
    assert.equal(loaded.skills[0]?.scope, "user");
  });
});

Deno.test("loadSkills() follows links and survives circles, but not in the system folder", async () => {
  await withTree({
    "repo/elsewhere/deep/x/SKILL.md": skill("x"),
    "repo/.agents/skills/": "",
    "home/.codex/skills/.system/": "",
  }, async (root) => {
    const skills = `${root}/repo/.agents/skills`;
    await Deno.symlink(`${root}/repo/elsewhere`, `${skills}/link`);
    await Deno.symlink(skills, `${skills}/circle`);
    await Deno.symlink("nowhere", `${skills}/broken`);
    await Deno.symlink(
      `${root}/repo/elsewhere`,
      `${root}/home/.codex/skills/.system/link`,
    );
    const loaded = await load(root);
    assert.deepEqual(names(loaded), ["repo x"]);
    assert.deepEqual(loaded.warnings, []);
  });
});

Deno.test("loadSkills() takes no skill of a project from outside of it, and names each", async () => {
  await withTree({
    "outside/a/SKILL.md": skill("a"),
    "outside/b/SKILL.md": skill("b"),
    "repo/.agents/skills/file/": "",
    "home/.codex/skills/": "",
  }, async (root) => {
    const skills = `${root}/repo/.agents/skills`;
    await Deno.symlink(`${root}/outside/a`, `${skills}/folder`);
    await Deno.symlink(`${root}/outside/a/SKILL.md`, `${skills}/file/SKILL.md`);
    await Deno.symlink(`${root}/outside/b`, `${root}/home/.codex/skills/b`);
    const loaded = await load(root);
    assert.deepEqual(names(loaded), ["user b"]);
    assert.deepEqual(loaded.warnings.map((text) => text.split(":")[0]).sort(), [
      `Cannot use skill ${skills}/file/SKILL.md`,
      `Cannot use skill ${skills}/folder`,
    ]);
  });
});

Deno.test("loadSkills() goes six folders deep and into no hidden one", async () => {
  await withTree({
    "repo/.agents/skills/1/2/3/4/5/6/SKILL.md": skill("six"),
    "repo/.agents/skills/1/2/3/4/5/6/7/SKILL.md": skill("seven"),
    "repo/.agents/skills/.hidden/SKILL.md": skill("hidden"),
    "repo/.agents/skills/skill.md": skill("lower"),
  }, async (root) => {
    assert.deepEqual(names(await load(root)), ["repo six"]);
  });
});

Deno.test("loadSkills() searches no more than its number of folders, and says so", async () => {
  const tree: Record<string, string> = {};
  for (let at = 0; at < 2_100; at++) {
    tree[`repo/.agents/skills/d${at}/`] = "";
  }
  tree["repo/.agents/skills/a/SKILL.md"] = skill("a");
  await withTree(tree, async (root) => {
    const loaded = await load(root);
    assert.deepEqual(names(loaded), ["repo a"]);
    assert.deepEqual(loaded.warnings, [
      `${root}/repo/.agents/skills holds more than 2000 folders; the rest is not searched for skills`,
    ]);
  });
});

Deno.test("loadSkills() obeys [[skills.config]], by file or folder, the last entry counting", async () => {
  await withTree({
    "repo/.agents/skills/a/SKILL.md": skill("a"),
    "repo/.agents/skills/b/SKILL.md": skill("b"),
    "repo/.agents/skills/c/SKILL.md": skill("c"),
  }, async (root) => {
    const skills = `${root}/repo/.agents/skills`;
    await Deno.symlink(`${skills}/b`, `${root}/link`);
    const config = [
      { path: `${skills}/a/SKILL.md`, enabled: false },
      { path: `${root}/link`, enabled: false },
      { path: `${skills}/c/SKILL.md`, enabled: false },
      { path: `${skills}/c/SKILL.md`, enabled: true },
      { path: "/not/there", enabled: false },
    ];
    assert.deepEqual(names(await load(root, { config })), ["repo c"]);
  });
});

Deno.test("loadSkills() reads the sidecar; a broken one changes nothing", async () => {
  await withTree({
    "repo/.agents/skills/a/SKILL.md": skill("a"),
    "repo/.agents/skills/a/agents/openai.yaml":
      "policy:\n  allow_implicit_invocation: false\n",
    "repo/.agents/skills/b/SKILL.md": skill("b"),
    "repo/.agents/skills/b/agents/openai.yaml": "policy: [\n",
    "repo/.agents/skills/c/SKILL.md": skill("c"),
    "repo/.agents/skills/c/agents/openai.yaml/": "",
    "repo/.agents/skills/d/SKILL.md": skill("d"),
    "repo/.agents/skills/d/agents/": "",
  }, async (root) => {
    const { skills, warnings } = await load(root);
    assert.deepEqual(skills.map(({ implicit }) => implicit), [
      false,
      true,
      true,
      true,
    ]);
    assert.equal(warnings.length, 2);
    assert.match(warnings[0] ?? "", /b\/agents\/openai.yaml: invalid YAML/);
    assert.match(
      warnings[1] ?? "",
      /c\/agents\/openai.yaml: it is not a regular/,
    );
  });
});
