import assert from "node:assert/strict";
import { git, host, snapshot, testPlace, writeFiles } from "./support.ts";
import { openStage } from "../../../core/staging/stage.ts";

Deno.test("a repository without a commit is copied, a bare one needs a commit", async () => {
  await using place = await testPlace({}, { git: false });
  await git(place.work, "init", "-q", "-b", "main");
  await writeFiles(place.work, {
    "a": "a",
    "b.log": "",
    ".gitignore": "*.log",
  });
  const stage = await place.open();
  assert.equal(stage.kind, "copy");
  assert.deepEqual(await snapshot(stage.path), {
    ".gitignore": "-*.log",
    "a": "-a",
  });
  await stage.remove();
  await assert.rejects(
    place.open({ kind: "worktree" }),
    /it has no commit yet/,
  );

  await place.git("add", "-A");
  await place.git("commit", "-qm", "first");
  const bare = `${place.root}/bare.git`;
  await git(place.root, "clone", "-q", "--bare", place.work, bare);
  await assert.rejects(place.open({ root: bare }), /it is a bare repository/);
  const known = await place.open({ root: bare, ref: "main", kind: "worktree" });
  assert.deepEqual(await snapshot(known.path), {
    ".gitignore": "-*.log",
    "a": "-a",
  });
  await known.remove();
  assert.equal(
    (await git(bare, "worktree", "list")).trim().split("\n").length,
    1,
  );
  await assert.rejects(
    place.open({ ref: "no-such" }),
    /there is no commit "no-such"/,
  );
  assert.deepEqual(await Array.fromAsync(Deno.readDir(place.trees)), []);
});

Deno.test("files of submodules and of repositories inside are plain files of a stage", async () => {
  await using place = await testPlace({ "a": "a\n" });
  const other = `${place.root}/other`;
  await Deno.mkdir(other);
  await git(other, "init", "-q");
  await writeFiles(other, { "s": "s\n", "x/t": "t\n", ".gitignore": "o\n" });
  await git(other, "add", "-A");
  await git(other, "commit", "-qm", "other");
  await place.git("submodule", "add", "-q", other, "sub");
  await place.git("commit", "-qam", "with a submodule");
  await git(place.root, "clone", "-q", other, `${place.work}/inner`);
  await writeFiles(place.work, {
    "sub/s": "changed\n",
    "sub/o": "ignored",
    "inner/new": "n\n",
  });
  const before = await snapshot(place.work);
  const stage = await place.open();
  const { "sub/o": _, ...kept } = before;
  assert.deepEqual(await snapshot(stage.path), kept);
  await writeFiles(stage.path, {
    "sub/s": "again\n",
    "inner/x/t": "u\n",
    "sub/new": "",
  });
  assert.deepEqual(
    (await stage.readPatch()).files.map(({ path, kind }) => `${kind} ${path}`),
    [
      "update inner/x/t",
      "add sub/new",
      "update sub/s",
    ],
  );
  const id = await stage.commitBranch("done", "done");
  assert.equal(await place.git("show", "--format=", "--name-status", id), "");
  await stage.remove();
  assert.deepEqual(await snapshot(place.work), before);
});

Deno.test("a worktree, a shallow clone and a sparse checkout can be staged", async () => {
  await using place = await testPlace({
    "a": "a\n",
    "d/e": "e\n",
    "f/g": "g\n",
  });
  await place.git("commit", "-q", "--allow-empty", "-m", "second");
  const tree = `${place.root}/tree`;
  await place.git("worktree", "add", "-q", "-b", "other", tree);
  const shallow = `${place.root}/shallow`;
  await git(
    place.root,
    "clone",
    "-q",
    "--depth=1",
    `file://${place.work}`,
    shallow,
  );
  const sparse = `${place.root}/sparse`;
  await git(place.root, "clone", "-q", place.work, sparse);
  await git(sparse, "sparse-checkout", "set", "d");
  const all = { "a": "-a\n", "d/e": "-e\n", "f/g": "-g\n" };
  for (
    const [root, files] of [
      [tree, all],
      [shallow, all],
      [sparse, { "a": "-a\n", "d/e": "-e\n" }],
    ] as const
  ) {
    for (const ref of [undefined, "HEAD"]) {
      const stage = await place.open({
        root,
        kind: "worktree",
        ...(ref && { ref }),
      });
      assert.deepEqual(await snapshot(stage.path), files, `${root} ${ref}`);
      assert.equal(await git(stage.path, "status", "--porcelain"), "");
      await writeFiles(stage.path, { "d/e": "E\n" });
      const patch = await stage.readPatch();
      assert.deepEqual(patch.files.map(({ path }) => path), ["d/e"]);
      const id = await stage.commitBranch(`b${ref ?? ""}`, "x");
      assert.equal(
        await git(root, "show", "--format=", "--name-only", id),
        "d/e\n",
      );
      await stage.remove();
    }
  }
});

Deno.test("line ends and contents are those of the work tree, not those that git would make", async () => {
  await using place = await testPlace({
    ".gitattributes":
      "* text=auto eol=crlf\n*.raw working-tree-encoding=UTF-16\n",
  });
  await writeFiles(place.work, { "mixed": "a\r\nb\n" });
  await place.git("add", "-A");
  await place.git("commit", "-qm", "mixed");
  const before = await snapshot(place.work);
  const stage = await place.open();
  assert.deepEqual(await snapshot(stage.path), before);
  await writeFiles(stage.path, { "mixed": "a\r\nc\n" });
  const patch = await stage.readPatch();
  assert.equal(
    new TextDecoder().decode(patch.bytes).split("\n").slice(4).join("\n"),
    "@@ -1,2 +1,2 @@\n a\r\n-b\n+c\n",
  );
  await stage.remove();
});

Deno.test("a name that is no UTF-8 is left behind and told", async () => {
  await using place = await testPlace({ "a": "a" });
  const script = "printf x > $'odd\\377'; git add -A; git commit -qm odd";
  await new Deno.Command("bash", {
    args: ["-c", script],
    cwd: place.work,
    env: {
      GIT_AUTHOR_NAME: "A",
      GIT_AUTHOR_EMAIL: "a@example.org",
      GIT_COMMITTER_NAME: "A",
      GIT_COMMITTER_EMAIL: "a@example.org",
    },
  }).output();
  for (const ref of [undefined, "HEAD"]) {
    const stage = await place.open(ref === undefined ? {} : { ref });
    assert.deepEqual(stage.leftOut, ["odd\xff: its name is no UTF-8"]);
    const { bytes, leftOut } = await stage.readPatch();
    assert.deepEqual([bytes.length, leftOut], [0, []]);
    await stage.remove();
  }
});

Deno.test("what is no file is left behind and told; no link is followed", async () => {
  await using place = await testPlace({ "a": "a" }, { git: false });
  await new Deno.Command("mkfifo", { args: [`${place.work}/pipe`] }).output();
  await Deno.symlink(place.root, `${place.work}/out`);
  await Deno.symlink("out", `${place.work}/again`);
  const stage = await place.open();
  assert.deepEqual(stage.leftOut, ["pipe: it is neither a file nor a link"]);
  assert.deepEqual(await snapshot(stage.path), {
    "a": "-a",
    "again": "-> out",
    "out": `-> ${place.root}`,
  });
  await Deno.remove(`${stage.path}/out`);
  await Deno.mkdir(`${stage.path}/closed`);
  await Deno.chmod(`${stage.path}/closed`, 0);
  await stage.readPatch().catch(() => {});
  await stage.remove();
  assert.deepEqual(await Array.fromAsync(Deno.readDir(place.trees)), []);
});

Deno.test("a folder that is too large to be staged is refused, and nothing is left", async () => {
  await using place = await testPlace({ "a": "a", "b": "b" });
  const files = { ...host.files };
  const noFollowFiles = host.noFollowFiles && {
    ...host.noFollowFiles,
    copy: host.noFollowFiles.copy.bind(host.noFollowFiles),
    list: host.noFollowFiles.list.bind(host.noFollowFiles),
    lstat: async (path: string) => {
      const stat = await host.noFollowFiles?.lstat(path);
      return stat?.isFile ? { ...stat, size: 9 * 1024 ** 3 } : stat;
    },
  } as typeof host.noFollowFiles;
  const { work: root, codexHome, trees } = place;
  await assert.rejects(
    openStage({ ...host, files, noFollowFiles }, {
      root,
      kind: "auto",
      place: { codexHome, trees },
    }),
    /its files have more than \d+ bytes, must have fewer/,
  );
  assert.deepEqual(await Array.fromAsync(Deno.readDir(trees)), []);
  assert.equal(
    (await place.git("worktree", "list")).trim().split("\n").length,
    1,
  );
});

Deno.test("a submodule can be staged by itself, and so can a repository with SHA-256", async () => {
  await using place = await testPlace({ "a": "a\n" });
  const other = `${place.root}/other`;
  await Deno.mkdir(other);
  await git(other, "init", "-q");
  await writeFiles(other, { "s": "s\n" });
  await git(other, "add", "-A");
  await git(other, "commit", "-qm", "other");
  await place.git("submodule", "add", "-q", other, "sub");
  const long = `${place.root}/long`;
  await Deno.mkdir(long);
  await git(long, "init", "-q", "--object-format=sha256");
  await writeFiles(long, { "s": "s\n" });
  await git(long, "add", "-A");
  await git(long, "commit", "-qm", "long");
  for (const root of [`${place.work}/sub`, long]) {
    for (const ref of [undefined, "HEAD"]) {
      const stage = await place.open({
        root,
        kind: "worktree",
        ...(ref && { ref }),
      });
      assert.deepEqual(await snapshot(stage.path), { "s": "-s\n" });
      assert.equal(await git(stage.path, "status", "--porcelain"), "");
      await writeFiles(stage.path, { "s": "t\n" });
      const patch = await stage.readPatch();
      await Deno.writeFile(`${place.root}/patch`, patch.bytes);
      await git(root, "apply", "--check", "--index", `${place.root}/patch`);
      const id = await stage.commitBranch(`b${ref ?? ""}`, "x");
      assert.equal(
        await git(root, "show", "--format=", "--name-status", id),
        "M\ts\n",
      );
      await stage.remove();
    }
    const known = await git(root, "worktree", "list");
    assert.equal(known.trim().split("\n").length, 1);
  }
});
