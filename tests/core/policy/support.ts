/** Short ways to say policies, rules and actions in tests. */
import type {
  Action,
  ApprovalPolicy,
  SandboxPolicy,
} from "../../../core/protocol/policy.ts";
import type { DecideInput } from "../../../core/policy/decide.ts";
import { parseRules } from "../../../core/policy/rules_parse.ts";
import type { RuleSet } from "../../../core/policy/rules.ts";
import { workspaceWrite } from "../../support/settings.ts";

export const WORKSPACE = workspaceWrite({ writableRoots: ["/extra"] });
export const FULL: SandboxPolicy = { mode: "danger-full-access" };
export const EXTERNAL: SandboxPolicy = {
  mode: "external-sandbox",
  networkAccess: false,
};

export function granular(sandbox: boolean, rules: boolean): ApprovalPolicy {
  return {
    granular: {
      sandbox_approval: sandbox,
      rules,
      mcp_elicitations: false,
      skill_approval: false,
      request_permissions: false,
    },
  };
}

export function rulesOf(text: string): RuleSet {
  return parseRules(text, { file: "/home/u/r.rules", home: "/home/u" });
}

/** A command; a string is a script for bash. */
export function command(
  what: string | readonly string[],
  more: Partial<Extract<Action, { type: "command" }>> = {},
): Action {
  const argv = typeof what === "string" ? ["bash", "-lc", what] : what;
  return { type: "command", argv, cwd: "/ws", escalated: false, ...more };
}

export function patch(...paths: string[]): Action {
  return { type: "patch", paths, cwd: "/ws" };
}

export function input(
  action: Action,
  more: Partial<Omit<DecideInput, "action">> = {},
): DecideInput {
  return {
    approval: "on-request",
    sandbox: WORKSPACE,
    rules: rulesOf(""),
    workspace: "/ws",
    action,
    ...more,
  };
}
