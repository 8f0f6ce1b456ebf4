/** `policy lint`: what in a policy could ask, allows too much, or has no effect. */
import { approvalName, isSandboxed } from "../../policy/decide.ts";
import { runsAnything } from "../../policy/propose.ts";
import {
  type PrefixRule,
  renderNetworkRule,
  renderPattern,
  renderSource,
} from "../../policy/rules.ts";
import type { CommandOutput, Policies } from "./explain.ts";

interface Finding {
  /** `asks` is a problem where no one can answer, `risk` always, `note` never. */
  readonly kind: "asks" | "risk" | "note";
  readonly text: string;
}

/**
 * Lists the findings. Exit code 1 when one of them is a risk, or with `headless` when
 * anything could ask: there every question is answered with no.
 */
export function lintPolicy(
  policies: Policies,
  options: { readonly headless: boolean },
): CommandOutput {
  const findings = [
    ...approvalFindings(policies),
    ...policies.rules.rules.flatMap((rule) => ruleFindings(rule, policies)),
    ...policies.rules.network.map((rule): Finding => ({
      kind: "note",
      text: renderNetworkRule(rule),
    })),
  ];
  const isProblem = ({ kind }: Finding): boolean =>
    kind === "risk" || (options.headless && kind === "asks");
  const problems = findings.filter(isProblem).length;
  const lines = findings.map(({ kind, text }) => `${kind}: ${text}`);
  const summary = problems === 0
    ? options.headless ? "Nothing in this policy asks" : "No problems"
    : `${problems} problem${problems === 1 ? "" : "s"}`;
  return {
    exitCode: problems > 0 ? 1 : 0,
    stdout: [...lines, summary].map((line) => `${line}\n`).join(""),
    stderr: "",
    report: { findings, problems },
  };
}

function approvalFindings({ approval, sandbox }: Policies): readonly Finding[] {
  const name = `approval_policy = "${approvalName(approval)}"`;
  const boxed = isSandboxed(sandbox);
  const asks = (text: string): Finding => ({
    kind: "asks",
    text: `${name} asks ${text}`,
  });
  const danger = asks("before commands that delete by force (rm -f)");
  const escalation = asks("when the model wants a command outside the sandbox");
  const patches = asks("before patches outside the writable folders");
  const denial = asks("after the sandbox has stopped a command");
  const inBox = (findings: readonly Finding[]): readonly Finding[] =>
    boxed ? findings : [];
  if (typeof approval === "object") {
    return approval.granular.sandbox_approval
      ? [danger, ...inBox([escalation, patches, denial])]
      : [];
  }
  switch (approval) {
    case "never":
      return [];
    case "on-request":
      return [danger, ...inBox([escalation, patches])];
    case "on-failure":
      return [
        { kind: "note", text: `${name} is deprecated, use "on-request"` },
        danger,
        ...inBox([patches, denial]),
      ];
    case "untrusted":
      return [
        asks("before every command that is not known to only read"),
        asks("before every patch"),
        ...inBox([escalation, denial]),
      ];
  }
}

function ruleFindings(
  rule: PrefixRule,
  { rules, approval }: Policies,
): readonly Finding[] {
  const name = `rule "${renderPattern(rule)}" (${renderSource(rule)})`;
  const findings: Finding[] = [];
  const silent = approval === "never" ||
    (typeof approval === "object" && !approval.granular.rules);
  if (rule.decision === "prompt" && !silent) {
    findings.push({ kind: "asks", text: `${name} asks` });
  }
  if (rule.decision === "allow" && isTooWide(rule)) {
    findings.push({
      kind: "risk",
      text: `${name} allows anything, without a sandbox`,
    });
  }
  const stricter = rules.rules.find((other) => isOverruled(rule, other));
  if (stricter !== undefined) {
    findings.push({
      kind: "note",
      text: `${name} has no effect: ${stricter.decision} "${
        renderPattern(stricter)
      }" (${renderSource(stricter)}) is stricter and holds for all of it`,
    });
  }
  return findings;
}

function isTooWide(rule: PrefixRule): boolean {
  const [programs = [], ...rest] = rule.pattern;
  return programs.some((program) =>
    runsAnything([program, ...rest.map((words) => words[0] ?? "")])
  );
}

const ORDER = ["allow", "prompt", "forbidden"];

// Whether everything `rule` matches is also matched by a stricter one.
function isOverruled(rule: PrefixRule, other: PrefixRule): boolean {
  return ORDER.indexOf(other.decision) > ORDER.indexOf(rule.decision) &&
    other.pattern.length <= rule.pattern.length &&
    other.pattern.every((words, at) =>
      rule.pattern[at]?.every((word) => words.includes(word)) ?? false
    );
}
