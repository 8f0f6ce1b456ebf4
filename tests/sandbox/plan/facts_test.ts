import assert from "node:assert/strict";
import { denoFiles } from "../../../core/host/files/files.ts";
import { UserError } from "../../../core/protocol/error.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import {
  type FactsRequest,
  readLaunchFacts,
} from "../../../sandbox/plan/facts.ts";
import { readGitFact } from "../../../sandbox/plan/git_facts.ts";
import { readHidden } from "../../../sandbox/plan/hidden.ts";
import { workspaceWrite } from "../../support/settings.ts";

/** A temporary tree; a text is a file, null a folder, `-> x` a link. */
async function withTree(
  tree: Readonly<Record<string, string | null>>,
  use: (root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(
    await Deno.makeTempDir({ dir: "/var/tmp", prefix: "rondo-facts-" }),
  );
  try {
    for (const [name, text] of Object.entries(tree)) {
      const path = `${root}/${name}`;
      const folder = text === null
        ? path
        : path.slice(0, path.lastIndexOf("/"));
      await Deno.mkdir(folder, { recursive: true });
      if (text?.startsWith("-> ")) await Deno.symlink(text.slice(3), path);
      else if (text !== null) {
        await Deno.writeTextFile(path, text.replaceAll("ROOT", root));
      }
    }
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function requestFor(
  workspace: string,
  change: Partial<FactsRequest> & { readonly tmpDir?: string } = {},
): FactsRequest {
  const { tmpDir, ...rest } = change;
  return {
    host: {
      os: "linux",
      uid: 7,
      files: denoFiles,
      env: (name) => name === "TMPDIR" ? tmpDir : undefined,
      homeDir: () => "/home/nobody-here",
    },
    policy: workspaceWrite({ excludeSlashTmp: true }),
    workspace,
    cwd: workspace,
    codexHome: "/home/nobody-here/.codex",
    ownPaths: [],
    isPlanted: () => false,
    withModules: true,
    ...rest,
  };
}

Deno.test("readLaunchFacts() finds roots by where they really are, each once", async () => {
  await withTree(
    { "ws/sub": null, "link": "-> ws", "file": "" },
    async (root) => {
      const facts = await readLaunchFacts(requestFor(`${root}/link`, {
        policy: workspaceWrite({
          excludeSlashTmp: true,
          writableRoots: [
            `${root}/ws`,
            `${root}/ws/sub`,
            `${root}/none`,
            `${root}/file`,
          ],
        }),
      }));
      assert.deepEqual(facts.roots.map(({ path, real }) => [path, real]), [
        [`${root}/link`, `${root}/ws`],
        [`${root}/ws/sub`, `${root}/ws/sub`],
      ]);
      assert.deepEqual(facts.skipped, [
        `${root}/none is not a folder here`,
        `${root}/file is not a folder here`,
      ]);
      assert.equal(facts.cwd, `${root}/ws`);
    },
  );
});

Deno.test("readLaunchFacts() takes TMPDIR only when it opens nothing else", async () => {
  await withTree({ "ws": null, "tmp": null }, async (root) => {
    const rootsWith = async (tmpDir: string) =>
      (await readLaunchFacts(requestFor(`${root}/ws`, { tmpDir }))).roots
        .map(({ real }) => real);
    assert.deepEqual(await rootsWith(`${root}/tmp`), [
      `${root}/ws`,
      `${root}/tmp`,
    ]);
    for (const wide of [root, "/", "/home/nobody-here", "relative", "/var"]) {
      assert.deepEqual(await rootsWith(wide), [`${root}/ws`], wide);
    }
  });
});

Deno.test("readLaunchFacts() looks at protected entries, absent ones and those that commands made", async () => {
  await withTree({
    "ws/.git/config": "",
    "ws/.agents": "-> elsewhere",
    "ws/elsewhere": null,
    "ws/.codex": null,
  }, async (root) => {
    const { entries, repositories } = await readLaunchFacts(
      requestFor(`${root}/ws`, {
        isPlanted: (path) => path.endsWith("/.codex"),
      }),
    );
    assert.deepEqual(entries, [
      { path: `${root}/ws/.git`, kind: "folder", real: `${root}/ws/.git` },
      { path: `${root}/ws/.codex`, kind: "absent" },
      {
        path: `${root}/ws/.agents`,
        kind: "link",
        real: `${root}/ws/elsewhere`,
      },
      { path: `${root}/ws/.mcp.json`, kind: "absent" },
    ]);
    assert.deepEqual(repositories[0]?.parts, [`${root}/ws/.git/config`]);
  });
});

Deno.test("readLaunchFacts() protects names above the workspace inside a root", async () => {
  await withTree(
    { "outer/.git/config": "", "outer/a/ws": null },
    async (root) => {
      const { entries } = await readLaunchFacts(
        requestFor(`${root}/outer/a/ws`, {}),
      );
      assert.equal(
        entries.some(({ path }) => path === `${root}/outer/.git`),
        false,
      );
      const wide = await readLaunchFacts(requestFor(`${root}/outer/a/ws`, {
        policy: workspaceWrite({
          excludeSlashTmp: true,
          writableRoots: [root],
        }),
      }));
      const paths = wide.entries.map(({ path, kind }) => `${kind} ${path}`);
      assert.ok(paths.includes(`folder ${root}/outer/.git`));
      assert.ok(paths.includes(`absent ${root}/outer/.codex`));
      assert.ok(paths.includes(`absent ${root}/outer/a/.git`));
    },
  );
});

Deno.test("readLaunchFacts() takes the first missing part of the agent's own paths", async () => {
  await withTree({ "ws": null, "there/program": "" }, async (root) => {
    const { own } = await readLaunchFacts(requestFor(`${root}/ws`, {
      ownPaths: [`${root}/there/program`, `${root}/there/not/yet/codex`],
    }));
    assert.deepEqual(own, [
      {
        path: `${root}/there/program`,
        kind: "file",
        real: `${root}/there/program`,
      },
      { path: `${root}/there/not`, kind: "absent" },
    ]);
  });
});

const CLOSED: Parameters<typeof readGitFact>[2] = {
  withModules: true,
  isWritable: () => false,
};

Deno.test("readGitFact() follows a worktree both ways before it believes it", async () => {
  await withTree({
    "main/.git/HEAD": "",
    "main/.git/objects": null,
    "main/.git/refs": null,
    "main/.git/hooks/h": "",
    "main/.git/config": "",
    "main/.git/worktrees/w/commondir": "../..\n",
    "main/.git/worktrees/w/gitdir": "ROOT/w/.git\n",
    "w/.git": "gitdir: ../main/.git/worktrees/w\n",
    "thief/.git": "gitdir: ../main/.git/worktrees/w\n",
    "ssh/.git": "gitdir: ../main\n",
    "odd/.git": "nonsense\n",
    // All that a command needs to write to point at any folder.
    "forged/.git": "gitdir: ../fake\n",
    "fake/commondir": "ROOT/victim\n",
    "fake/gitdir": "ROOT/forged/.git\n",
    "victim/.ssh": "",
    "forged2/.git": "gitdir: ../fake2\n",
    "fake2/commondir": "ROOT/main/.git\n",
    "fake2/gitdir": "ROOT/forged2/.git\n",
  }, async (root) => {
    const shared = `${root}/main/.git`;
    const linked = `${shared}/worktrees/w`;
    const own = await readGitFact(denoFiles, `${root}/w/.git`, CLOSED);
    assert.deepEqual(own, {
      entry: `${root}/w/.git`,
      folders: [shared, linked],
      isOwner: true,
      parts: [
        `${shared}/hooks`,
        `${shared}/config`,
        `${linked}/commondir`,
        `${linked}/gitdir`,
        `${shared}/worktrees`,
      ],
      indexes: [`${shared}/index`, `${linked}/index`],
      absent: [
        ...[
          "info",
          "rebase-apply",
          "rebase-merge",
          "sequencer",
          "config.worktree",
          "commondir",
          "worktrees/w/config.worktree",
          "worktrees/w/rebase-apply",
          "worktrees/w/rebase-merge",
          "worktrees/w/sequencer",
          "modules",
        ].map((name) => `${shared}/${name}`),
      ],
    });
    // Where worktrees may be made, those that are there are held part by part.
    const open = await readGitFact(denoFiles, `${root}/main/.git`, {
      ...CLOSED,
      isWritable: () => false,
      opensMore: true,
    });
    assert.equal(open.worktrees, `${shared}/worktrees`);
    assert.deepEqual(open.parts.slice(-2), [
      `${linked}/commondir`,
      `${linked}/gitdir`,
    ]);
    const isOwner = async (name: string, look = CLOSED) =>
      (await readGitFact(denoFiles, `${root}/${name}/.git`, look)).isOwner;
    for (const name of ["thief", "ssh", "forged", "forged2"]) {
      assert.equal(await isOwner(name), false, name);
    }
    for (const open of [shared, linked]) {
      const isWritable = (path: string): boolean => path === open;
      assert.equal(await isOwner("w", { ...CLOSED, isWritable }), false, open);
    }
    const odd = await readGitFact(denoFiles, `${root}/odd/.git`, CLOSED);
    assert.deepEqual(odd.folders, []);
  });
});

Deno.test("readLaunchFacts() believes no .git that is a link", async () => {
  await withTree({
    "ws/.git": "-> ../victim",
    "victim/HEAD": "",
    "victim/objects": null,
    "victim/refs": null,
  }, async (root) => {
    const { repositories } = await readLaunchFacts(requestFor(`${root}/ws`));
    assert.deepEqual(
      repositories.map(({ folders, isOwner }) => ({ folders, isOwner })),
      [{ folders: [`${root}/victim`], isOwner: false }],
    );
  });
});

Deno.test("readGitFact() finds submodules, also nested and with slashes in their names", async () => {
  await withTree({
    ".git/config": "",
    ".git/modules/a/HEAD": "",
    ".git/modules/a/config": "",
    ".git/modules/group/b/HEAD": "",
    ".git/modules/group/b/modules/c/HEAD": "",
    ".git/modules/group/b/modules/c/hooks/h": "",
  }, async (root) => {
    const { parts, absent } = await readGitFact(
      denoFiles,
      `${root}/.git`,
      CLOSED,
    );
    const name = (path: string) => path.slice(root.length + 6);
    assert.deepEqual(parts.map(name).sort(), [
      "config",
      "modules/a/config",
      "modules/group/b/modules/c/hooks",
    ]);
    assert.ok(absent.map(name).includes("modules/a/hooks"));
    const without = await readGitFact(denoFiles, `${root}/.git`, {
      ...CLOSED,
      withModules: false,
    });
    assert.deepEqual(without.parts.map(name), ["config"]);
  });
});

Deno.test("readGitFact() holds all modules when they are too many to look at", async () => {
  const tree: Record<string, string> = { ".git/config": "" };
  for (let i = 0; i <= LIMITS.gitModules; i++) {
    tree[`.git/modules/m${i}/HEAD`] = "";
  }
  await withTree(tree, async (root) => {
    const { parts } = await readGitFact(denoFiles, `${root}/.git`, CLOSED);
    assert.ok(parts.includes(`${root}/.git/modules`));
  });
});

Deno.test("readHidden() expands globs, follows links and stops at a match", async () => {
  await withTree({
    ".env": "x",
    "a/.env": "x",
    "a/b/keys/one": "x",
    "a/b/keys/two": "x",
    "linked": "-> a/b/keys",
    "a/env": "x",
  }, async (root) => {
    const found = async (...patterns: string[]) =>
      (await readHidden(denoFiles, patterns, root))
        .map(({ path, kind }) => `${kind} ${path.slice(root.length + 1)}`)
        .sort();
    assert.deepEqual(await found("**/.env"), ["file .env", "file a/.env"]);
    assert.deepEqual(await found(`${root}/a/**/keys`), ["folder a/b/keys"]);
    assert.deepEqual(await found("linked"), ["folder a/b/keys"]);
    assert.deepEqual(await found("a/b/*/t?o"), ["file a/b/keys/two"]);
    assert.deepEqual(await found("none", "x/**/y"), []);
    assert.deepEqual(
      await found("{.env,a/b/keys}", "a/{b/k,x}*/{one,e}"),
      ["file .env", "file a/b/keys/one", "folder a/b/keys"],
    );
    assert.deepEqual(await found("a/\\env"), ["file a/env"]);
  });
});

Deno.test("readHidden() takes a name that looks like a glob for itself, too", async () => {
  const names = ["[id].ts", "i.ts", "{a,b}", "a"];
  await withTree(
    Object.fromEntries(names.map((name) => [name, "x"])),
    async (root) => {
      const found = await readHidden(denoFiles, ["[id].ts", "{a,b}"], root);
      const hidden = found.map(({ path }) => path.slice(root.length + 1));
      assert.deepEqual(hidden.sort(), [...names].sort());
    },
  );
});

Deno.test("readHidden() refuses a glob with too many matches", async () => {
  const tree: Record<string, string> = {};
  for (let i = 0; i <= LIMITS.denyReadMatches; i++) tree[`f${i}.key`] = "";
  await withTree(tree, async (root) => {
    await assert.rejects(
      readHidden(denoFiles, ["*.key"], root),
      (error) => error instanceof UserError && /narrower/.test(error.message),
    );
  });
});

Deno.test("readLaunchFacts() finds the sockets that stay closed, where the network alone opens sockets", async () => {
  await withTree({
    "ws": null,
    "run/bus": "",
    "run/mine.sock": "",
    "mux/tmux-7": null,
  }, async (root) => {
    const env = (name: string): string | undefined =>
      ({ XDG_RUNTIME_DIR: `${root}/run`, TMUX_TMPDIR: `${root}/mux` })[name];
    const request = requestFor(`${root}/ws`);
    const closedFor = async (
      change: Parameters<typeof workspaceWrite>[0],
    ): Promise<readonly string[]> => {
      const { closedSockets = [] } = await readLaunchFacts({
        ...request,
        host: { ...request.host, env },
        policy: workspaceWrite(change),
      });
      return closedSockets.map(({ path }) => path)
        .filter((path) => path.startsWith(root));
    };
    const network = { networkAccess: true };
    assert.deepEqual(await closedFor(network), [
      `${root}/mux/tmux-7`,
      `${root}/run/bus`,
    ]);
    assert.deepEqual(await closedFor({}), []);
    const all = { ...network, allowUnixSockets: true };
    assert.deepEqual(await closedFor(all), []);
  });
});
