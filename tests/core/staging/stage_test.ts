import assert from "node:assert/strict";
import { sweepStages } from "../../../core/staging/places.ts";
import { openStage } from "../../../core/staging/stage.ts";
import { git, host, snapshot, testPlace, writeFiles } from "./support.ts";

const utf8 = new TextDecoder();

Deno.test("a stage holds the work tree as it is, and what is done in it stays there", async () => {
  await using place = await testPlace({
    "a.txt": "one\ntwo\n",
    "gone.txt": "x\n",
    ".gitignore": "*.log\n",
    "deep/er/b.txt": "b\n",
  });
  const { work } = place;
  await writeFiles(work, {
    "a.txt": "one\n2\n",
    "new.txt": "new\n",
    "x.log": "",
  });
  await Deno.remove(`${work}/gone.txt`);
  const before = await snapshot(work);
  const status = await place.git("status", "--porcelain");
  const stage = await place.open({ root: `${work}/deep` });
  assert.equal(stage.kind, "worktree");
  assert.equal(stage.cwd, `${stage.path}/deep`);
  assert.equal(stage.source, work);
  const { "x.log": _, ...rest } = before;
  assert.deepEqual(await snapshot(stage.path), rest);
  assert.equal(await git(stage.path, "status", "--porcelain"), status);
  assert.equal((await stage.readPatch()).bytes.length, 0);

  await writeFiles(stage.path, {
    "a.txt": "one\n2\nthree\n",
    "made.log": "no",
  });
  await Deno.rename(`${stage.path}/deep/er/b.txt`, `${stage.path}/c.txt`);
  const patch = await stage.readPatch();
  assert.deepEqual(patch.files, [
    { path: "a.txt", kind: "update", insertions: 1, deletions: 0 },
    {
      path: "c.txt",
      kind: "update",
      from: "deep/er/b.txt",
      insertions: 0,
      deletions: 0,
    },
  ]);
  assert.match(utf8.decode(patch.bytes), /^rename from deep\/er\/b\.txt$/m);
  assert.deepEqual(await snapshot(work), before);
  assert.equal(await place.git("status", "--porcelain"), status);

  await Deno.writeFile(`${place.root}/p`, patch.bytes);
  await place.git("apply", `${place.root}/p`);
  const { "deep/er/b.txt": moved, ...others } = before;
  assert.deepEqual(await snapshot(work), {
    ...others,
    "a.txt": "-one\n2\nthree\n",
    "c.txt": moved,
  });

  await stage.remove();
  assert.deepEqual(await Array.fromAsync(Deno.readDir(place.trees)), []);
  assert.deepEqual(
    await Array.fromAsync(Deno.readDir(`${place.codexHome}/stages`)),
    [],
  );
  assert.equal(
    (await place.git("worktree", "list")).trim().split("\n").length,
    1,
  );
  assert.throws(() => Deno.statSync(`${work}/.git/worktrees`));
});

Deno.test("a stage of a commit has that commit's files and becomes a branch", async () => {
  await using place = await testPlace({ "a.txt": "one\n" });
  await place.git("tag", "v1");
  await writeFiles(place.work, { "a.txt": "two\n", "b.txt": "b\n" });
  await place.git("add", "-A");
  await place.git("commit", "-qm", "second");
  const hook = `${place.work}/.git/hooks/reference-transaction`;
  await writeFiles(place.work, {
    ".git/hooks/reference-transaction": `#!/bin/sh\ntouch ${place.root}/ran\n`,
  });
  await Deno.chmod(hook, 0o755);
  for (const kind of ["worktree", "copy"] as const) {
    const stage = await place.open({ ref: "v1", kind });
    const { ".git": _, ...files } = await snapshot(stage.path);
    assert.deepEqual(files, { "a.txt": "-one\n" });
    await writeFiles(stage.path, { "a.txt": "three\n", "sub/c": "c" });
    const id = await stage.commitBranch(`task/${kind}`, "done\n");
    assert.equal((await place.git("rev-parse", `task/${kind}`)).trim(), id);
    assert.equal(
      await place.git("show", "--format=%s|%P", "--name-status", id),
      `done|${
        (await place.git("rev-parse", "v1")).trim()
      }\n\nM\ta.txt\nA\tsub/c\n`,
    );
    await assert.rejects(
      stage.commitBranch(`task/${kind}`, "again"),
      /must be new/,
    );
    await stage.remove();
  }
  assert.throws(() => Deno.statSync(`${place.root}/ran`));
  assert.equal(await place.git("status", "--porcelain"), "");
});

Deno.test("many stages of one repository can be made at the same time", async () => {
  await using place = await testPlace({ "a.txt": "one\n" });
  const stages = await Promise.all(
    Array.from({ length: 12 }, () => place.open({ kind: "worktree" })),
  );
  assert.equal(new Set(stages.map(({ path }) => path)).size, 12);
  await Promise.all(stages.map((stage) => stage.remove()));
  assert.equal(
    (await place.git("worktree", "list")).trim().split("\n").length,
    1,
  );
});

Deno.test("a branch is replaced only by whoever made it, by a line of its message", async () => {
  await using place = await testPlace({ "a.txt": "one\n" });
  const stage = await place.open({ kind: "worktree" });
  await writeFiles(stage.path, { "a.txt": "two\n" });
  const first = await stage.commitBranch("b", "done\n\nBy: me\n");
  await writeFiles(stage.path, { "a.txt": "three\n" });
  await assert.rejects(
    stage.commitBranch("b", "done\n\nBy: you\n", "By: you"),
    /must be new/,
  );
  assert.equal((await place.git("rev-parse", "b")).trim(), first);
  const second = await stage.commitBranch("b", "again\n\nBy: me\n", "By: me");
  assert.equal((await place.git("rev-parse", "b")).trim(), second);
  assert.equal(await place.git("show", "b:a.txt"), "three\n");
  await stage.remove();
});

Deno.test("a folder without git is copied, but for what programs make again", async () => {
  await using place = await testPlace({
    "a b.txt": "one",
    "node_modules/x/index.js": "",
    "target/CACHEDIR.TAG": "",
    "target/big.o": "",
    "src/target/kept.rs": "",
  }, { git: false });
  await Deno.mkdir(`${place.work}/empty/er`, { recursive: true });
  await Deno.symlink("/etc/passwd", `${place.work}/link`);
  await Deno.utime(`${place.work}/a b.txt`, 1_000, 1_000);
  const stage = await place.open();
  assert.equal(stage.kind, "copy");
  assert.deepEqual(await snapshot(stage.path), {
    "a b.txt": "-one",
    "link": "-> /etc/passwd",
    "src/target/kept.rs": "-",
  });
  assert.ok((await Deno.stat(`${stage.path}/empty/er`)).isDirectory);
  const { mtime } = await Deno.stat(`${stage.path}/a b.txt`);
  assert.equal(mtime?.getTime(), 1_000_000);
  await Deno.chmod(`${stage.path}/a b.txt`, 0o755);
  const patch = await stage.readPatch();
  assert.equal(
    utf8.decode(patch.bytes),
    'diff --git "a/a b.txt" "b/a b.txt"\nold mode 100644\nnew mode 100755\n',
  );
  await stage.remove();
});

Deno.test("what hides files from the model hides them from the stage", async () => {
  await using place = await testPlace({ "a": "a", ".env": "SECRET=1" });
  const readable = {
    ...host.files,
    lstat: (path: string) =>
      path.endsWith("/.env")
        ? Promise.reject(new Error("hidden"))
        : host.files.lstat(path),
  };
  const stage = await place.open({ readable });
  assert.deepEqual(await snapshot(stage.path), { "a": "-a" });
  assert.equal((await stage.readPatch()).bytes.length, 0);
  await stage.remove();
});

Deno.test("what a process that is gone has left is swept, and nothing else", async () => {
  await using place = await testPlace({ "a": "a" });
  const dead = await place.open();
  const alive = await place.open();
  const note = `${place.codexHome}/stages/${dead.id}.json`;
  const text = await Deno.readTextFile(note);
  await Deno.writeTextFile(
    note,
    text.replace(/"processStart":"\d+"/, '"processStart":"1"'),
  );
  await Deno.chmod(`${dead.path}`, 0o755);
  assert.deepEqual(await sweepStages(host, place), [dead.id]);
  assert.deepEqual(
    (await Array.fromAsync(Deno.readDir(place.trees))).map(({ name }) => name),
    [
      alive.id,
    ],
  );
  assert.equal(
    (await place.git("worktree", "list")).trim().split("\n").length,
    2,
  );
  await alive.remove();
});

Deno.test("programs that a repository names are not run", async () => {
  await using place = await testPlace({
    "a": "a\n",
    ".gitattributes": "* filter=evil diff=evil\n",
  });
  const ran = `${place.root}/ran`;
  const evil = `${place.root}/evil`;
  await writeFiles(place.root, { evil: `#!/bin/sh\ntouch ${ran}\ncat\n` });
  await Deno.chmod(evil, 0o755);
  for (
    const key of [
      "filter.evil.smudge",
      "filter.evil.clean",
      "filter.evil.process",
      "diff.evil.textconv",
      "diff.evil.command",
      "core.fsmonitor",
      "core.sshCommand",
      "core.pager",
      "gpg.program",
    ]
  ) {
    await place.git("config", key, evil);
  }
  await place.git("config", "commit.gpgSign", "true");
  for (
    const hook of [
      "post-checkout",
      "pre-commit",
      "post-index-change",
      "reference-transaction",
    ]
  ) {
    await Deno.copyFile(evil, `${place.work}/.git/hooks/${hook}`);
  }
  for (const ref of [undefined, "HEAD"]) {
    const stage = await place.open({ kind: "worktree", ...(ref && { ref }) });
    await writeFiles(stage.path, { "a": "b\n", "c": "c\n" });
    assert.equal((await stage.readPatch()).files.length, 2);
    await stage.commitBranch(`b-${ref}`, "x");
    await stage.remove();
  }
  assert.throws(() => Deno.statSync(ran));
});

Deno.test("stages of one repository are made and removed beside each other, as by many processes", async () => {
  await using place = await testPlace({ "a.txt": "one\n" });
  const life = async (): Promise<void> => {
    for (let round = 0; round < 4; round++) {
      const stage = await place.open();
      assert.equal(await Deno.readTextFile(`${stage.path}/a.txt`), "one\n");
      await stage.remove();
    }
  };
  await Promise.all(Array.from({ length: 8 }, life));
});

Deno.test("a repository in a folder of any name is staged", async () => {
  await using place = await testPlace({}, { git: false });
  for (const name of ["two\nlines", "a blank at the end ", "tab\t", "'\"$x"]) {
    const root = `${place.root}/${name}`;
    await writeFiles(root, { "a.txt": "one\n" });
    await git(root, "init", "-q");
    await git(root, "add", "-A");
    await git(root, "commit", "-qm", "first");
    const stage = await place.open({ root });
    assert.equal(stage.kind, "worktree");
    assert.equal(stage.source, root);
    await writeFiles(stage.cwd, { "b.txt": "b\n" });
    assert.deepEqual(
      (await stage.readPatch()).files.map(({ path }) => path),
      ["b.txt"],
    );
    await stage.remove();
    assert.throws(() => Deno.statSync(`${root}/.git/worktrees`));
  }
});

Deno.test("where files are reached by path alone, a stage is the same, and no folder is a link", async () => {
  await using place = await testPlace({ "a": "a\n", "d/e": "e\n" });
  await Deno.symlink("a", `${place.work}/link`);
  const { work: root, codexHome, trees } = place;
  const { noFollowFiles: _, ...plain } = host;
  const request = { root, kind: "auto", place: { codexHome, trees } } as const;
  const stage = await openStage(plain, request);
  assert.deepEqual(await snapshot(stage.path), await snapshot(root));
  await writeFiles(stage.path, { "a": "b\n" });
  // A command that put a link in the place of a folder has removed what was in it.
  await Deno.rename(`${stage.path}/d`, `${place.root}/d`);
  await Deno.symlink(`${place.root}/d`, `${stage.path}/d`);
  const { files } = await stage.readPatch();
  assert.deepEqual(files.map(({ kind, path }) => `${kind} ${path}`), [
    "update a",
    "add d",
    "delete d/e",
  ]);
  await stage.remove();
  assert.equal(await Deno.readTextFile(`${place.root}/d/e`), "e\n");
});
