import assert from "node:assert/strict";
import fc from "fast-check";
import { SandboxUnavailable, UserError } from "../../../core/protocol/error.ts";
import { isInside } from "../../../core/util/path.ts";
import { type Mount, planSandbox } from "../../../sandbox/plan/plan.ts";
import { factsOf, rootOf } from "./support.ts";
import { READ_ONLY, workspaceWrite } from "../../support/settings.ts";

const ROOT = { uid: 0 };
const WS = "/home/me/ws";

function mountsOf(
  change: Parameters<typeof factsOf>[0],
  policy = workspaceWrite(),
): string[] {
  return planSandbox(policy, factsOf(change), ROOT).mounts
    .map(({ kind, path }) => `${kind} ${path}`);
}

Deno.test("planSandbox() makes nothing writable in read-only", () => {
  const plan = planSandbox(READ_ONLY, factsOf({ roots: [] }), ROOT);
  assert.deepEqual(plan.mounts, []);
  assert.deepEqual(plan.plainRoots, []);
});

Deno.test("planSandbox() puts protected entries after their root, deeper after shallower", () => {
  assert.deepEqual(
    mountsOf({
      entries: [
        { path: `${WS}/.git`, kind: "folder", real: `${WS}/.git` },
        { path: `${WS}/.codex`, kind: "absent" },
        { path: `${WS}/.agents`, kind: "file", real: `${WS}/.agents` },
      ],
      repositories: [{
        entry: `${WS}/.git`,
        folders: [`${WS}/.git`],
        isOwner: true,
        parts: [`${WS}/.git/config`],
        absent: [],
      }],
    }),
    [
      "writable /tmp",
      `writable ${WS}`,
      `read-only ${WS}/.agents`,
      `read-only ${WS}/.git`,
    ],
  );
});

Deno.test("planSandbox() opens .git but for what can execute code when commits are allowed", () => {
  assert.deepEqual(
    mountsOf({
      roots: [rootOf(WS)],
      entries: [{ path: `${WS}/.git`, kind: "folder", real: `${WS}/.git` }],
      repositories: [{
        entry: `${WS}/.git`,
        folders: [`${WS}/.git`],
        isOwner: true,
        parts: [
          `${WS}/.git/config`,
          `${WS}/.git/hooks`,
          `${WS}/.git/modules/sub/config`,
        ],
        absent: [`${WS}/.git/info`, `${WS}/.git/commondir`],
      }],
    }, workspaceWrite({ gitCommits: true })),
    [
      `writable ${WS}`,
      `writable ${WS}/.git`,
      `read-only ${WS}/.git/config`,
      `read-only ${WS}/.git/hooks`,
      `pinned ${WS}/.git/modules`,
      `pinned ${WS}/.git/modules/sub`,
      `read-only ${WS}/.git/modules/sub/config`,
    ],
  );
});

Deno.test("planSandbox() watches what no mount holds: links, and names that are free", () => {
  const plan = planSandbox(
    workspaceWrite({ gitCommits: true }),
    factsOf({
      entries: [
        { path: `${WS}/.agents`, kind: "link", real: "/opt/agents" },
        { path: `${WS}/.codex`, kind: "absent" },
      ],
      repositories: [{
        entry: `${WS}/.git`,
        folders: [`${WS}/.git`],
        isOwner: true,
        parts: [],
        absent: [`${WS}/.git/hooks`, `${WS}/.git/commondir`],
      }],
    }),
    ROOT,
  );
  assert.deepEqual(plan.guard, [
    { path: `${WS}/.git`, scope: "links" },
    { path: `${WS}/.agents`, scope: "entry" },
  ]);
  assert.deepEqual(plan.absent, [
    `${WS}/.codex`,
    `${WS}/.git/hooks`,
    `${WS}/.git/commondir`,
  ]);
});

Deno.test("planSandbox() never opens a folder that only a pointer file names", () => {
  const repository = {
    entry: `${WS}/.git`,
    folders: ["/home/me/.ssh"],
    parts: [],
    absent: [],
  };
  const policy = workspaceWrite({ gitCommits: true });
  const facts = {
    roots: [rootOf(WS)],
    entries: [{
      path: `${WS}/.git`,
      kind: "file" as const,
      real: `${WS}/.git`,
    }],
  };
  const closed = mountsOf({
    ...facts,
    repositories: [{ ...repository, isOwner: false }],
  }, policy);
  assert.deepEqual(closed, [`writable ${WS}`, `read-only ${WS}/.git`]);
  const open = mountsOf({
    ...facts,
    repositories: [{ ...repository, isOwner: true }],
  }, policy);
  assert.ok(open.includes("writable /home/me/.ssh"), "the positive control");
});

Deno.test("planSandbox() pins the folders above a protected path inside a root", () => {
  assert.deepEqual(
    mountsOf({
      roots: [rootOf("/tmp/a/b/ws"), rootOf("/tmp", "temporary")],
      entries: [{ path: "/tmp/a/.git", kind: "folder", real: "/tmp/a/.git" }],
      repositories: [{
        entry: "/tmp/a/.git",
        folders: ["/tmp/a/.git"],
        isOwner: true,
        parts: [],
        absent: [],
      }],
    }),
    [
      "writable /tmp",
      "pinned /tmp/a",
      "read-only /tmp/a/.git",
      "pinned /tmp/a/b",
      "writable /tmp/a/b/ws",
    ],
  );
});

Deno.test("planSandbox() protects the target of a link, and refuses one that leads nowhere", () => {
  const link = { path: `${WS}/.git`, kind: "link" as const };
  assert.deepEqual(
    mountsOf({
      roots: [rootOf(WS)],
      entries: [{ ...link, real: `${WS}/real` }],
    }),
    [`writable ${WS}`, `read-only ${WS}/real`],
  );
  assert.throws(() => mountsOf({ entries: [link] }), SandboxUnavailable);
});

Deno.test("planSandbox() keeps the agent's own files read-only, and its home out of roots", () => {
  const program = {
    path: `${WS}/build/rondo`,
    kind: "file" as const,
    real: `${WS}/build/rondo`,
  };
  assert.deepEqual(mountsOf({ roots: [rootOf(WS)], own: [program] }), [
    `writable ${WS}`,
    `pinned ${WS}/build`,
    `read-only ${WS}/build/rondo`,
  ]);
  const home = { path: "/home/me", kind: "folder" as const, real: "/home/me" };
  assert.throws(() => mountsOf({ own: [home] }), UserError);
});

Deno.test("planSandbox() hides files and folders, and refuses to hide a root", () => {
  assert.deepEqual(
    mountsOf({
      roots: [],
      hidden: [
        { path: "/etc/secret", kind: "file" },
        { path: "/home/me/.ssh", kind: "folder" },
        { path: "/home/me/.ssh/id", kind: "file" },
      ],
    }, workspaceWrite()),
    ["hidden-file /etc/secret", "hidden-folder /home/me/.ssh"],
  );
  assert.throws(
    () => mountsOf({ hidden: [{ path: "/home", kind: "folder" }] }),
    UserError,
  );
});

Deno.test("planSandbox() leaves out temporary roots that hold the agent's files, without mounts", () => {
  const own = [{
    path: "/tmp/x/rondo",
    kind: "file" as const,
    real: "/tmp/x/rondo",
  }];
  const plan = planSandbox(workspaceWrite(), factsOf({ own }), ROOT);
  assert.deepEqual(plan.plainRoots, [WS]);
  assert.deepEqual(plan.exposed, []);
  const inside = [{
    path: `${WS}/rondo`,
    kind: "file" as const,
    real: `${WS}/rondo`,
  }];
  const bad = planSandbox(workspaceWrite(), factsOf({ own: inside }), ROOT);
  assert.deepEqual(bad.exposed, [`${WS}/rondo`]);
});

Deno.test("planSandbox() notices a workspace of somebody else, for root alone", () => {
  const roots = [rootOf(WS, "workspace", 1000), rootOf("/tmp", "temporary", 0)];
  const isForeign = (uid: number) =>
    planSandbox(workspaceWrite(), factsOf({ roots }), { uid }).isForeign;
  assert.equal(isForeign(0), true);
  assert.equal(isForeign(1000), false);
});

Deno.test("planSandbox() never lets a later mount reopen a protected path (law)", () => {
  const name = fc.constantFrom("a", "b", "c");
  const path = fc.array(name, { minLength: 1, maxLength: 4 })
    .map((parts) => `/${parts.join("/")}`);
  const entry = fc.record({
    path,
    kind: fc.constantFrom("folder" as const, "absent" as const),
  }).map(({ path, kind }) => ({ path: `${path}/p`, kind, real: `${path}/p` }));
  fc.assert(
    fc.property(
      fc.uniqueArray(path, { minLength: 1, maxLength: 4 }),
      fc.array(entry, { maxLength: 5 }),
      (roots, entries) => {
        const { mounts } = planSandbox(
          workspaceWrite(),
          factsOf({ roots: roots.map((root) => rootOf(root)), entries }),
          ROOT,
        );
        for (const { path, kind } of entries) {
          if (kind === "absent") continue;
          if (!roots.some((root) => isInside(path, root))) continue;
          assert.notEqual(effectAt(mounts, path), "writable", path);
        }
        for (const root of roots) {
          assert.equal(
            effectAt(mounts, root),
            "writable",
          );
        }
      },
    ),
    { numRuns: 2000 },
  );
});

/** What the last mount over the path makes of it. */
function effectAt(mounts: readonly Mount[], path: string): string {
  const over = mounts.findLast((mount) => isInside(path, mount.path));
  return over?.kind === "pinned" ? "writable" : over?.kind ?? "read-only";
}
