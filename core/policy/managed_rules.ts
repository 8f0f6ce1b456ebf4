/** `[rules]` of managed policy as prefix rules. Pure. */
import { NO_RULES, type PrefixRule, type RuleSet } from "./rules.ts";

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
  const source = {
    file,
    line: 1,
    column: 1,
    start: 0,
    end: 0,
    isTopLevel: false,
  };
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
