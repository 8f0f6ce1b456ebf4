import assert from "node:assert/strict";
import { parsePatch } from "../../../../core/staging/patch/parse.ts";
import {
  patchedPaths,
  planPatch,
  type Standing,
} from "../../../../core/staging/patch/apply.ts";
import { encodeLines } from "../../../../core/staging/patch/base85.ts";
import { deflateBytes } from "../../../../core/staging/patch/deflate.ts";
import { reversePatch } from "../../../../core/staging/patch/reverse.ts";
import { host, shown, snapshot, testPlace, writeFiles } from "../support.ts";
import { TreeFiles } from "../../../../core/staging/tree_files.ts";

/** What is left of a folder after the effects, without a disk: as `snapshot()` has it. */
async function applied(
  folder: string,
  patch: string,
  options: { readonly isReverse?: boolean } = {},
): Promise<Readonly<Record<string, string>> | readonly string[]> {
  const parsed = parsePatch(await Deno.readFile(patch));
  const groups = options.isReverse ? reversePatch(parsed) : parsed;
  const tree = new TreeFiles(host);
  const standing = new Map<string, Standing>();
  for (const path of patchedPaths(groups)) {
    const version = await tree.readVersion(`${folder}/${path}`);
    const stat = await tree.lstat(`${folder}/${path}`);
    standing.set(
      path,
      version ??
        (stat === undefined
          ? "nothing"
          : stat.isDirectory
          ? "folder"
          : "other"),
    );
  }
  const { effects, conflicts } = planPatch(groups, standing);
  if (conflicts.length > 0) {
    return conflicts.map(({ path, line, reason }) =>
      `${path}${line === undefined ? "" : `:${line}`} ${reason}`
    );
  }
  const files = { ...await snapshot(folder) };
  for (const { path, after } of effects) {
    delete files[path];
    if (after === undefined) continue;
    const kind = { "100644": "-", "100755": "x", "120000": "-> " };
    files[path] = kind[after.mode] + shown(after.bytes);
  }
  return Object.fromEntries(Object.entries(files).sort());
}

const BINARY = Uint8Array.from({ length: 5_000 }, (_, at) => (at * 7919) % 256);

async function changeAll(work: string): Promise<void> {
  await writeFiles(work, {
    "text.txt": "zero\none\ntwo\nthree\nfour\nfive\nsix\n7",
    "new dir/new file": "new\n",
    'quo"ted\n\t': "odd\n",
    "ünï": "u\n",
  });
  await Deno.writeFile(`${work}/bin`, BINARY.map((b, at) => at === 70 ? 3 : b));
  await Deno.writeFile(`${work}/new.bin`, BINARY.subarray(3));
  await Deno.remove(`${work}/gone`);
  await Deno.remove(`${work}/gone.bin`);
  await Deno.rename(`${work}/move me`, `${work}/moved`);
  await Deno.chmod(`${work}/run`, 0o755);
  await Deno.remove(`${work}/link`);
  await Deno.symlink("elsewhere", `${work}/link`);
  await Deno.remove(`${work}/kind`);
  await Deno.symlink("text.txt", `${work}/kind`);
  await Deno.writeTextFile(`${work}/empty`, "");
  await Deno.remove(`${work}/was empty`);
}

async function place(): Promise<Awaited<ReturnType<typeof testPlace>>> {
  const made = await testPlace({
    "text.txt": "one\ntwo\nthree\nfour\nfive\nsix\nseven\n",
    "gone": "gone\n",
    "move me": "a\nb\nc\nd\n",
    "run": "#!/bin/sh\n",
    "kind": "a file\n",
    "was empty": "",
    "crlf": "a\r\nb\r\n",
  }, { git: false });
  await Deno.writeFile(`${made.work}/bin`, BINARY);
  await Deno.writeFile(`${made.work}/gone.bin`, BINARY.subarray(9));
  await Deno.symlink("here", `${made.work}/link`);
  await made.git("init", "-q");
  await made.git("add", "-A");
  await made.git("commit", "-qm", "first");
  return made;
}

for (
  const args of [
    ["--binary", "-M"],
    ["--binary", "--no-renames", "--full-index"],
    ["--binary", "-M", "--no-prefix"],
    ["--binary", "-M", "--src-prefix=i/", "--dst-prefix=w/", "-U0"],
  ]
) {
  Deno.test(`a patch of git diff ${args.join(" ")} is applied, and taken back`, async () => {
    await using made = await place();
    const { work } = made;
    const before = await snapshot(work);
    await changeAll(work);
    await made.git("add", "-A");
    const after = await snapshot(work);
    const patch = `${made.root}/patch`;
    await Deno.writeTextFile(patch, await made.git("diff", "HEAD", ...args));
    assert.deepEqual(await applied(work, patch, { isReverse: true }), before);
    await made.git("stash", "-q");
    assert.deepEqual(await snapshot(work), before);
    assert.deepEqual(await applied(work, patch), after);
  });
}

Deno.test("a series of git format-patch is applied one after the other", async () => {
  await using made = await testPlace({ "a": "1\n2\n3\n", "b": "b\n" });
  const before = await snapshot(made.work);
  await writeFiles(made.work, { "a": "1\ntwo\n3\n" });
  await made.git("commit", "-qam", "second");
  await made.git("mv", "a", "c");
  await writeFiles(made.work, { "c": "1\ntwo\nIII\n" });
  await made.git("commit", "-qam", "third");
  const after = await snapshot(made.work);
  const patch = `${made.root}/patch`;
  await Deno.writeTextFile(
    patch,
    await made.git("format-patch", "--stdout", "HEAD~2"),
  );
  assert.deepEqual(
    await applied(made.work, patch, { isReverse: true }),
    before,
  );
  await made.git("reset", "-q", "--hard", "HEAD~2");
  assert.deepEqual(await applied(made.work, patch), after);
});

Deno.test("two files that change names do so", async () => {
  await using made = await testPlace({
    "a": "a\n".repeat(400),
    "b": "b\n".repeat(400),
  });
  await Deno.rename(`${made.work}/a`, `${made.work}/t`);
  await Deno.rename(`${made.work}/b`, `${made.work}/a`);
  await Deno.rename(`${made.work}/t`, `${made.work}/b`);
  const after = await snapshot(made.work);
  const patch = `${made.root}/patch`;
  await Deno.writeTextFile(patch, await made.git("diff", "-B", "-M"));
  assert.match(await Deno.readTextFile(patch), /rename from a/);
  await made.git("checkout", "-q", ".");
  assert.deepEqual(await applied(made.work, patch), after);
});

Deno.test("edits elsewhere in a file stay, and every place that does not fit is named", async () => {
  const lines = Array.from({ length: 40 }, (_, at) => `${at}\n`);
  await using made = await testPlace({ "a": lines.join(""), "b": "b\n" });
  const edit = (at: number, text: string): string =>
    lines.map((line, index) => index === at ? text : line).join("");
  await writeFiles(made.work, { "a": edit(30, "thirty\n"), "c/d": "new\n" });
  await Deno.remove(`${made.work}/b`);
  await made.git("add", "-A");
  const patch = `${made.root}/patch`;
  await Deno.writeTextFile(patch, await made.git("diff", "--cached"));
  await made.git("reset", "-q", "--hard");
  await Deno.remove(`${made.work}/c`, { recursive: true }).catch(() => {});
  await writeFiles(made.work, { "a": `mine\n${edit(3, "3\nand mine\n")}` });
  const wanted = `mine\n${edit(3, "3\nand mine\n")}`.replace(
    "30\n",
    "thirty\n",
  );
  assert.deepEqual(await applied(made.work, patch), {
    "a": `-${wanted}`,
    "c/d": "-new\n",
  });
  await writeFiles(made.work, {
    "a": edit(30, "other\n"),
    "b": "b\nmore\n",
    "c": "file",
  });
  assert.deepEqual(await applied(made.work, patch), [
    "a:28 has other lines than the patch was made for",
    "b:1 has other lines than the patch was made for",
    "c/d c is no folder",
  ]);
});

for (
  const name of [
    "../out",
    "/etc/x",
    "a/../../b",
    ".git/config",
    "sub/.GIT/hooks/x",
    "a//b",
  ]
) {
  Deno.test(`a patch that changes ${name} is refused`, () => {
    const quoted = JSON.stringify(`a/${name}`);
    const text = `--- /dev/null\n+++ ${
      quoted.replace('"a/', '"b/')
    }\n@@ -0,0 +1 @@\n+x\n`;
    assert.throws(
      () => parsePatch(new TextEncoder().encode(text)),
      /Cannot read the patch: line 1 names ".*": .*, must name a file below the folder/,
    );
  });
}

for (
  const [what, text, wanted] of [
    ["no patch", "hello\n", /it changes no file/],
    [
      "a binary file without content",
      "diff --git a/x b/x\nindex 1..2\nBinary files a/x and b/x differ\n",
      /line 3 is of a binary file/,
    ],
    [
      "a submodule",
      "diff --git a/x b/x\nnew file mode 160000\nindex 0000000..1111111\n",
      /line 1 is of a submodule/,
    ],
    [
      "a cut hunk",
      "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n",
      /line 5 is where it breaks off/,
    ],
    ["a merge", "diff --cc x\n", /of a merge/],
  ] as const
) {
  Deno.test(`a patch that is ${what} is refused`, () => {
    assert.throws(() => parsePatch(new TextEncoder().encode(text)), wanted);
  });
}

function plan(text: string, before = new Uint8Array()): string {
  const groups = parsePatch(new TextEncoder().encode(text));
  const standing = new Map<string, Standing>(
    patchedPaths(groups).map((path) => [
      path,
      path === "old" ? { mode: "100644", bytes: before } : "nothing",
    ]),
  );
  const { conflicts, effects } = planPatch(groups, standing);
  return conflicts.length > 0
    ? conflicts.map(({ path, reason }) => `${path}: ${reason}`).join()
    : `${effects.length}`;
}

function added(name: string, body: string): string {
  return `diff --git a/${name} b/${name}\nnew file mode 100644\n${body}`;
}

const LINE = "--- /dev/null\n+++ b/NAME\n@@ -0,0 +1 @@\n+x\n";

for (const names of [["d", "d/e/f"], ["d/e/f", "d"]]) {
  Deno.test(`a patch that makes ${names.join(" and ")} does not fit`, () => {
    const text = names.map((name) => added(name, LINE.replace("NAME", name)))
      .join("");
    assert.equal(plan(text), "d/e/f: d is to be a file, too");
  });
}

Deno.test("a small patch that would make a huge file is refused before it is made", () => {
  const packed = (bytes: Uint8Array<ArrayBuffer>): string =>
    encodeLines(deflateBytes(bytes)).join("\n");
  const refused = /its files have more than 268435456 bytes/;
  const size = 20 * 1024 * 1024;
  const half = packed(new Uint8Array(size));
  const literal = (name: string, size: number): string =>
    added(name, `GIT binary patch\nliteral ${size}\n${half}\n\n`);
  assert.equal(plan(literal("a", size)), "1");
  assert.throws(
    () => plan(literal("a", size) + literal("b", 250 * 1024 * 1024)),
    refused,
  );
  assert.throws(() => plan(literal("a", 1e12)), refused);
  // A copy of 64 KiB from the start, again and again.
  const delta = Uint8Array.from([0x80, 0x80, 4, 0x80, 0x80, 0x80, 0x80, 0x10]);
  assert.throws(
    () =>
      plan(
        `diff --git a/old b/old\nindex 1..2 100644\nGIT binary patch\ndelta ${delta.length}\n${
          packed(delta)
        }\n\n`.replace("index 1..2 100644\n", ""),
        new Uint8Array(65_536),
      ),
    refused,
  );
});
