import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { readGuard, restoreGuard } from "../../../sandbox/guard/guard.ts";
import { SharedProtection } from "../../../sandbox/guard/guard_shared.ts";
import type { GuardItem } from "../../../sandbox/plan/plan_guards.ts";

const host = denoHost();
const files = host.noFollowFiles ?? assert.fail("no libc");
const LINUX = { ignore: Deno.build.os !== "linux" };

/** A folder with a repository's parts; `change` is what a command did to it. */
async function restoring(
  items: (root: string) => GuardItem[],
  change: (root: string) => Promise<void>,
): Promise<{ changed: string[]; moved: string[]; tree: string[] }> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${root}/.git/hooks`, { recursive: true });
    await Deno.writeTextFile(`${root}/.git/config`, "[core]\n");
    await Deno.writeTextFile(`${root}/.git/hooks/sample`, "exit 0\n");
    await Deno.chmod(`${root}/.git/hooks/sample`, 0o644);
    await Deno.mkdir(`${root}/.git/objects`);
    const guard = await readGuard(files, items(root));
    await change(root);
    const changes = await restoreGuard(files, guard, host);
    assert.deepEqual(changes.failed, []);
    const inside = (path: string) => path.slice(root.length + 1);
    return {
      changed: changes.restored.map(inside),
      moved: changes.moved.map(inside),
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

/** Without what was moved aside, and what lies in it. */
function inPlace(tree: readonly string[]): string[] {
  return tree.filter((line) => !line.includes(".rondo-moved-"));
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

Deno.test(
  "restoreGuard() says nothing when nothing changed",
  LINUX,
  async () => {
    const { changed, moved, tree } = await restoring(gitItems, async () => {});
    assert.deepEqual([changed, moved], [[], []]);
    assert.deepEqual(tree, UNTOUCHED);
  },
);

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
  "the repository was moved": (root) =>
    Deno.rename(`${root}/.git`, `${root}/moved`),
  "the repository was moved and replaced": async (root) => {
    await Deno.rename(`${root}/.git`, `${root}/moved`);
    await Deno.mkdir(`${root}/.git`);
    await Deno.writeTextFile(`${root}/.git/config`, "evil");
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  Deno.test(`restoreGuard() undoes it when ${what}`, LINUX, async () => {
    const { changed, moved, tree } = await restoring(gitItems, change);
    assert.notEqual(changed.length + moved.length, 0);
    assert.deepEqual(inPlace(tree), UNTOUCHED);
  });
}

Deno.test(
  "restoreGuard() leaves nothing new in a folder, whatever its name",
  LINUX,
  async () => {
    const { moved, tree } = await restoring(gitItems, async (root) => {
      await Deno.mkdir(`${root}/.git/hooks/skill`);
      await Deno.writeTextFile(`${root}/.git/hooks/x.rondo-moved-1`, "evil");
    });
    assert.equal(moved.length, 2);
    const inside = tree.filter((line) => line.startsWith(".git/hooks/"));
    assert.deepEqual(inside, [".git/hooks/", ".git/hooks/sample 644 exit 0"]);
  },
);

Deno.test("restoreGuard() keeps what it replaces", LINUX, async () => {
  const { moved, tree } = await restoring(gitItems, async (root) => {
    await Deno.writeTextFile(`${root}/.git/config`, "mine");
  });
  assert.equal(moved.length, 1);
  assert.ok(tree.includes(`${moved[0]} 644 mine`));
});

Deno.test(
  "restoreGuard() never writes through a link that was put above",
  LINUX,
  async () => {
    const elsewhere = await Deno.realPath(await Deno.makeTempDir());
    const { tree } = await restoring(gitItems, async (root) => {
      await Deno.remove(`${root}/.git`, { recursive: true });
      await Deno.symlink(elsewhere, `${root}/.git`);
    });
    assert.deepEqual(await treeOf(elsewhere), []);
    assert.deepEqual(
      inPlace(tree),
      UNTOUCHED.filter((line) => !line.includes("objects")),
    );
    await Deno.remove(elsewhere);
  },
);

Deno.test(
  "restoreGuard() moves aside a file that was too large to keep",
  LINUX,
  async () => {
    const { changed, moved, tree } = await restoring((root) => {
      const path = `${root}/.git/hooks/sample`;
      Deno.truncateSync(path, LIMITS.guardFileBytes + 1);
      return [{ path, scope: "tree" }];
    }, async (root) => {
      await Deno.writeTextFile(`${root}/.git/hooks/sample`, "evil", {
        mode: 0o755,
      });
    });
    assert.deepEqual(changed, [".git/hooks/sample"]);
    assert.equal(moved.length, 1);
    assert.equal(
      tree.some((line) => line.startsWith(".git/hooks/sample ")),
      false,
    );
  },
);

Deno.test("restoreGuard() says what it cannot put back", LINUX, async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  await Deno.mkdir(`${root}/a`);
  await Deno.writeTextFile(`${root}/a/config`, "mine");
  const guard = await readGuard(files, [{
    path: `${root}/a/config`,
    scope: "tree",
  }]);
  await Deno.remove(`${root}/a`, { recursive: true });
  await Deno.writeTextFile(`${root}/a`, "in the way");
  const { failed } = await restoreGuard(files, guard, host);
  assert.deepEqual(failed, [`${root}/a/config (EEXIST)`]);
  await Deno.remove(root, { recursive: true });
});

Deno.test(
  "SharedProtection sees what a running command planted as absent, however it is asked",
  LINUX,
  async () => {
    const root = await Deno.realPath(await Deno.makeTempDir());
    const shared = new SharedProtection(host);
    await shared.take([{ path: `${root}/.codex`, scope: "entry" }]);
    await Deno.mkdir(`${root}/.codex/rules`, { recursive: true });
    assert.ok(shared.wasAbsent(`${root}/.codex`));
    assert.ok(shared.wasAbsent(`${root}/.codex/rules`));
    assert.ok(!shared.wasAbsent(root));
    await shared.take([{ path: `${root}/.codex/rules`, scope: "tree" }]);
    // The other command may live on for hours.
    assert.equal((await shared.release()).moved.length, 1);
    await assert.rejects(Deno.stat(`${root}/.codex`));
    assert.ok(shared.wasAbsent(`${root}/.codex`));
    await Deno.mkdir(`${root}/.codex`);
    assert.equal((await shared.release()).moved.length, 1);
    await assert.rejects(Deno.stat(`${root}/.codex`));
    await Deno.remove(root, { recursive: true });
  },
);

Deno.test(
  "SharedProtection does not take what a running command planted for the state before",
  LINUX,
  async () => {
    const root = await Deno.realPath(await Deno.makeTempDir());
    const items: GuardItem[] = [{ path: `${root}/hook`, scope: "tree" }];
    const shared = new SharedProtection(host);
    await shared.take(items);
    await Deno.writeTextFile(`${root}/hook`, "evil");
    await shared.take(items);
    assert.equal((await shared.release()).moved.length, 1);
    await assert.rejects(Deno.stat(`${root}/hook`));
    await Deno.writeTextFile(`${root}/hook`, "evil again");
    assert.equal((await shared.release()).moved.length, 1);
    await assert.rejects(Deno.stat(`${root}/hook`));
    // With nobody running, what the person makes is the state before.
    await Deno.writeTextFile(`${root}/hook`, "mine");
    await shared.take(items);
    assert.deepEqual(await shared.release(), {
      restored: [],
      moved: [],
      failed: [],
    });
    assert.equal(await Deno.readTextFile(`${root}/hook`), "mine");
    await Deno.remove(root, { recursive: true });
  },
);

const EVIL = "[core]\n\tbare = false\n\tfsmonitor = evil\n";

/** What makes a folder a repository, with a command in its configuration. */
async function makeRepository(folder: string): Promise<void> {
  for (const name of ["objects", "refs"]) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  }
  await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
  await Deno.writeTextFile(`${folder}/config`, EVIL);
}

Deno.test(
  "a submodule that a command made keeps nothing that runs, known ones are left alone",
  LINUX,
  async () => {
    const root = await Deno.realPath(await Deno.makeTempDir());
    const modules = `${root}/.git/modules`;
    await makeRepository(`${modules}/known`);
    const items: GuardItem[] = [{ path: modules, scope: "modules" }];
    const guard = await readGuard(files, items);
    for (const name of ["new", "a/b", "known/modules/deep"]) {
      await makeRepository(`${modules}/${name}`);
    }
    const changes = await restoreGuard(files, guard, host);
    assert.equal(changes.moved.length, 3);
    for (const name of ["new", "a/b", "known/modules/deep"]) {
      const text = await Deno.readTextFile(`${modules}/${name}/config`);
      assert.equal(text, "[core]\n\tbare = false\n", name);
    }
    assert.equal(await Deno.readTextFile(`${modules}/known/config`), EVIL);
    await Deno.remove(root, { recursive: true });
  },
);

Deno.test(
  "a root that a command turned into a repository keeps nothing that runs",
  LINUX,
  async () => {
    const root = await Deno.realPath(await Deno.makeTempDir());
    const shared = new SharedProtection(host);
    shared.begin();
    shared.findBelow([root]);
    await shared.take([]);
    await makeRepository(root);
    assert.equal((await shared.release()).moved.length, 1);
    const text = await Deno.readTextFile(`${root}/config`);
    assert.equal(text, "[core]\n\tbare = false\n");
    // A repository that was there before is the person's.
    await Deno.writeTextFile(`${root}/config`, EVIL);
    shared.findBelow([root]);
    await shared.take([]);
    assert.deepEqual((await shared.release()).moved, []);
    await Deno.remove(root, { recursive: true });
  },
);

Deno.test(
  "where the person has a file called config, the new part of a repository goes",
  LINUX,
  async () => {
    const root = await Deno.realPath(await Deno.makeTempDir());
    await Deno.writeTextFile(`${root}/config`, "mine");
    await Deno.mkdir(`${root}/objects`);
    const shared = new SharedProtection(host);
    shared.begin();
    shared.findBelow([root]);
    await shared.take([]);
    await makeRepository(root);
    const { moved } = await shared.release();
    assert.match(moved.join(), /\/HEAD\.rondo-moved-\w+$/);
    await assert.rejects(Deno.stat(`${root}/HEAD`));
    await Deno.remove(root, { recursive: true });
  },
);

/** A worktree in a repository's folder for them, as git writes it, but for what is changed. */
async function makeWorktree(
  root: string,
  name: string,
  change: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = `${root}/.git/worktrees/${name}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.mkdir(`${root}/${name}`);
  const parts = {
    ".git": `gitdir: ${folder}\n`,
    gitdir: `${root}/${name}/.git\n`,
    commondir: "../..\n",
    ...change,
  };
  for (const [part, text] of Object.entries(parts)) {
    const at = part === ".git" ? `${root}/${name}` : folder;
    await Deno.writeTextFile(`${at}/${part}`, text);
  }
}

for (const before of ["none", "one"]) {
  Deno.test(
    `a worktree that a command made stays where it is one of this repository, with ${before} before`,
    LINUX,
    async () => {
      const root = await Deno.realPath(await Deno.makeTempDir());
      await makeRepository(`${root}/.git`);
      const trees = `${root}/.git/worktrees`;
      if (before === "one") await makeWorktree(root, "old");
      const shared = new SharedProtection(host);
      shared.begin();
      shared.findBelow([root]);
      await shared.take([{
        path: trees,
        scope: before === "one" ? "worktrees" : "tree",
      }]);
      await makeWorktree(root, "good", { "config.worktree": EVIL });
      await makeWorktree(root, "elsewhere", { commondir: `${root}/evil\n` });
      await makeWorktree(root, "stolen", { gitdir: `${root}/good/.git\n` });
      await makeWorktree(root, "led", { ".git": `gitdir: ${root}/evil\n` });
      const named = { "config.worktree": EVIL };
      await makeWorktree(root, "x.rondo-moved-1", named);
      const { moved, failed } = await shared.release();
      assert.deepEqual(failed, []);
      const names = moved.map((path) =>
        path.slice(root.length + 1).replace(/\.rondo-moved-\w+$/, "")
      );
      assert.deepEqual(names.sort(), [
        ".git/worktrees/elsewhere",
        ".git/worktrees/good/config.worktree",
        ".git/worktrees/x.rondo-moved-1/config.worktree",
        "elsewhere/.git",
        "led/.git",
        "stolen/.git",
      ]);
      assert.equal(
        await Deno.readTextFile(`${trees}/good/config.worktree`),
        "[core]\n\tbare = false\n",
      );
      await Deno.remove(root, { recursive: true });
    },
  );
}
