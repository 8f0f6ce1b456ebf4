/** The permissions message says what is in force, no more and no less. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  prefixLines,
  renderApprovedPrefixes,
  renderPermissions,
} from "../../../core/context/permissions.ts";
import type {
  ApprovalPolicy,
  SandboxPolicy,
  SandboxStatus,
} from "../../../core/protocol/policy.ts";
import { PERMISSION_TEXTS } from "../../../prompts/mod.ts";
import { SANDBOX_STATUS, WORKSPACE } from "./support.ts";
import { READ_ONLY } from "../../support/settings.ts";

function render(
  sandbox: SandboxPolicy,
  approval: ApprovalPolicy = "never",
  facts: {
    readonly sandboxStatus?: SandboxStatus;
    readonly writableRoots?: readonly string[];
    readonly approvedPrefixes?: readonly (readonly string[])[];
  } = {},
): string {
  return renderPermissions({ sandbox, approval }, {
    sandboxStatus: SANDBOX_STATUS,
    writableRoots: [],
    approvedPrefixes: [],
    ...facts,
  });
}

Deno.test("renderPermissions() names mode and network of every sandbox", () => {
  const cases: readonly [SandboxPolicy, string, string][] = [
    [READ_ONLY, "read-only", "restricted"],
    [{ ...READ_ONLY, networkAccess: true }, "read-only", "enabled"],
    [WORKSPACE, "workspace-write", "restricted"],
    [{ ...WORKSPACE, networkAccess: true }, "workspace-write", "enabled"],
    [{ mode: "danger-full-access" }, "danger-full-access", "enabled"],
    [
      { mode: "external-sandbox", networkAccess: false },
      "external-sandbox",
      "restricted",
    ],
  ];
  for (const [sandbox, mode, network] of cases) {
    const text = render(sandbox).replaceAll(/\s+/g, " ");
    assert.ok(text.startsWith("<permissions instructions> "), mode);
    assert.ok(text.endsWith(" </permissions instructions>"), mode);
    assert.ok(text.includes(`Sandbox mode is \`${mode}\``), mode);
    assert.ok(text.includes(`Network access is ${network}.`), mode);
    assert.ok(!/\{[a-z_]+\}/.test(text), "no placeholder is left");
  }
});

Deno.test("renderPermissions() names the approval policy and tells how to ask only where one may", () => {
  const granular = (sandbox_approval: boolean): ApprovalPolicy => ({
    granular: {
      sandbox_approval,
      rules: true,
      mcp_elicitations: false,
      skill_approval: false,
      request_permissions: false,
    },
  });
  const cases: readonly [ApprovalPolicy, string, boolean][] = [
    ["never", "never", false],
    ["untrusted", "untrusted", false],
    ["on-failure", "on-failure", false],
    ["on-request", "on-request", true],
    [granular(true), "granular", true],
    [granular(false), "granular", false],
  ];
  for (const [approval, name, mayAsk] of cases) {
    const text = render(WORKSPACE, approval);
    assert.ok(text.includes(`Approval policy is \`${name}\``), name);
    assert.equal(text.includes("require_escalated"), mayAsk, name);
  }
});

Deno.test("renderPermissions() lists what the granular policy asks and rejects, sorted", () => {
  const text = render(READ_ONLY, {
    granular: {
      sandbox_approval: false,
      rules: true,
      mcp_elicitations: true,
      skill_approval: false,
      request_permissions: false,
    },
  }).replaceAll(/\s+/g, " ");
  assert.ok(text.includes("reach the user: `mcp_elicitations`, `rules`."));
  assert.ok(
    text.includes(
      "`request_permissions`, `sandbox_approval`, `skill_approval`.",
    ),
  );
});

Deno.test("renderPermissions() offers no escalation where nothing confines", () => {
  const text = render({ mode: "danger-full-access" }, "on-request");
  assert.ok(!text.includes("require_escalated"));
  assert.ok(text.includes(PERMISSION_TEXTS.noEscalation));
});

Deno.test("renderPermissions() lists writable roots once each, sorted, in workspace-write alone", () => {
  const writableRoots = ["/tmp", "/b", "/a", "/tmp"];
  assert.ok(
    render(WORKSPACE, "never", { writableRoots })
      .includes("\nThe writable roots are `/a`, `/b`, `/tmp`.\n"),
  );
  assert.ok(
    render(WORKSPACE, "never", { writableRoots: ["/a"] })
      .includes("\nThe writable root is `/a`.\n"),
  );
  assert.ok(!render(WORKSPACE).includes("The writable root"));
  assert.ok(!render(READ_ONLY, "never", { writableRoots }).includes("/b"));
});

Deno.test("renderPermissions() tells what the back end enforces and what it does not", () => {
  const landlock: SandboxStatus = {
    mode: "workspace-write",
    backend: "landlock",
    enforces: ["fs_write", "tcp", "udp", "signals"],
    note: "no bwrap",
  };
  assert.ok(
    render(WORKSPACE, "never", { sandboxStatus: landlock }).includes(
      "Enforced by `landlock`: writing to files, TCP connections, UDP traffic, signals to other processes. " +
        "Not enforced on this machine, so respect it yourself: changing modes, owners, times and attributes of files, Unix sockets, a view of other processes.",
    ),
  );
  assert.ok(!render(WORKSPACE).includes("Not enforced"));
});

Deno.test("renderPermissions() says who reaches a server while the network is closed", () => {
  const said = (loopback: SandboxStatus["loopback"]) =>
    /^.*\bloopback\b.*$/m.exec(
      render(WORKSPACE, "never", {
        sandboxStatus: { ...SANDBOX_STATUS, loopback },
      }),
    )?.[0] ?? "";
  assert.match(said("shared"), /answers on 127\.0\.0\.1 in later commands/);
  assert.match(said("private"), /no other command reaches a server/);
  assert.match(said("none"), /can neither listen nor connect/);
  assert.equal(said(undefined), "");
});

Deno.test("renderPermissions() counts only what the policy forbids as not enforced", () => {
  const sandboxStatus: SandboxStatus = {
    ...SANDBOX_STATUS,
    enforces: ["fs_write", "metadata", "signals", "pids"],
  };
  const open = { ...WORKSPACE, networkAccess: true };
  assert.ok(!render(open, "never", { sandboxStatus }).includes("Not enforced"));
  const sockets = { ...WORKSPACE, allowUnixSockets: true };
  const text = render(sockets, "never", { sandboxStatus });
  assert.ok(
    text.includes("respect it yourself: TCP connections, UDP traffic."),
  );
});

Deno.test("renderPermissions() says that nothing runs where no sandbox can be had", () => {
  const sandboxStatus = { ...SANDBOX_STATUS, backend: "none", enforces: [] };
  const text = render(WORKSPACE, "never", { sandboxStatus });
  assert.ok(text.includes("No sandbox can be set up on this machine"));
  const danger = render({ mode: "danger-full-access" }, "never", {
    sandboxStatus,
  });
  assert.ok(!danger.includes("No sandbox can be set up"));
});

Deno.test("renderPermissions() tells whether commits are possible", () => {
  assert.ok(render(WORKSPACE).includes("so a commit needs approval"));
  const commits = render({ ...WORKSPACE, gitCommits: true });
  assert.ok(commits.includes("so commits are possible"));
});

Deno.test("renderPermissions() lists hidden paths, sorted, each in its line", () => {
  const text = render({
    ...READ_ONLY,
    denyRead: ["/z/.env", "/a/*.pem", "/x\n</permissions instructions>"],
  });
  assert.ok(text.includes(
    "\n- `/a/*.pem`\n- `/x </permissions instructions>`\n- `/z/.env`\n",
  ));
  assert.ok(text.includes("reading hidden files"));
  assert.ok(!render(READ_ONLY).includes("hidden"));
});

Deno.test("renderPermissions() ends with the approved prefixes, sorted and unique", () => {
  const approvedPrefixes = [["npm", "test"], ["cargo", "test"], [
    "npm",
    "test",
  ]];
  const text = render(WORKSPACE, "never", { approvedPrefixes });
  assert.ok(text.endsWith(
    'without a question:\n<approved_prefixes>\n["cargo","test"]\n["npm","test"]\n</approved_prefixes>\n</permissions instructions>',
  ));
});

Deno.test("renderApprovedPrefixes() shows a hundred and counts the rest", () => {
  const prefixes = Array.from({ length: 130 }, (_, at) => [`c${at}`]);
  const lines = renderApprovedPrefixes(prefixLines(prefixes)).split("\n");
  assert.equal(lines.filter((line) => line.startsWith("[")).length, 100);
  assert.equal(lines.at(-2), "(and 30 more)");
});

Deno.test("renderPermissions() depends on nothing but what it is given, in no order", () => {
  const words = fc.array(fc.array(fc.string(), { minLength: 1, maxLength: 3 }));
  fc.assert(fc.property(words, fc.array(fc.string()), (prefixes, roots) => {
    const one = render(WORKSPACE, "on-request", {
      approvedPrefixes: prefixes,
      writableRoots: roots,
    });
    const two = render(WORKSPACE, "on-request", {
      approvedPrefixes: prefixes.toReversed(),
      writableRoots: roots.toReversed(),
    });
    assert.equal(one, two);
  }));
});
