/** One folder of skills. */
import assert from "node:assert/strict";
import { loadSkillRoot } from "../../../../core/context/skills/load.ts";
import { denoFiles } from "../../../../core/host/files/files.ts";
import { withTree } from "../support.ts";

Deno.test("loadSkillRoot() of a folder that is not there is empty", async () => {
  assert.deepEqual(
    await loadSkillRoot(denoFiles, { path: "/no/where", scope: "user" }),
    { skills: [], problems: [] },
  );
});

Deno.test("loadSkillRoot() of a file that should be a folder is empty", async () => {
  await withTree({ "skills": "a file" }, async (root) => {
    assert.deepEqual(
      await loadSkillRoot(denoFiles, {
        path: `${root}/skills`,
        scope: "user",
      }),
      { skills: [], problems: [] },
    );
  });
});

Deno.test("loadSkillRoot() gives canonical paths for a root that is a link", async () => {
  await withTree({
    "real/a/SKILL.md": "---\ndescription: d\n---\n",
  }, async (root) => {
    await Deno.symlink(`${root}/real`, `${root}/link`);
    const { skills } = await loadSkillRoot(denoFiles, {
      path: `${root}/link`,
      scope: "admin",
    });
    assert.deepEqual(skills, [{
      name: "a",
      description: "d",
      path: `${root}/real/a/SKILL.md`,
      scope: "admin",
      root: `${root}/real`,
      implicit: true,
    }]);
  });
});

Deno.test("loadSkillRoot() says when a folder cannot be listed", async () => {
  await withTree({ "s/a/": "", "s/b/": "" }, async (root) => {
    const list: typeof denoFiles.list = (path) =>
      path.endsWith("/a")
        ? Promise.reject(new Error("permission denied"))
        : denoFiles.list(path);
    const files = { ...denoFiles, list };
    const { problems } = await loadSkillRoot(files, {
      path: `${root}/s`,
      scope: "user",
    });
    assert.deepEqual(problems, [`Cannot read ${root}/s/a: permission denied`]);
  });
});

Deno.test("loadSkillRoot() walks a circle of links once", async () => {
  await withTree({
    "s/a/SKILL.md": "---\ndescription: d\n---\n",
  }, async (root) => {
    await Deno.symlink(`${root}/s`, `${root}/s/a/up`);
    const { skills } = await loadSkillRoot(denoFiles, {
      path: `${root}/s`,
      scope: "user",
    });
    assert.equal(skills.length, 1);
  });
});
