/** Prefix rules: which of them match a command, how one is written, those of managed policy. */
import { basename } from "../util/path.ts";
import { systemProgram } from "./shell/split.ts";

export type RuleDecision = "allow" | "prompt" | "forbidden";

/** Where something was written: for messages, and to take it out again. */
interface RuleSource {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Offsets of the whole call in the file's text. */
  readonly start: number;
  readonly end: number;
  /** Whether the call stands alone in the file: in a loop or a function it makes more. */
  readonly isTopLevel: boolean;
}

export interface PrefixRule {
  /** One list of alternatives per word. */
  readonly pattern: readonly (readonly string[])[];
  readonly decision: RuleDecision;
  readonly justification?: string;
  /**
   * Of a rule that allows: what the sandbox opens, "network" or a folder that may be
   * written. Absent, the command runs without the sandbox.
   */
  readonly sandbox?: readonly string[];
  /** Words match whatever their case, as programs do on some systems. */
  readonly ignoresCase?: boolean;
  readonly source: RuleSource;
}

/** What commands may do with one host; allowing opens nothing here. */
export interface NetworkRule {
  readonly host: string;
  readonly decision: RuleDecision;
  readonly file: string;
  readonly line: number;
}

export interface RuleSet {
  readonly rules: readonly PrefixRule[];
  /** Absolute paths under which a program's rules hold, by its name. */
  readonly executables: ReadonlyMap<string, readonly string[]>;
  readonly network: readonly NetworkRule[];
}

export const NO_RULES: RuleSet = Object.freeze({
  rules: [],
  executables: new Map(),
  network: [],
});

const STRICTNESS: Readonly<Record<RuleDecision, number>> = {
  allow: 0,
  prompt: 1,
  forbidden: 2,
};

/** Several files as one; the strictest match wins, so their order does not matter. */
export function mergeRules(sets: readonly RuleSet[]): RuleSet {
  const executables = new Map<string, readonly string[]>();
  for (const set of sets) {
    for (const [name, paths] of set.executables) {
      executables.set(name, [...(executables.get(name) ?? []), ...paths]);
    }
  }
  return {
    rules: sets.flatMap((set) => set.rules),
    executables,
    network: sets.flatMap((set) => set.network),
  };
}

export function matchRules(
  set: RuleSet,
  words: readonly string[],
): readonly PrefixRule[] {
  return set.rules.filter((rule) => isMatch(rule, words, set.executables));
}

/** The strictest of some rules; the first of them among equals. */
export function strictestRule(
  rules: readonly PrefixRule[],
): PrefixRule | undefined {
  let strictest: PrefixRule | undefined;
  for (const rule of rules) {
    if (
      strictest === undefined ||
      STRICTNESS[rule.decision] > STRICTNESS[strictest.decision]
    ) strictest = rule;
  }
  return strictest;
}

export function isMatch(
  rule: PrefixRule,
  words: readonly string[],
  executables: RuleSet["executables"],
): boolean {
  const [program = "", ...rest] = words;
  const [names = [], ...others] = rule.pattern;
  if (others.length > rest.length) return false;
  const folded = (word: string): string =>
    rule.ignoresCase ? word.toLowerCase() : word;
  const isOneOf = (words: readonly string[], word = ""): boolean =>
    words.some((one) => folded(one) === folded(word));
  if (!others.every((words, at) => isOneOf(words, rest[at]))) return false;
  return names.some((name) =>
    isProgram({
      name: folded(name),
      program: folded(program),
      rule,
      executables,
    })
  );
}

// A rule for `git` also holds for the same program called by path. A program of that
// name in some other folder may be anything: it is never allowed by such a rule, but
// what forbids or asks holds for it too.
function isProgram({ name, program, rule, executables }: {
  readonly name: string;
  readonly program: string;
  readonly rule: PrefixRule;
  readonly executables: RuleSet["executables"];
}): boolean {
  if (name === program) return true;
  if (!program.includes("/") || basename(program) !== name) return false;
  if (rule.decision !== "allow") return true;
  const listed = executables.get(name);
  if (listed !== undefined) return listed.includes(program);
  return systemProgram(program) === name;
}

/** What is allowed without asking, for the model: one list of words per rule. */
export function approvedPrefixes(set: RuleSet): readonly (readonly string[])[] {
  return set.rules.filter((rule) => rule.decision === "allow")
    .map((rule) => rule.pattern.map((words) => words.join("|")));
}

/** A rule's pattern as a person reads it: `git push|pull`. */
export function renderPattern(rule: Pick<PrefixRule, "pattern">): string {
  return rule.pattern.map((words) => words.join("|")).join(" ");
}

/** Where a rule stands: `default.rules:3`, with its whole path. */
export function renderSource(rule: PrefixRule): string {
  return `${rule.source.file}:${rule.source.line}`;
}

/** What an allowing rule lets a command do, in a few words. */
export function renderGrant(sandbox: readonly string[] | undefined): string {
  if (sandbox === undefined) return "without the sandbox";
  const parts = sandbox.map((one) =>
    one === "network" ? "with network" : `writing to ${one}`
  );
  return ["in the sandbox", ...parts].join(" ");
}

/** A network rule in words, and what it can do here. */
export function renderNetworkRule(rule: NetworkRule): string {
  const effect = rule.decision === "allow"
    ? "has no effect: the sandbox opens the network to all hosts or to none"
    : rule.decision === "prompt"
    ? "asks before every command that can reach the network"
    : "refuses every command that can reach the network";
  return `${rule.file}:${rule.line}: network_rule() for ${rule.host} ${effect}`;
}

/** The line to append to a rules file, newline included. */
export function renderRule(
  prefix: readonly string[],
  decision: RuleDecision,
  sandbox?: readonly string[],
): string {
  const list = (words: readonly string[]): string =>
    `[${words.map((word) => JSON.stringify(word)).join(", ")}]`;
  const grant = sandbox === undefined ? "" : `, sandbox=${list(sandbox)}`;
  return `prefix_rule(pattern=${
    list(prefix)
  }, decision="${decision}"${grant})\n`;
}

/** One row of `prefix_rules`. */
interface ManagedRule {
  readonly pattern: readonly (
    | { readonly token: string }
    | { readonly any_of: readonly string[] }
  )[];
  readonly decision: "prompt" | "prompt-user" | "forbidden";
  readonly justification?: string | undefined;
}

/** They ask or forbid; the strictest of all rules that match counts, so nothing loosens them. */
export function buildManagedRules(
  rows: readonly ManagedRule[],
  file: string,
): RuleSet {
  const source = { file, line: 1, start: 0, end: 0, isTopLevel: false };
  return {
    ...NO_RULES,
    rules: rows.map(({ pattern, decision, justification }): PrefixRule => ({
      pattern: pattern.map((word) =>
        "token" in word ? [word.token] : word.any_of
      ),
      decision: decision === "forbidden" ? decision : "prompt",
      ...(justification !== undefined && { justification }),
      source,
    })),
  };
}
