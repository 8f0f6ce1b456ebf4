/** The questions of the gate: what the person is told before they answer. */
import { cutLine } from "../../core/util/text/visible_text.ts";
import type { CommandResult } from "../../core/protocol/command.ts";
import type {
  Action,
  ApprovalRequest,
  Decision,
  RuleOffer,
  SandboxPolicy,
  Verdict,
} from "../../core/protocol/policy.ts";
import {
  type DecideInput,
  isSandboxed,
  pathsOutside,
} from "../../core/policy/decide.ts";
import { approvalsFor, describeScope } from "../../core/policy/approval_key.ts";
import { proposeRules } from "../../core/policy/propose.ts";
import { findMissing } from "./missing.ts";
import { quoteWords } from "../../core/policy/shell/quote.ts";
import { writableRoots } from "../../core/policy/writable.ts";
import { unreachable } from "../../core/util/assert.ts";

const TITLE_CHARS_MAX = 200;
const ROOTS_SHOWN = 6;

/** The question before an action runs. */
export function buildQuestion(
  input: DecideInput,
  { verdict, detail }: {
    readonly verdict: Extract<Verdict, { readonly type: "ask" }>;
    readonly detail: string;
  },
): ApprovalRequest {
  const { action } = input;
  const escapes = action.type === "command" && action.escalated &&
    !verdict.sandboxed && isSandboxed(input.sandbox);
  return {
    kind: escapes ? "escalation" : action.type,
    title: titleOf(action),
    detail,
    cwd: action.cwd,
    reason: verdict.reason,
    forbids: describeForbidden(input),
    sessionScope: describeScope(action, scopeOf(input, verdict.sandboxed)),
    ...offered(isTyped(input) ? [] : proposeRules(input)),
    ...targetsOf(input),
  };
}

// No rule is about what a program is told.
function isTyped({ action }: DecideInput): boolean {
  return action.type === "command" && action.session !== undefined;
}

function offered(
  rules: readonly RuleOffer[],
): Pick<ApprovalRequest, "prefix" | "rules"> {
  const prefix = rules[0]?.prefixes[0];
  return prefix === undefined ? {} : { prefix, rules };
}

/** How an approval of this action would be remembered. */
export function scopeOf(
  input: DecideInput,
  sandboxed: boolean,
): Parameters<typeof approvalsFor>[1] {
  const { action } = input;
  if (action.type !== "patch" || sandboxed) return { sandboxed };
  const outside = pathsOutside(input, action);
  return outside.length === 0 ? { sandboxed } : { sandboxed, outside };
}

// Those outside come first: whatever else a window cuts, these are read.
function targetsOf(input: DecideInput): Pick<ApprovalRequest, "targets"> {
  const { action } = input;
  if (action.type !== "patch") return {};
  const outside = new Set(pathsOutside(input, action));
  const targets = action.paths.map((path) => {
    const named = action.named?.[path];
    return {
      path,
      ...(named !== undefined && { named }),
      isOutside: outside.has(path),
    };
  });
  return {
    targets: targets.sort((left, right) =>
      Number(right.isOutside) - Number(left.isOutside)
    ),
  };
}

/** The question after the sandbox has stopped a command. */
export function buildDenialQuestion(
  input: DecideInput,
  { denied, detail }: {
    readonly denied: CommandResult;
    readonly detail: string;
  },
): ApprovalRequest {
  const { action } = input;
  const missing = findMissing(denied, input);
  const lines = (denied.output.tail || denied.output.head).trim().split("\n");
  const last = lines.at(-1)?.slice(0, TITLE_CHARS_MAX) ?? "";
  const said = last === "" ? "" : ` ("${last}")`;
  return {
    kind: "escalation",
    title: titleOf(action),
    detail,
    cwd: action.cwd,
    reason: `The sandbox seems to have stopped it${said}; ` +
      "run it once more without the sandbox?",
    forbids: describeForbidden(input),
    sessionScope: describeScope(action, { sandboxed: false }),
    ...offered(proposeRules(input, missing)),
    ...targetsOf(input),
  };
}

/** What the model is told when the person says no. */
export function refusalByPerson(
  action: Action,
  decision: Extract<Decision, { readonly type: "deny" | "abort" }>,
): string {
  const what = action.type === "patch" ? "patch" : "command";
  const word = decision.type === "deny" ? decision.message?.trim() : undefined;
  return word === undefined || word === ""
    ? `The user rejected this ${what}; nothing was run`
    : `The user rejected this ${what}, nothing was run, and said: ${word}`;
}

function titleOf(action: Action): string {
  const text = action.type === "patch"
    ? action.paths.join(", ")
    : quoteWords(action.argv);
  return cutLine(text, TITLE_CHARS_MAX);
}

// One sentence about what the sandbox keeps a command from.
function describeForbidden(input: DecideInput): string {
  const { sandbox } = input;
  switch (sandbox.mode) {
    case "danger-full-access":
    case "external-sandbox":
      return "";
    case "read-only":
      return forbids("writing any file", sandbox);
    case "workspace-write": {
      const places = { workspace: input.workspace, tmpDir: input.tmpDir };
      const roots = writableRoots(sandbox, places);
      const shown = roots === "everything" ? [] : roots.slice(0, ROOTS_SHOWN);
      const more = roots.length - shown.length;
      const names = more > 0 ? [...shown, `${more} more`] : shown;
      return forbids(`writing outside ${list(names)}`, sandbox);
    }
    default:
      return unreachable(sandbox);
  }
}

function forbids(
  writing: string,
  { networkAccess, denyRead }: Extract<
    SandboxPolicy,
    { readonly denyRead: readonly string[] }
  >,
): string {
  const hidden = denyRead.length;
  const parts = [
    writing,
    ...(networkAccess ? [] : ["any network access"]),
    ...(hidden > 0 ? [`reading ${hidden} hidden paths`] : []),
  ];
  return `The sandbox forbids ${list(parts)}`;
}

function list(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
