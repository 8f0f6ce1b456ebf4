/** Whether an action may run: a pure function of the policies, the rules and the action. */
import type {
  Action,
  ApprovalPolicy,
  SandboxPolicy,
  Verdict,
} from "../protocol/policy.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { TurnMode } from "../protocol/settings.ts";
import { unreachable } from "../util/assert.ts";
import { findGrant } from "./grant.ts";
import { modeReason } from "./mode.ts";
import {
  type ClassifiedCommand,
  type ClassifiedSegment,
  classifyCommand,
} from "./classify.ts";
import {
  type PrefixRule,
  renderPattern,
  renderSource,
  type RuleSet,
} from "./rules.ts";
import { quoteWords } from "./shell/quote.ts";
import { isWritable } from "./writable.ts";

export interface DecideInput {
  readonly approval: ApprovalPolicy;
  readonly sandbox: SandboxPolicy;
  readonly action: Action;
  readonly rules: RuleSet;
  /** The thread's own folder: what workspace-write lets be written. Absolute. */
  readonly workspace: string;
  /** Value of $TMPDIR, when set. */
  readonly tmpDir?: string | undefined;
  /** In one, no rule widens the sandbox and no question reaches the person. */
  readonly mode?: TurnMode | undefined;
}

type CommandAction = Extract<Action, { readonly type: "command" }>;
type PatchAction = Extract<Action, { readonly type: "patch" }>;

/** A reason to ask, and which switch of the granular policy it belongs to. */
interface Question {
  readonly category: "rules" | "sandbox_approval";
  readonly reason: string;
}

/** Decides an action. Total: every input has a verdict, and it never throws. */
export function decide(input: DecideInput): Verdict {
  switch (input.action.type) {
    case "command":
      return holdHosts(input, decideCommand(input, input.action));
    case "patch":
      return decidePatch(input, input.action);
    default:
      return unreachable(input.action);
  }
}

/** Whether a command that the sandbox stopped may be offered to run outside it. */
export function asksAfterDenial(approval: ApprovalPolicy): boolean {
  if (typeof approval === "object") return approval.granular.sandbox_approval;
  return approval === "untrusted" || approval === "on-failure";
}

/** The approval policy's name, as the configuration spells it. */
export function approvalName(approval: ApprovalPolicy): string {
  return typeof approval === "object" ? "granular" : approval;
}

/** Whether commands run in a sandbox of ours under this policy. */
export function isSandboxed(sandbox: SandboxPolicy): boolean {
  return sandbox.mode === "read-only" || sandbox.mode === "workspace-write";
}

function decideCommand(input: DecideInput, action: CommandAction): Verdict {
  const classified = classifyCommand(action.argv, action.cwd, input);
  const rules = rulesOf(classified);
  const forbidden = rules.find((rule) => rule.decision === "forbidden");
  if (forbidden !== undefined) {
    return { type: "refuse", reason: forbiddenReason(forbidden) };
  }
  const sandboxed = isSandboxed(input.sandbox);
  // A rule is about a command, not about what a program outside the sandbox is told.
  const isTold = action.session !== undefined && action.escalated;
  const allowed = isTold || input.mode !== undefined
    ? undefined
    : findGrant(classified, input.sandbox);
  if (allowed !== undefined) {
    const { opens } = allowed;
    return opens === undefined || !sandboxed
      ? { type: "run", sandboxed: false }
      : { type: "run", sandboxed, ...(opens.length > 0 && { opens }) };
  }

  const escapes = action.escalated && sandboxed;
  if (escapes && (input.mode !== undefined || !mayEscalate(input.approval))) {
    return { type: "refuse", reason: escalationReason(input, action) };
  }
  const questions = [
    ...rules.filter((rule) => rule.decision === "prompt").map(rulesQuestion),
    ...classified.segments.flatMap((segment) => questionsOf(segment, input)),
    ...(escapes ? [escalationQuestion(action)] : []),
  ];
  return settle(input, questions, sandboxed && !escapes);
}

// The sandbox closes the network as a whole: what is to reach all hosts but one cannot
// run, and what is to ask for one host asks for all.
function holdHosts(input: DecideInput, verdict: Verdict): Verdict {
  if (verdict.type === "refuse") return verdict;
  const opens = verdict.type === "run" ? verdict.opens ?? [] : [];
  const reachesHosts = !verdict.sandboxed || opens.includes("network") ||
    (input.sandbox.mode === "workspace-write" && input.sandbox.networkAccess);
  if (!reachesHosts) return verdict;
  const limits = input.rules.network.filter(({ decision }) =>
    decision !== "allow"
  );
  const rule = limits.find(({ decision }) => decision === "forbidden") ??
    limits[0];
  if (rule === undefined) return verdict;
  const reason =
    `network_rule() for ${rule.host} (${rule.file}:${rule.line}) cannot be held: ` +
    "the sandbox opens the network to all hosts or to none";
  if (rule.decision === "forbidden") {
    return { type: "refuse", reason: sentence(reason) };
  }
  return verdict.type === "ask"
    ? { ...verdict, reason: `${verdict.reason}; ${reason}` }
    : settle(input, [{ category: "rules", reason }], verdict.sandboxed);
}

function rulesOf(classified: ClassifiedCommand): readonly PrefixRule[] {
  const rules = classified.segments.flatMap((segment) => segment.rule ?? []);
  return classified.hidden === undefined
    ? rules
    : [...rules, classified.hidden];
}

// What a rule allows is settled, and what it asks about is asked anyway; but a rule
// that asks never makes less of a danger.
function questionsOf(
  segment: ClassifiedSegment,
  { approval, sandbox }: DecideInput,
): readonly Question[] {
  if (segment.rule?.decision === "allow") return [];
  const category = "sandbox_approval";
  // Where everything may be done, this may be, too.
  const isLet = !isSandboxed(sandbox) && approval !== "untrusted";
  if (segment.danger !== undefined && !isLet) {
    return [{ category, reason: segment.danger }];
  }
  if (segment.rule !== undefined) return [];
  if (approval !== "untrusted" || segment.safe) return [];
  const command = shorten(quoteWords(segment.core));
  return [{ category, reason: `"${command}" is not known to only read` }];
}

/** The files of a patch that the sandbox does not let it write. */
export function pathsOutside(
  input: Omit<DecideInput, "action">,
  action: PatchAction,
): readonly string[] {
  const places = { workspace: input.workspace, tmpDir: input.tmpDir };
  return action.paths.filter((path) =>
    !isWritable(path, input.sandbox, places)
  );
}

function decidePatch(input: DecideInput, action: PatchAction): Verdict {
  const outside = pathsOutside(input, action);
  const sandboxed = isSandboxed(input.sandbox);
  const questions: Question[] = [];
  if (outside.length > 0) {
    questions.push({
      category: "sandbox_approval",
      reason: `the ${input.sandbox.mode} sandbox does not allow writing to ${
        shorten(outside.join(", "))
      }`,
    });
  } else if (input.approval === "untrusted") {
    questions.push({
      category: "sandbox_approval",
      reason: `every change of a file is asked for under "untrusted"`,
    });
  }
  const { length } = action.paths;
  if (questions.length > 0 && length > LIMITS.patchTargetsShown) {
    return {
      type: "refuse",
      reason:
        `This patch needs approval and changes ${length} files, must be at most ${LIMITS.patchTargetsShown} ` +
        "so that all can be shown: split it into smaller patches",
    };
  }
  return settle(input, questions, sandboxed && outside.length === 0);
}

// Turns reasons to ask into a verdict: no reason runs, and a policy that must not
// ask refuses.
function settle(
  { approval, mode }: Pick<DecideInput, "approval" | "mode">,
  questions: readonly Question[],
  sandboxed: boolean,
): Verdict {
  if (questions.length === 0) return { type: "run", sandboxed };
  const reasons = new Set(questions.map((question) => question.reason));
  const reason = [...reasons].join("; ");
  if (mode !== undefined) {
    return {
      type: "refuse",
      reason: `${sentence(reason)}; ${modeReason(mode)}`,
    };
  }
  if (approval === "never") {
    return {
      type: "refuse",
      reason: `${
        sentence(reason)
      }, and the approval policy "never" means that nobody is asked`,
    };
  }
  const silent = typeof approval === "object"
    ? questions.find(({ category }) => !approval.granular[category])
    : undefined;
  if (silent !== undefined) {
    return {
      type: "refuse",
      reason: `${
        sentence(silent.reason)
      }, and the granular approval policy has ${silent.category} = false, so nobody is asked`,
    };
  }
  return { type: "ask", reason: sentence(reason), sandboxed };
}

/** Whether a command may ask to run outside the sandbox. */
export function mayEscalate(approval: ApprovalPolicy): boolean {
  if (typeof approval === "object") return approval.granular.sandbox_approval;
  return approval !== "never" && approval !== "on-failure";
}

function escalationReason(
  { approval, mode }: Pick<DecideInput, "approval" | "mode">,
  { session }: CommandAction,
): string {
  if (mode !== undefined) {
    return session === undefined
      ? `It asks to leave the sandbox; ${modeReason(mode)}`
      : `Session ${session} was started with more rights than there are now; ${
        modeReason(mode)
      }. Its output can be read`;
  }
  const name = approvalName(approval);
  return `The approval policy is "${name}": a command cannot ask to leave the sandbox. ` +
    "Run it without escalation, or finish with what the sandbox allows and say what is missing";
}

function escalationQuestion(action: CommandAction): Question {
  const why = action.justification?.trim();
  return {
    category: "sandbox_approval",
    reason: why === undefined || why === ""
      ? "the model asks to run it outside the sandbox"
      : `the model asks to run it outside the sandbox: ${why}`,
  };
}

function rulesQuestion(rule: PrefixRule): Question {
  return {
    category: "rules",
    reason:
      `the rule "${renderPattern(rule)}" (${renderSource(rule)}) asks first` +
      because(rule),
  };
}

function forbiddenReason(rule: PrefixRule): string {
  return `The rule "${renderPattern(rule)}" (${
    renderSource(rule)
  }) forbids it` +
    because(rule);
}

function because(rule: PrefixRule): string {
  return rule.justification === undefined ? "" : `: ${rule.justification}`;
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
