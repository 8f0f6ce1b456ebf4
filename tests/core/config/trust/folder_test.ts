/** Whether a folder is trusted: where the decision stands, and whom it holds for. */
import assert from "node:assert/strict";
import {
  type FolderTrust,
  readFolderTrust,
  saveFolderTrust,
} from "../../../../core/config/trust/folder.ts";
import { findProjectRoot } from "../../../../core/util/project_root.ts";
import { parseToml } from "../../../../core/config/file/toml.ts";
import { Machine } from "../config_fixture.ts";

function trustIn(
  machine: Machine,
  cwd: string,
  folder: string,
): Promise<FolderTrust> {
  const tree = parseToml(
    `[projects."${folder}"]\ntrust_level = "trusted"\n`,
    "c",
  );
  return readFolderTrust(machine.host(), cwd, tree);
}

Deno.test("findProjectRoot() walks up to the nearest marker, file or folder", async () => {
  await using machine = await Machine.create();
  const deep = `${machine.cwd}/a/b`;
  await machine.write(`${deep}/x`, "");
  const root = (markers: readonly string[]): Promise<string | undefined> =>
    findProjectRoot((path) => machine.host().files.stat(path), deep, markers);
  assert.equal(await root([".git"]), machine.cwd);
  await machine.write(`${machine.cwd}/a/package.json`, "{}");
  assert.equal(await root([".git", "package.json"]), `${machine.cwd}/a`);
  assert.equal(await root([]), undefined);
  assert.equal(await root(["no-such-marker"]), undefined);
  assert.equal(await root([""]), undefined);
});

Deno.test("readFolderTrust() looks at the cwd, then at the repository", async () => {
  await using machine = await Machine.create();
  const deep = `${machine.cwd}/a`;
  await Deno.mkdir(deep);
  assert.deepEqual(await trustIn(machine, deep, deep), {
    level: "trusted",
    folder: machine.cwd,
    root: machine.cwd,
  });
  assert.equal((await trustIn(machine, deep, machine.cwd)).level, "trusted");
  assert.equal((await trustIn(machine, deep, machine.home)).level, undefined);
  assert.equal((await trustIn(machine, machine.cwd, deep)).level, undefined);
});

Deno.test("readFolderTrust() knows a folder under its other name", async () => {
  await using machine = await Machine.create();
  const link = `${machine.root}/link`;
  await Deno.symlink(machine.cwd, link);
  assert.equal((await trustIn(machine, link, machine.cwd)).level, "trusted");
});

Deno.test("readFolderTrust() takes a linked worktree for part of its repository", async () => {
  await using machine = await Machine.create();
  const tree = `${machine.root}/tree`;
  const entry = `${machine.cwd}/.git/worktrees/tree`;
  await machine.write(`${tree}/.git`, `gitdir: ${entry}\n`);
  await machine.write(`${entry}/gitdir`, `${tree}/.git\n`);
  assert.deepEqual(await trustIn(machine, tree, machine.cwd), {
    level: "trusted",
    folder: machine.cwd,
    root: tree,
  });
});

Deno.test("readFolderTrust() does not believe a folder that merely claims to be a worktree", async () => {
  await using machine = await Machine.create();
  const forged = `${machine.root}/forged`;
  const entry = `${machine.cwd}/.git/worktrees/real`;
  await machine.write(`${forged}/.git`, `gitdir: ${entry}\n`);
  assert.equal((await trustIn(machine, forged, machine.cwd)).level, undefined);
  await machine.write(`${machine.root}/real/.git`, `gitdir: ${entry}\n`);
  await machine.write(`${entry}/gitdir`, `${machine.root}/real/.git\n`);
  assert.deepEqual(await trustIn(machine, forged, machine.cwd), {
    level: undefined,
    folder: forged,
    root: forged,
  });
  assert.equal(
    (await trustIn(machine, `${machine.root}/real`, machine.cwd)).level,
    "trusted",
  );
});

Deno.test("saveFolderTrust() writes what readFolderTrust() finds, and keeps the file", async () => {
  await using machine = await Machine.create();
  await machine.user("# mine\nmodel = 'm'\n");
  const folder = `${machine.cwd}`;
  await saveFolderTrust(machine.host(), machine.codexHome, {
    folder,
    level: "trusted",
  });
  await saveFolderTrust(machine.host(), machine.codexHome, {
    folder,
    level: "untrusted",
  });
  const text = await Deno.readTextFile(machine.userFile);
  assert.equal(
    text,
    `# mine\nmodel = 'm'\n\n[projects."${folder}"]\ntrust_level = "untrusted"\n`,
  );
  assert.equal((await machine.load()).trust.level, "untrusted");
  await assert.rejects(
    saveFolderTrust(machine.host(), undefined, { folder, level: "trusted" }),
    {
      message:
        "Cannot save trust: there is no home folder, set HOME or CODEX_HOME",
    },
  );
});
