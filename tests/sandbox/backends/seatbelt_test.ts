import assert from "node:assert/strict";
import { buildSeatbeltArguments } from "../../../sandbox/backends/seatbelt.ts";
import { planSandbox, type SandboxPlan } from "../../../sandbox/plan/plan.ts";
import { checkGolden } from "../../support/golden.ts";
import { factsOf, rootOf } from "../plan/support.ts";
import { READ_ONLY, workspaceWrite } from "../../support/settings.ts";

const WS = "/Users/me/ws";
const ROOTS = [rootOf(WS), rootOf("/private/tmp", "temporary")];

function planOf(
  policy: Parameters<typeof planSandbox>[0],
  change: Parameters<typeof factsOf>[0] = {},
): SandboxPlan {
  return planSandbox(policy, factsOf({ cwd: WS, roots: ROOTS, ...change }), {
    uid: 501,
  });
}

/** The profile among the arguments, and the values of its parameters. */
function profileOf(plan: SandboxPlan): {
  readonly text: string;
  readonly parameters: readonly (readonly [name: string, path: string])[];
} {
  const [, text = "", ...rest] = buildSeatbeltArguments(plan, []);
  const parameters = rest.filter((word) => word.includes("=")).map((word) => {
    const [name = "", path = ""] = word.split("=");
    return [name, path] as const;
  });
  return { text, parameters };
}

/** What comes after the part that all profiles share. */
function ownPart(plan: SandboxPlan): string {
  const { text } = profileOf(plan);
  const shared = profileOf(planOf(READ_ONLY, { roots: [] })).text;
  assert.ok(text.startsWith(shared.trimEnd()), "the shared part comes first");
  return text.slice(shared.trimEnd().length).trim();
}

Deno.test("buildSeatbeltArguments() denies by default and reads everything", () => {
  const { text, parameters } = profileOf(
    planOf(READ_ONLY, { roots: [] }),
  );
  assert.ok(text.startsWith("(version 1)\n(deny default)\n"));
  assert.match(text, /^\(allow file-read\*\)$/m);
  assert.doesNotMatch(text, /network|file-write\* *\(/);
  assert.doesNotMatch(text, /system-socket/);
  assert.deepEqual(parameters, []);
});

Deno.test("buildSeatbeltArguments() opens roots without what is protected in them", () => {
  const plan = planOf(workspaceWrite(), {
    entries: [
      { path: `${WS}/.codex`, kind: "absent" },
      { path: `${WS}/.git`, kind: "file", real: `${WS}/.git` },
    ],
  });
  assert.equal(
    ownPart(plan),
    `(allow file-write*
  (require-all (subpath (param "WRITABLE_0"))))
(allow file-write*
  (require-all (subpath (param "WRITABLE_1"))
    (require-not (literal (param "PROTECTED_2")))
    (require-not (subpath (param "PROTECTED_2")))
    (require-not (literal (param "PROTECTED_3")))
    (require-not (subpath (param "PROTECTED_3")))))
(deny file-write-unlink (literal (param "WRITABLE_0")))
(deny file-write-unlink (literal (param "WRITABLE_1")))`,
  );
  assert.deepEqual(profileOf(plan).parameters, [
    ["WRITABLE_0", "/private/tmp"],
    ["WRITABLE_1", WS],
    ["PROTECTED_2", `${WS}/.git`],
    ["PROTECTED_3", `${WS}/.codex`],
  ]);
});

Deno.test("buildSeatbeltArguments() keeps a protected path closed in every root around it", () => {
  const plan = planOf(workspaceWrite(), {
    roots: [rootOf("/private/tmp", "temporary"), rootOf("/private/tmp/a/ws")],
    entries: [{ path: "/private/tmp/a/ws/.git", kind: "absent" }],
  });
  const { text, parameters } = profileOf(plan);
  const name = parameters.find(([, path]) => path.endsWith("/.git"))?.[0];
  assert.equal(
    text.split(`(require-not (subpath (param "${name}")))`).length,
    3,
  );
  assert.match(
    text,
    /\(deny file-write-unlink \(literal \(param "PINNED_\d"\)\)\)/,
  );
});

Deno.test("buildSeatbeltArguments() opens repositories for commits but for what can run", () => {
  const plan = planOf(workspaceWrite({ gitCommits: true }), {
    roots: [rootOf(WS)],
    entries: [{ path: `${WS}/.git`, kind: "folder", real: `${WS}/.git` }],
    repositories: [{
      entry: `${WS}/.git`,
      folders: [`${WS}/.git`],
      isOwner: true,
      parts: [`${WS}/.git/config`],
      absent: [`${WS}/.git/hooks`],
    }],
  });
  const closed = profileOf(plan).parameters
    .filter(([name]) => name.startsWith("PROTECTED"))
    .map(([, path]) => path);
  assert.deepEqual(closed, [`${WS}/.git/config`, `${WS}/.git/hooks`]);
});

Deno.test("buildSeatbeltArguments() hides files and folders after all that opens them", () => {
  const plan = planOf(workspaceWrite(), {
    roots: [rootOf(WS)],
    hidden: [
      { path: "/Users/me/.ssh", kind: "folder" },
      { path: `${WS}/.env`, kind: "file" },
    ],
  });
  assert.equal(
    ownPart(plan).split("\n").slice(-2).join("\n"),
    `(deny file-read* file-write* (subpath (param "HIDDEN_1")))
(deny file-read* file-write* (literal (param "HIDDEN_2")))`,
  );
});

Deno.test("buildSeatbeltArguments() opens unix sockets with the network or alone, and neither unless it is told to", () => {
  const both = ownPart(planOf(
    workspaceWrite({ networkAccess: true }),
    { roots: [] },
  ));
  assert.match(both, /^\(allow network-outbound \(remote ip\)\)$/m);
  assert.match(both, /trustd/);
  assert.match(both, /unix-socket/);
  const unix = ownPart(
    planOf(workspaceWrite({ allowUnixSockets: true }), { roots: [] }),
  );
  assert.doesNotMatch(unix, /remote ip/);
  assert.match(unix, /unix-socket/);
  const closed = ownPart(planOf(workspaceWrite({}), { roots: [] }));
  assert.doesNotMatch(closed, /unix-socket|remote ip/);
});

Deno.test("buildSeatbeltArguments() passes paths as parameters, never inside the text", () => {
  const odd = '/Users/me/a") (allow default) ("';
  const args = buildSeatbeltArguments(
    planOf(workspaceWrite(), { roots: [rootOf(odd)] }),
    ["ls"],
  );
  assert.deepEqual(args.slice(2), ["-D", `WRITABLE_0=${odd}`, "--", "ls"]);
  assert.equal(args[0], "-p");
  assert.equal(args[1]?.includes("allow default"), false);
  let open = 0;
  for (const char of args[1] ?? "") {
    open += char === "(" ? 1 : char === ")" ? -1 : 0;
  }
  assert.equal(open, 0, "parentheses are balanced");
});

Deno.test("buildSeatbeltArguments() is the recorded one for every policy", async () => {
  const disk = {
    roots: ROOTS,
    entries: [
      { path: `${WS}/.codex`, kind: "absent" as const },
      { path: `${WS}/.git`, kind: "folder" as const, real: `${WS}/.git` },
    ],
    repositories: [{
      entry: `${WS}/.git`,
      folders: [`${WS}/.git`],
      isOwner: true,
      parts: [`${WS}/.git/config`, `${WS}/.git/hooks`],
      absent: [`${WS}/.git/info`, `${WS}/.git/commondir`],
    }],
    own: [{
      path: "/Users/me/.codex",
      kind: "folder" as const,
      real: "/Users/me/.codex",
    }],
  };
  const hidden = [{ path: `${WS}/.env`, kind: "file" as const }];
  const policies: [string, SandboxPlan][] = [
    ["read-only", planOf(READ_ONLY, { roots: [] })],
    [
      "read-only-network",
      planOf({ ...READ_ONLY, networkAccess: true }, { roots: [] }),
    ],
    ["workspace-write", planOf(workspaceWrite(), disk)],
    ["workspace-write-hidden", planOf(workspaceWrite(), { ...disk, hidden })],
    [
      "workspace-write-commits",
      planOf(workspaceWrite({ gitCommits: true }), disk),
    ],
    [
      "workspace-write-open",
      planOf(
        workspaceWrite({ networkAccess: true, allowUnixSockets: true }),
        disk,
      ),
    ],
    [
      "profile",
      planOf(workspaceWrite({ profile: "p" }), {
        ...disk,
        hidden,
        kept: [{ path: `${WS}/docs`, kind: "folder", real: `${WS}/docs` }],
        readable: [
          { path: "/usr", real: "/usr", isFolder: true },
          { path: WS, real: WS, isFolder: true },
        ],
      }),
    ],
  ];
  const texts = policies.map(([name, plan]) => {
    const { text, parameters } = profileOf(plan);
    const values = parameters.map(([key, path]) => `;; ${key}=${path}\n`).join(
      "",
    );
    return `;; ${name}\n${text}${values}`;
  });
  await checkGolden("sandbox/seatbelt.sb", texts.join("\n"));
});
