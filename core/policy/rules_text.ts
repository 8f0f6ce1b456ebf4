/** Rules as text: for people, and as the line that is saved. */
import type { PrefixRule, RuleDecision } from "./rules.ts";

/** A rule's pattern as a person reads it: `git push|pull`. */
export function renderPattern(rule: Pick<PrefixRule, "pattern">): string {
  return rule.pattern.map((words) => words.join("|")).join(" ");
}

/** Where a rule stands: `default.rules:3`, with its whole path. */
export function renderSource(rule: PrefixRule): string {
  return `${rule.source.file}:${rule.source.line}`;
}

/** The line to append to a rules file, newline included. */
export function renderRule(
  prefix: readonly string[],
  decision: RuleDecision,
): string {
  const words = prefix.map((word) => JSON.stringify(word)).join(", ");
  return `prefix_rule(pattern=[${words}], decision="${decision}")\n`;
}
