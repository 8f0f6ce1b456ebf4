/** When a call of a server's tool runs, is asked about, or is refused: the whole table. */
import assert from "node:assert/strict";
import type {
  ApprovalPolicy,
  SandboxPolicy,
} from "../../../core/protocol/policy.ts";
import {
  approvalModeOf,
  decideMcpCall,
  type ToolHints,
} from "../../../tools/mcp/approval.ts";
import type { McpApprovalMode } from "../../../tools/mcp/client/server_config.ts";

const READ_ONLY: SandboxPolicy = {
  mode: "read-only",
  networkAccess: false,
  denyRead: [],
};
const FREE: SandboxPolicy = { mode: "danger-full-access" };
const RISKY: ToolHints = {};
const SAFE: ToolHints = { readOnly: true };

function verdict(
  mode: McpApprovalMode,
  hints: ToolHints,
  approval: ApprovalPolicy,
  sandbox: SandboxPolicy = READ_ONLY,
): string {
  const facts = { mode, hints, isOwn: true };
  return decideMcpCall(facts, { approval, sandbox }).type;
}

Deno.test("decideMcpCall() takes no server's word under untrusted, and a project's server's never", () => {
  assert.equal(verdict("auto", SAFE, "untrusted"), "ask");
  const foreign = (
    approval: ApprovalPolicy,
    sandbox: SandboxPolicy = READ_ONLY,
  ): string =>
    decideMcpCall({ mode: "auto", hints: SAFE, isOwn: false }, {
      approval,
      sandbox,
    }).type;
  assert.equal(foreign("on-request"), "ask");
  assert.equal(foreign("never"), "refuse");
  assert.equal(foreign("never", FREE), "run");
});

Deno.test("decideMcpCall() runs what is approved, whoever could be asked", () => {
  for (const approval of ["never", "on-request", "untrusted"] as const) {
    assert.equal(verdict("approve", { destructive: true }, approval), "run");
  }
});

Deno.test("decideMcpCall() runs what only reads, and asks about all that may change something", () => {
  const cases: readonly (readonly [ToolHints, string])[] = [
    [{ readOnly: true }, "run"],
    [{ readOnly: true, openWorld: true }, "run"],
    [{ readOnly: true, destructive: true }, "ask"],
    [{}, "ask"],
    [{ readOnly: false }, "ask"],
    [{ destructive: false }, "ask"],
    [{ destructive: false, openWorld: true }, "ask"],
    [{ destructive: false, openWorld: false }, "run"],
  ];
  for (const [hints, wanted] of cases) {
    assert.equal(
      verdict("auto", hints, "on-request"),
      wanted,
      JSON.stringify(hints),
    );
  }
});

Deno.test("decideMcpCall() asks about everything where the configuration says so", () => {
  assert.equal(verdict("prompt", SAFE, "on-request"), "ask");
  assert.equal(verdict("prompt", SAFE, "never"), "refuse");
  assert.equal(verdict("prompt", SAFE, "never", FREE), "refuse");
});

Deno.test("decideMcpCall() refuses where nobody can be asked, unless anything goes", () => {
  assert.equal(verdict("auto", RISKY, "never"), "refuse");
  assert.equal(verdict("auto", SAFE, "never"), "run");
  assert.equal(verdict("auto", RISKY, "never", FREE), "run");
  const outside: SandboxPolicy = {
    mode: "external-sandbox",
    networkAccess: true,
  };
  assert.equal(verdict("auto", RISKY, "never", outside), "run");
  assert.equal(verdict("auto", RISKY, "on-request", FREE), "ask");
});

Deno.test("decideMcpCall() follows the granular policy's own word for servers", () => {
  const granular = (mcp_elicitations: boolean): ApprovalPolicy => ({
    granular: {
      sandbox_approval: true,
      rules: true,
      mcp_elicitations,
      skill_approval: true,
      request_permissions: true,
    },
  });
  assert.equal(verdict("auto", RISKY, granular(true)), "ask");
  assert.equal(verdict("auto", RISKY, granular(false)), "refuse");
});

Deno.test("approvalModeOf() prefers what is said of the tool", () => {
  const approval = { fallback: "prompt", tools: { a: "approve" } } as const;
  assert.equal(approvalModeOf({ approval }, "a"), "approve");
  assert.equal(approvalModeOf({ approval }, "b"), "prompt");
  assert.equal(approvalModeOf({ approval }, "constructor"), "prompt");
});
