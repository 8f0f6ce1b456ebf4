/** The diff of a working tree, and what a hostile repository cannot make it run. */
import assert from "node:assert/strict";
import { readGitDiff } from "../../../../core/app/repl/git_diff.ts";
import { readableFiles } from "../../../../sandbox/plan/readable.ts";
import { denoHost } from "../../../../core/host/host.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";

class Repository implements AsyncDisposable {
  constructor(readonly root: string) {}

  static async create(): Promise<Repository> {
    const repository = new Repository(
      await Deno.realPath(await Deno.makeTempDir()),
    );
    await repository.git("init", "-q", "-b", "main");
    return repository;
  }

  async git(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.run(args);
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  }

  async run(args: readonly string[]): Promise<Deno.CommandOutput> {
    return await new Deno.Command("git", {
      args: ["-c", "user.name=t", "-c", "user.email=t@t", ...args],
      cwd: this.root,
      env: { HOME: this.root },
    }).output();
  }

  async put(path: string, text: string): Promise<void> {
    const full = `${this.root}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, text);
  }

  async diff(
    folder: string = "",
    { env = denoHost().env, denyRead = [] }: {
      readonly env?: (name: string) => string | undefined;
      readonly denyRead?: readonly string[];
    } = {},
  ): Promise<string> {
    const host = { ...denoHost(), homeDir: () => this.root, env };
    const policy = {
      mode: "read-only",
      networkAccess: false,
      denyRead,
    } as const;
    return await readGitDiff(host, {
      files: readableFiles(host.files, {
        policy,
        workspace: this.root,
        codexHome: `${this.root}.home`,
      }),
      cwd: `${this.root}${folder}`,
      codexHome: `${this.root}.home`,
      writable: [this.root, "/tmp"],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
    await Deno.remove(`${this.root}.home`, { recursive: true }).catch(() => {});
  }
}

Deno.test("readGitDiff() has staged, unstaged and untracked changes, from any folder", async () => {
  await using repository = await Repository.create();
  await repository.put("a.txt", "one\n");
  await repository.put("b.txt", "one\n");
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "first");
  assert.equal(await repository.diff(), "");
  await repository.put("a.txt", "two\n");
  await repository.git("add", "a.txt");
  await repository.put("b.txt", "three\n");
  await repository.put("sub/new ü.txt", "fresh\nlines\n");
  await repository.put(".gitignore", "skipped\n");
  await repository.put("skipped", "no\n");
  await Deno.symlink("a.txt", `${repository.root}/link`);
  await Deno.writeFile(`${repository.root}/data.bin`, new Uint8Array([0, 1]));
  await Deno.writeTextFile(`${repository.root}/run.sh`, "x\n", { mode: 0o755 });
  const diff = await repository.diff("/sub");
  assert.match(diff, /-one\n\+two\n/);
  assert.match(diff, /-one\n\+three\n/);
  assert.match(
    diff,
    /diff --git a\/sub\/new ü\.txt b\/sub\/new ü\.txt\nnew file mode 100644\n--- \/dev\/null\n\+\+\+ b\/sub\/new ü\.txt\n@@ .*\n\+fresh\n\+lines\n/,
  );
  assert.match(diff, /b\/link\nnew file mode 120000\n[^]*\+a\.txt\n/);
  assert.match(diff, /Binary files \/dev\/null and b\/data\.bin differ\n/);
  assert.match(diff, /b\/run\.sh\nnew file mode 100755\n/);
  assert.doesNotMatch(diff, /skipped\n\+no/);
});

Deno.test("readGitDiff() compares with nothing before the first commit", async () => {
  await using repository = await Repository.create();
  await repository.put("staged.txt", "in\n");
  await repository.git("add", ".");
  await repository.put("loose.txt", "out\n");
  const diff = await repository.diff();
  assert.match(diff, /\+\+\+ b\/staged\.txt\n@@ .*\n\+in\n/);
  assert.match(diff, /\+\+\+ b\/loose\.txt\n@@ .*\n\+out\n/);
});

Deno.test("readGitDiff() runs nothing that the repository names", async () => {
  await using repository = await Repository.create();
  const mark = `${repository.root}.ran`;
  const program = `sh -c 'echo ran >> ${mark}; cat'`;
  await repository.put(
    ".gitattributes",
    "*.txt filter=evil diff=evil\n*.md filter=a=b\n",
  );
  await repository.put("a.txt", "one\n");
  await repository.put("a.md", "one\n");
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "first");
  const settings: readonly (readonly [string, string])[] = [
    ["filter.evil.clean", program],
    ["filter.evil.smudge", program],
    ["filter.evil.process", program],
    ["filter.evil.required", "true"],
    ["filter.a=b.clean", program],
    ["diff.evil.command", program],
    ["diff.evil.textconv", program],
    ["diff.external", program],
    ["core.fsmonitor", program],
    ["core.pager", program],
    ["pager.diff", program],
    ["diff.submodule", "diff"],
  ];
  for (const [name, value] of settings) {
    await repository.git("config", "--local", name, value);
  }
  await repository.put("a.txt", "two\n");
  await repository.put("a.md", "two\n");
  const diff = await repository.diff();
  assert.equal(diff.split("-one\n+two\n").length, 3, diff);
  await assert.rejects(() => Deno.stat(mark), Deno.errors.NotFound);

  // The trap is a real one: plain git walks into it.
  await repository.run(["diff", "--stat"]);
  assert.match(await Deno.readTextFile(mark), /ran/);
  await Deno.remove(mark);
});

Deno.test("readGitDiff() says that there is no repository, and lists no end of files", async () => {
  await using repository = await Repository.create();
  for (let at = 0; at < LIMITS.diffUntrackedFiles + 3; at++) {
    await repository.put(`f${at}`, "x\n");
  }
  assert.match(await repository.diff(), /\[… 3 more untracked files\]\n$/);
  const outside = await Deno.makeTempDir();
  await assert.rejects(
    () =>
      readGitDiff(denoHost(), {
        files: denoHost().files,
        cwd: outside,
        codexHome: `${outside}/home`,
        writable: [],
      }),
    { name: "UserError", message: /is in no git repository/ },
  );
  await Deno.remove(outside);
});

Deno.test("readGitDiff() shows nothing of what is hidden, tracked or not, and says so", async () => {
  await using repository = await Repository.create();
  await repository.put("vault/old", "secret-old\n");
  await repository.put("vault/gone", "secret-gone\n");
  await repository.put("open", "one\n");
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "first");
  await repository.put("vault/old", "secret-new\n");
  await Deno.remove(`${repository.root}/vault/gone`);
  await repository.put("open", "two\n");
  await repository.put("a/key.pem", "secret-key\n");
  await Deno.symlink("a/key.pem", `${repository.root}/link`);
  const denyRead = ["vault", "**/*.pem"];
  const diff = await repository.diff("", { denyRead });
  assert.doesNotMatch(diff, /secret/);
  assert.match(diff, /\+two/);
  assert.match(
    diff,
    /not shown, hidden by deny_read: vault\/gone, vault\/old, a\/key\.pem\]\n$/,
  );
  assert.equal((await repository.diff()).match(/secret/g)?.length, 4);
});

/** Git's index knows times in seconds; this waits until the clock shows another one. */
async function nextSecond(): Promise<void> {
  const now = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 1_000 - now % 1_000));
}

Deno.test("readGitDiff() sees a change of the same size in the second of the commit", async () => {
  await using repository = await Repository.create();
  await repository.put("file", "old\n");
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "first");
  await repository.put("file", "new\n");
  await nextSecond();
  assert.match(await repository.diff(), /\+new/);
});

Deno.test("readGitDiff() runs nothing that a submodule names", async () => {
  await using repository = await Repository.create();
  const mark = `${repository.root}/ran`;
  await repository.put("sub/f", "one\n");
  await repository.git("init", "-q", "sub");
  await repository.git("-C", "sub", "add", ".");
  await repository.git("-C", "sub", "commit", "-qm", "first");
  await repository.git("add", "sub");
  await repository.git("commit", "-qm", "first");
  await repository.git("-C", "sub", "commit", "-qm", "2", "--allow-empty");
  await repository.put("sub/f", "two\n");
  await repository.git("-C", "sub", "commit", "-qam", "third");
  const program = `sh -c 'echo ran >> ${mark}'`;
  await repository.git("-C", "sub", "config", "diff.external", program);
  await repository.git("config", "diff.submodule", "diff");
  const diff = await repository.diff();
  assert.match(diff, /-Subproject commit [0-9a-f]+\n\+Subproject commit/);
  await assert.rejects(() => Deno.stat(mark), Deno.errors.NotFound);

  await repository.run(["diff", "--no-ext-diff"]);
  assert.match(await Deno.readTextFile(mark), /ran/);
});

Deno.test("readGitDiff() takes no git from a folder that commands may write to", async () => {
  await using repository = await Repository.create();
  const mark = `${repository.root}/ran`;
  await repository.put("bin/git", `#!/bin/sh\necho ran > ${mark}\n`);
  await Deno.chmod(`${repository.root}/bin/git`, 0o755);
  const real = denoHost().env;
  const env = (name: string): string | undefined =>
    name === "PATH" ? `${repository.root}/bin:bin:${real("PATH")}` : real(name);
  assert.match(await repository.diff("", { env }), /bin\/git/);
  await assert.rejects(() => Deno.stat(mark), Deno.errors.NotFound);
});

Deno.test("readGitDiff() fetches no object that a partial clone lacks", async () => {
  await using repository = await Repository.create();
  const mark = `${repository.root}/ran`;
  await repository.put("a", "one\n");
  await repository.git("add", ".");
  await repository.git("commit", "-qm", "first");
  const settings: readonly (readonly [string, string])[] = [
    ["core.repositoryformatversion", "1"],
    ["extensions.partialClone", "o"],
    ["remote.o.promisor", "true"],
    ["remote.o.url", repository.root],
    ["remote.o.uploadpack", `sh -c 'echo ran >> ${mark}'`],
    ["protocol.file.allow", "always"],
  ];
  for (const [name, value] of settings) {
    await repository.git("config", name, value);
  }
  await Deno.remove(`${repository.root}/.git/objects`, { recursive: true });
  await Deno.mkdir(`${repository.root}/.git/objects`);
  await repository.put("a", "two\n");
  await assert.rejects(() => repository.diff(), { name: "UserError" });
  await assert.rejects(() => Deno.stat(mark), Deno.errors.NotFound);

  await repository.run(["diff"]);
  assert.match(await Deno.readTextFile(mark), /ran/);
});

Deno.test("readGitDiff() sees what the repository itself excludes, and leaves nothing behind", async () => {
  await using repository = await Repository.create();
  await repository.put(".git/info/exclude", "secret\n");
  await repository.put("secret", "no\n");
  await repository.put("open", "yes\n");
  const diff = await repository.diff();
  assert.match(diff, /\+yes/);
  assert.doesNotMatch(diff, /secret/);
  const left = await Array.fromAsync(
    Deno.readDir(`${repository.root}.home/git`),
  );
  assert.deepEqual(left, []);
});
