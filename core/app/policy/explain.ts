/** The `policy` subcommands about single commands and rules, as texts and exit codes. */
import type { PolicyReport, RuleReport } from "../../contract/policy_report.ts";
import type { Verdict } from "../../protocol/policy.ts";
import { approvalName, decide, type DecideInput } from "../../policy/decide.ts";
import {
  type ClassifiedCommand,
  type ClassifiedSegment,
  classifyCommand,
} from "../../policy/classify.ts";
import { describeScope } from "../../policy/approval_key.ts";
import { proposeRules } from "../../policy/propose.ts";
import {
  type PrefixRule,
  renderGrant,
  renderNetworkRule,
  renderPattern,
  renderSource,
  type RuleSet,
} from "../../policy/rules.ts";
import { quoteWords } from "../../policy/shell/quote.ts";
import { showHidden } from "../../util/text/visible_text.ts";
import type { SplitKind } from "../../policy/shell/split.ts";
import type { RuleStore } from "../../../tools/gate/rule_store.ts";

/** What a subcommand leaves behind; texts end in a newline or are empty. */
export interface CommandOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The same for programs; absent where nothing was found out. */
  readonly report?: PolicyReport;
}

/** The policies that commands are judged by. */
export type Policies = Omit<DecideInput, "action">;

const KINDS: Readonly<Record<SplitKind, string>> = {
  argv: "a program with its arguments, no shell",
  plain: "a shell script of literal commands",
  heredoc: "one literal command with a here-document",
  opaque: "a shell script that only a shell can take apart",
};

/** `policy explain -- CMD`: how a command is understood and what would happen to it. */
export function explainCommand(
  argv: readonly string[],
  policies: Policies & {
    /** Where it would run. */
    readonly cwd: string;
    /** What the sandbox would make of the policy, in lines of text. */
    readonly mounts?: string;
  },
): CommandOutput {
  const action = {
    type: "command",
    argv,
    cwd: policies.cwd,
    escalated: false,
  } as const;
  const input: DecideInput = { ...policies, action };
  const classified = classifyCommand(argv, policies.cwd, policies);
  const verdict = decide(input);
  const lines = [
    field("command", quoteWords(argv)),
    field("read as", KINDS[classified.kind]),
    field("runs in", classified.cwd),
    ...classified.folded.map((text) =>
      field("left out", `${text} (changes nothing)`)
    ),
    ...classified.segments.flatMap((segment, at) =>
      segmentLines(segment, at, classified)
    ),
    ...(classified.hidden === undefined
      ? []
      : [field("inside it", ruleText(classified.hidden))]),
    field("approval", approvalName(policies.approval)),
    field("sandbox", policies.sandbox.mode),
    field("verdict", verdictText(verdict)),
    ...(verdict.type === "run" ? [] : [field("because", verdict.reason)]),
    ...(verdict.type === "ask" ? offerLines(input, verdict.sandboxed) : []),
    ...(policies.mounts === undefined ? [] : ["", policies.mounts.trimEnd()]),
  ];
  return {
    exitCode: 0,
    stdout: `${lines.join("\n")}\n`,
    stderr: "",
    report: {
      command: [...argv],
      kind: classified.kind,
      cwd: classified.cwd,
      left_out: [...classified.folded],
      parts: classified.segments.map(({ core, rule, safe, danger }) => ({
        words: [...core],
        ...(rule !== undefined && { rule: ruleReport(rule) }),
        only_reads: safe,
        ...(danger !== undefined && { danger }),
      })),
      approval: approvalName(policies.approval),
      sandbox: policies.sandbox.mode,
      verdict: verdict.type,
      sandboxed: verdict.type !== "refuse" && verdict.sandboxed,
      ...(verdict.type !== "run" && { reason: verdict.reason }),
    },
  };
}

/** A verdict in a few words. */
export function verdictText(verdict: Verdict): string {
  switch (verdict.type) {
    case "run":
      return verdict.sandboxed
        ? `run ${renderGrant(verdict.opens ?? [])}`
        : "run without a sandbox";
    case "ask":
      return verdict.sandboxed
        ? "ask, then run in the sandbox"
        : "ask, then run without a sandbox";
    case "refuse":
      return "refuse";
  }
}

/** `policy rules`: every rule with its number, for `revoke`. */
export function listRules(rules: RuleSet): CommandOutput {
  const lines = rules.rules.map((rule, at) => `${at + 1}\t${ruleText(rule)}`);
  const stdout = lines.length === 0
    ? "There are no rules\n"
    : `${lines.join("\n")}\n`;
  const stderr = rules.network.map((rule) => `${renderNetworkRule(rule)}\n`)
    .join("");
  return {
    exitCode: 0,
    stdout,
    stderr,
    report: {
      rules: rules.rules.map((rule, at) => ({
        ...ruleReport(rule),
        number: at + 1,
      })),
      network: rules.network.map(({ host, decision, file, line }) => ({
        host,
        decision,
        source: `${file}:${line}`,
      })),
    },
  };
}

/** `policy rules revoke N|WORDS…`: takes one rule out of its file. */
export async function revokeRule(
  selector: readonly string[],
  store: Pick<RuleStore, "current" | "revoke">,
): Promise<CommandOutput> {
  const { rules } = store.current();
  const text = selector.join(" ");
  const found = /^\d+$/.test(text)
    ? rules.slice(Number(text) - 1, Number(text)).filter(() => text !== "0")
    : rules.filter((rule) => renderPattern(rule) === text);
  const [rule] = found;
  if (rule === undefined || found.length > 1) {
    const state = rule === undefined
      ? "no such rule"
      : "several rules fit, name one by its number";
    return {
      exitCode: 2,
      stdout: "",
      stderr: `Cannot revoke "${text}": ${state}; see rondo policy rules\n`,
    };
  }
  await store.revoke(rule);
  return {
    exitCode: 0,
    stdout: `Revoked: ${ruleText(rule)}\n`,
    stderr: "",
    report: { revoked: ruleReport(rule) },
  };
}

function ruleReport(rule: PrefixRule): RuleReport {
  const { decision, sandbox, justification } = rule;
  return {
    pattern: renderPattern(rule),
    decision,
    ...(sandbox !== undefined && { sandbox: [...sandbox] }),
    ...(justification !== undefined && { justification }),
    source: renderSource(rule),
  };
}

/** How a single text is judged, by `policy explain` as by `policy test`: as a script. */
export function scriptWords(script: string): readonly string[] {
  return ["bash", "-lc", script];
}

function segmentLines(
  segment: ClassifiedSegment,
  at: number,
  classified: ClassifiedCommand,
): readonly string[] {
  const name = classified.segments.length === 1 ? "part" : `part ${at + 1}`;
  const facts = [
    segment.rule !== undefined
      ? ruleText(segment.rule)
      : segment.unheld === undefined
      ? "no rule"
      : `does not hold outside the workspace folder or with arguments that lead elsewhere: ${
        ruleText(segment.unheld)
      }`,
    ...(segment.safe ? ["known to only read"] : []),
    ...(segment.danger === undefined ? [] : [segment.danger]),
  ];
  return [field(name, `${quoteWords(segment.core)}  (${facts.join("; ")})`)];
}

function offerLines(input: DecideInput, sandboxed: boolean): readonly string[] {
  const offers = proposeRules(input);
  return [
    field("remembers", describeScope(input.action, { sandboxed })),
    ...(offers.length === 0
      ? [field("could save", "no rule is safe to save")]
      : offers.map(({ prefixes, sandbox }) =>
        field(
          "could save",
          `${prefixes.map(quoteWords).join(", ")} (${renderGrant(sandbox)})`,
        )
      )),
  ];
}

function ruleText(rule: PrefixRule): string {
  const because = rule.justification === undefined
    ? ""
    : `: ${rule.justification}`;
  const how = rule.sandbox === undefined ? "" : ` ${renderGrant(rule.sandbox)}`;
  return `${rule.decision} "${renderPattern(rule)}"${how} (${
    renderSource(rule)
  })${because}`;
}

function field(name: string, value: string): string {
  const text = showHidden(value).replaceAll("\n", `\n${" ".repeat(12)}`);
  return `${`${name}:`.padEnd(12)}${text}`;
}
