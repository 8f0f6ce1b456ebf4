import assert from "node:assert/strict";
import { denoFiles } from "../../../core/host/files.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { readGuard, restoreGuard } from "../../../sandbox/run/guard.ts";
import { SharedProtection } from "../../../sandbox/run/guard_shared.ts";
import type { GuardItem } from "../../../sandbox/plan/plan.ts";

/** A folder with a repository's parts; `change` is what a command did to it. */
async function restoring(
  items: (root: string) => GuardItem[],
  change: (root: string) => Promise<void>,
): Promise<{ changed: string[]; tree: string[] }> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${root}/.git/hooks`, { recursive: true });
    await Deno.writeTextFile(`${root}/.git/config`, "[core]\n");
    await Deno.writeTextFile(`${root}/.git/hooks/sample`, "exit 0\n");
    await Deno.chmod(`${root}/.git/hooks/sample`, 0o644);
    await Deno.mkdir(`${root}/.git/objects`);
    const guard = await readGuard(denoFiles, items(root));
    await change(root);
    const changed = await restoreGuard(denoFiles, guard);
    return {
      changed: changed.map((path) => path.slice(root.length + 1)),
      tree: await treeOf(root),
    };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function treeOf(root: string, prefix = ""): Promise<string[]> {
  const lines: string[] = [];
  for await (const { name } of Deno.readDir(root)) {
    const path = `${root}/${name}`;
    const stat = await Deno.lstat(path);
    if (stat.isSymlink) {
      lines.push(`${prefix}${name} -> ${await Deno.readLink(path)}`);
    } else if (stat.isDirectory) {
      lines.push(
        `${prefix}${name}/`,
        ...await treeOf(path, `${prefix}${name}/`),
      );
    } else {
      const mode = ((stat.mode ?? 0) & 0o777).toString(8);
      lines.push(
        `${prefix}${name} ${mode} ${await Deno.readTextFile(path)}`.trim(),
      );
    }
  }
  return lines.sort();
}

function gitItems(root: string): GuardItem[] {
  return [
    { path: `${root}/.git/hooks`, scope: "tree" },
    { path: `${root}/.git`, scope: "entry" },
    { path: `${root}/.git/config`, scope: "tree" },
    { path: `${root}/.git/info`, scope: "tree" },
    { path: `${root}/.codex`, scope: "tree" },
  ];
}

const UNTOUCHED = [
  ".git/",
  ".git/config 644 [core]",
  ".git/hooks/",
  ".git/hooks/sample 644 exit 0",
  ".git/objects/",
];

Deno.test("restoreGuard() says nothing when nothing changed", async () => {
  const { changed, tree } = await restoring(gitItems, async () => {});
  assert.deepEqual(changed, []);
  assert.deepEqual(tree, UNTOUCHED);
});

const CHANGES: Readonly<Record<string, (root: string) => Promise<void>>> = {
  "a file was written": (root) =>
    Deno.writeTextFile(`${root}/.git/config`, "evil"),
  "a file was added": (root) =>
    Deno.writeTextFile(`${root}/.git/hooks/pre-commit`, "evil"),
  "a mode was changed": (root) =>
    Deno.chmod(`${root}/.git/hooks/sample`, 0o755),
  "a file was removed": (root) => Deno.remove(`${root}/.git/config`),
  "a folder was removed": (root) =>
    Deno.remove(`${root}/.git/hooks`, { recursive: true }),
  "a folder was planted": async (root) => {
    await Deno.mkdir(`${root}/.codex/rules`, { recursive: true });
    await Deno.writeTextFile(`${root}/.codex/config.toml`, "evil");
  },
  "a link was planted": (root) => Deno.symlink("/etc", `${root}/.codex`),
  "a file became a link": async (root) => {
    await Deno.remove(`${root}/.git/config`);
    await Deno.symlink("/etc/passwd", `${root}/.git/config`);
  },
  "a folder became a file": async (root) => {
    await Deno.remove(`${root}/.git/hooks`, { recursive: true });
    await Deno.writeTextFile(`${root}/.git/hooks`, "evil");
  },
  "a missing folder was made": (root) => Deno.mkdir(`${root}/.git/info`),
  "the repository was moved": (root) =>
    Deno.rename(`${root}/.git`, `${root}/moved`),
  "the repository was moved and replaced": async (root) => {
    await Deno.rename(`${root}/.git`, `${root}/moved`);
    await Deno.mkdir(`${root}/.git`);
    await Deno.writeTextFile(`${root}/.git/config`, "evil");
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  Deno.test(`restoreGuard() undoes it when ${what}`, async () => {
    const { changed, tree } = await restoring(gitItems, change);
    assert.notEqual(changed.length, 0);
    assert.deepEqual(tree, UNTOUCHED);
  });
}

Deno.test("restoreGuard() never writes through a link that was put above", async () => {
  const elsewhere = await Deno.realPath(await Deno.makeTempDir());
  const { tree } = await restoring(gitItems, async (root) => {
    await Deno.remove(`${root}/.git`, { recursive: true });
    await Deno.symlink(elsewhere, `${root}/.git`);
  });
  assert.deepEqual(await treeOf(elsewhere), []);
  assert.deepEqual(tree, UNTOUCHED.filter((line) => !line.includes("objects")));
  await Deno.remove(elsewhere);
});

Deno.test("restoreGuard() takes from a file too large to keep its right to run", async () => {
  const { changed, tree } = await restoring((root) => {
    const path = `${root}/.git/hooks/sample`;
    Deno.truncateSync(path, LIMITS.guardFileBytes + 1);
    return [{ path, scope: "tree" }];
  }, async (root) => {
    await Deno.writeTextFile(`${root}/.git/hooks/sample`, "evil", {
      mode: 0o755,
    });
  });
  assert.deepEqual(changed, [".git/hooks/sample"]);
  assert.ok(tree.includes(".git/hooks/sample 0 evil"));
});

Deno.test("GuardBook sees what a running command planted as absent, however it is asked", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const book = new SharedProtection(denoFiles);
  await book.take([{ path: `${root}/.git`, scope: "entry" }]);
  await Deno.mkdir(`${root}/.git/hooks`, { recursive: true });
  assert.ok(book.wasAbsent(`${root}/.git`));
  assert.ok(book.wasAbsent(`${root}/.git/hooks`));
  assert.ok(!book.wasAbsent(root));
  await book.take([{ path: `${root}/.git/hooks`, scope: "tree" }]);
  await book.take([{ path: `${root}/.git`, scope: "tree" }]);
  await book.release();
  await Deno.mkdir(`${root}/.git`);
  await book.release();
  await Deno.mkdir(`${root}/.git`);
  await book.release();
  await assert.rejects(Deno.stat(`${root}/.git`));
  await Deno.remove(root, { recursive: true });
});

Deno.test("GuardBook puts back what one command may not change also after the end of another", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const book = new SharedProtection(denoFiles);
  await Deno.writeTextFile(`${root}/config`, "mine");
  await book.take([{ path: `${root}/config`, scope: "tree" }]);
  await book.take([]);
  await book.release();
  await Deno.writeTextFile(`${root}/config`, "evil");
  assert.deepEqual(await book.release(), [`${root}/config`]);
  assert.equal(await Deno.readTextFile(`${root}/config`), "mine");
  await Deno.remove(root, { recursive: true });
});

Deno.test("GuardBook does not take what a running command planted for the state before", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const items: GuardItem[] = [{ path: `${root}/hook`, scope: "tree" }];
  const book = new SharedProtection(denoFiles);
  await book.take(items);
  await Deno.writeTextFile(`${root}/hook`, "evil");
  await book.take(items);
  assert.deepEqual(await book.release(), [`${root}/hook`]);
  await Deno.writeTextFile(`${root}/hook`, "evil again");
  assert.deepEqual(await book.release(), [`${root}/hook`]);
  await assert.rejects(Deno.stat(`${root}/hook`));
  // With nobody running, what the person makes is the state before.
  await Deno.writeTextFile(`${root}/hook`, "mine");
  await book.take(items);
  assert.deepEqual(await book.release(), []);
  assert.equal(await Deno.readTextFile(`${root}/hook`), "mine");
  await Deno.remove(root, { recursive: true });
});
