/** Tests of core/config/permissions/: which profile holds, and what it comes to. */
import assert from "node:assert/strict";
import {
  openPermissions,
  type Permissions,
} from "../../../../core/config/permissions/permissions.ts";
import { parseToml } from "../../../../core/config/file/toml.ts";
import type { SandboxPolicy } from "../../../../core/protocol/policy.ts";
import { configOf } from "../../../support/config.ts";

const PLACE = {
  cwd: "/w",
  home: "/home/ada",
  tmpDir: "/var/tmp/x",
  os: "linux",
  addDirs: ["/c"],
} as const;

function open(toml: string): Permissions {
  return openPermissions(
    configOf(toml),
    [parseToml(toml, "config.toml")],
    PLACE,
  );
}

function policy(filesystem: string, head = ""): SandboxPolicy {
  return open(
    `default_permissions = "p"\n[permissions.p]\n${head}\n${filesystem}`,
  ).policyOf("p");
}

const BASE = {
  profile: "p",
  networkAccess: false,
  denyRead: [],
} as const;
const WORKSPACE = {
  ...BASE,
  mode: "workspace-write",
  writableRoots: ["/c"],
  excludeTmpdirEnvVar: false,
  excludeSlashTmp: false,
  gitCommits: false,
  allowUnixSockets: false,
} as const;

Deno.test("each mode of the sandbox takes the details of its table", () => {
  const { modePolicy } = open(`
    [sandbox_workspace_write]
    writable_roots = ["/a", "/c"]
    network_access = true
    exclude_slash_tmp = true
    git_commits = true
    deny_read = ["**/.env"]
  `);
  assert.deepEqual(modePolicy("read-only"), {
    mode: "read-only",
    networkAccess: false,
    denyRead: ["**/.env"],
  });
  assert.deepEqual(modePolicy("workspace-write"), {
    mode: "workspace-write",
    writableRoots: ["/a", "/c"],
    networkAccess: true,
    excludeTmpdirEnvVar: false,
    excludeSlashTmp: true,
    gitCommits: true,
    allowUnixSockets: false,
    denyRead: ["**/.env"],
  });
  assert.deepEqual(modePolicy("danger-full-access"), {
    mode: "danger-full-access",
  });
  assert.deepEqual(modePolicy("external-sandbox"), {
    mode: "external-sandbox",
    networkAccess: true,
  });
});

Deno.test("the strongest layer that names a profile or a mode decides; in one layer the profile", () => {
  const profile = { default_permissions: ":workspace" };
  const mode = { sandbox_mode: "read-only" };
  const active = (...trees: Record<string, string>[]) =>
    openPermissions(configOf(""), trees, PLACE).active;
  assert.equal(active(mode, profile), ":workspace");
  assert.equal(active(profile, mode), undefined);
  assert.equal(active({ ...mode, ...profile }), ":workspace");
  assert.equal(active(), undefined);
});

Deno.test("a profile that extends :workspace hides and keeps what it names", () => {
  assert.deepEqual(
    policy(
      `[permissions.p.filesystem.":workspace_roots"]
       ".env" = "deny"
       "**/*.key" = "none"
       docs = "read"`,
      'extends = ":workspace"',
    ),
    {
      ...WORKSPACE,
      denyRead: [".env", "/c/.env", "**/*.key", "/c/**/*.key"],
      readOnly: ["docs", "/c/docs"],
    },
  );
});

Deno.test("a profile without :root reads only what it lists", () => {
  assert.deepEqual(
    policy(`[permissions.p.filesystem]
      "~/notes" = "read"
      "/data/**" = "write"`),
    {
      ...WORKSPACE,
      writableRoots: ["/data"],
      excludeTmpdirEnvVar: true,
      excludeSlashTmp: true,
      excludeWorkspace: true,
      readable: ["/home/ada/notes", "/data"],
      readOnly: ["/home/ada/notes"],
    },
  );
});

Deno.test("profiles extend each other, the last word wins", () => {
  const { policyOf } = open(`
    default_permissions = "child"
    [permissions.child]
    extends = "parent"
    [permissions.child.filesystem.":workspace_roots"]
    "." = "read"
    [permissions.parent]
    extends = ":workspace"
    network.enabled = true
    [permissions.parent.workspace_roots]
    "/more" = true
    "/off" = false
    [permissions.parent.filesystem]
    ":tmpdir" = "read"
  `);
  assert.deepEqual(policyOf("child"), {
    ...WORKSPACE,
    profile: "child",
    networkAccess: true,
    writableRoots: [],
    excludeTmpdirEnvVar: true,
    excludeWorkspace: true,
    readOnly: [".", "/more", "/c"],
  });
});

Deno.test("a mode that is chosen instead keeps hidden what the configured profile hides", () => {
  const { modePolicy } = open(`
    default_permissions = "p"
    [permissions.p]
    extends = ":read-only"
    [permissions.p.filesystem]
    "/secret" = "deny"
  `);
  const wide = modePolicy("workspace-write");
  assert.deepEqual("denyRead" in wide && wide.denyRead, ["/secret"]);
});

Deno.test("what is wrong in a profile, or no back end could hold, is refused by its name", () => {
  const rows: [filesystem: string, head: string, says: RegExp][] = [
    ['[permissions.p.filesystem]\nrel = "read"', "", /"rel" is relative/],
    ['[permissions.p.filesystem]\n":new" = "read"', "", /":new" is unknown/],
    [
      '[permissions.p.filesystem.":workspace_roots"]\n"../x" = "deny"',
      "",
      /without "\." and "\.\."/,
    ],
    [
      '[permissions.p.filesystem.":workspace_roots"]\n"*.md" = "write"',
      "",
      /patterns can only deny/,
    ],
    [
      '[permissions.p.filesystem.":workspace_roots"]\n"{a,b}" = "read"',
      "",
      /patterns can only deny/,
    ],
    ['[permissions.p.filesystem]\n":root" = "write"', "", /no back end/],
    ['[permissions.p.filesystem]\n"~" = "write"', "", /no back end/],
    [
      '[permissions.p.filesystem]\n"/a" = "deny"\n"/a/b" = "write"',
      "",
      /in the denied \/a, and no back end/,
    ],
    [
      '[permissions.p.network]\nenabled = true\ndomains = { "a.b" = "allow" }',
      "",
      /"network\.domains" with "network\.enabled"/,
    ],
    [
      '[permissions.p.network]\nenabled = true\nmode = "limited"',
      "",
      /"network\.mode"/,
    ],
    [
      "[permissions.p.network]\nenabled = true\nmitm = true",
      "",
      /"network\.mitm"/,
    ],
    ["", 'extends = ":danger-full-access"', /cannot be extended/],
    ["", 'extends = "p"', /extends itself/],
  ];
  for (const [filesystem, head, says] of rows) {
    assert.throws(() => policy(filesystem, head), says, filesystem + head);
  }
  assert.throws(
    () => open('default_permissions = "q"'),
    /"q": it is not defined/,
  );
  assert.throws(
    () => open('[permissions.q]\nextends = ":workspace"'),
    /"default_permissions" is missing/,
  );
  assert.throws(
    () => open('default_permissions = ":read-only"\n[permissions.":x"]'),
    /built in/,
  );
});
