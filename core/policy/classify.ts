/** What is known about a command before any policy looks at it: rules, safety, dangers. */
import { isInside, resolvePath } from "../util/path.ts";
import { findDanger, findScriptDanger, isKnownSafe } from "./command_safety.ts";
import { findElsewhere } from "./elsewhere.ts";
import {
  matchRules,
  type PrefixRule,
  type RuleSet,
  strictestRule,
} from "./rules.ts";
import { nestedCommands, scanScript } from "./shell/scan.ts";
import {
  type Segment,
  shellScript,
  type Split,
  splitCommand,
} from "./shell/split.ts";

export interface ClassifiedSegment extends Segment {
  /** The strictest rule that matches, with or without the wrappers. */
  readonly rule?: PrefixRule;
  /** An allowing rule for these words that does not hold here. */
  readonly unheld?: PrefixRule;
  /** Only reads, as far as its words tell. */
  readonly safe: boolean;
  /** Why it is dangerous, in words. */
  readonly danger?: string;
}

export interface ClassifiedCommand extends Omit<Split, "segments"> {
  readonly segments: readonly ClassifiedSegment[];
  /** The strictest asking or forbidding rule that matches anything nested inside. */
  readonly hidden?: PrefixRule;
}

/** Takes a command apart and says what rules and tables know about each part. */
export function classifyCommand(
  argv: readonly string[],
  cwd: string,
  { rules, workspace }: {
    readonly rules: RuleSet;
    /** Where rules that allow hold. */
    readonly workspace: string;
  },
): ClassifiedCommand {
  const split = splitCommand(argv, cwd);
  const readable = split.kind === "argv" || split.kind === "plain";
  const script = readable ? undefined : split.script;
  const segments = split.segments.map((segment) =>
    classifySegment(segment, {
      rules,
      holds: (rule, words) =>
        rule.decision !== "allow" ||
        holds(rule, words, { cwd: split.cwd, workspace }),
      readable,
      script,
    })
  );
  // The whole of it once more, so that nothing escapes by having been folded away.
  const isScript = shellScript(argv) !== undefined;
  const nested = [
    ...nestedCommands(argv).slice(isScript ? 1 : 0),
    ...(script === undefined ? [] : scanScript(script)),
  ];
  const hidden = strictestRule(
    nested.flatMap((words) => matchRules(rules, words))
      .filter((rule) => rule.decision !== "allow"),
  );
  return {
    ...split,
    segments,
    ...(hidden === undefined ? {} : { hidden }),
  };
}

// What was allowed was seen in the workspace. In another folder, or with an argument that
// leads to one or names a program, the same words do something else; below the workspace
// a repository of its own may have hooks, so only what stays in the sandbox holds there.
function holds(
  rule: PrefixRule,
  words: readonly string[],
  { cwd, workspace }: { readonly cwd: string; readonly workspace: string },
): boolean {
  const folder = resolvePath(workspace, cwd);
  const isThere = rule.sandbox === undefined
    ? folder === resolvePath("/", workspace)
    : isInside(folder, workspace);
  return isThere && findElsewhere(words, rule.pattern.length) === undefined;
}

/** Whether all of a command is known to do nothing but read. */
export function onlyReads(argv: readonly string[], cwd: string): boolean {
  const { kind, segments } = splitCommand(argv, cwd);
  return (kind === "argv" || kind === "plain") && segments.length > 0 &&
    segments.every(({ core }) =>
      findDanger(core) === undefined && isKnownSafe(core)
    );
}

function classifySegment(
  segment: Segment,
  { rules, holds, readable, script }: {
    readonly rules: RuleSet;
    readonly holds: (rule: PrefixRule, words: readonly string[]) => boolean;
    readonly readable: boolean;
    readonly script: string | undefined;
  },
): ClassifiedSegment {
  const matches = [segment.words, segment.core].flatMap((words) =>
    matchRules(rules, words).map((rule) => ({
      rule,
      isHeld: holds(rule, words),
    }))
  );
  const rule = strictestRule(
    matches.filter(({ isHeld }) => isHeld).map((match) => match.rule),
  );
  const unheld = matches.find(({ isHeld }) => !isHeld)?.rule;
  const danger = findDanger(segment.words) ??
    (script === undefined ? undefined : findScriptDanger(script));
  return {
    ...segment,
    ...(rule !== undefined ? { rule } : unheld === undefined ? {} : { unheld }),
    safe: readable && danger === undefined && isKnownSafe(segment.core),
    ...(danger === undefined ? {} : { danger }),
  };
}
