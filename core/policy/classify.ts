/** What is known about a command before any policy looks at it: rules, safety, dangers. */
import { findDanger, findScriptDanger, isKnownSafe } from "./command_safety.ts";
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
  rules: RuleSet,
): ClassifiedCommand {
  const split = splitCommand(argv, cwd);
  const readable = split.kind === "argv" || split.kind === "plain";
  const script = readable ? undefined : split.script;
  const segments = split.segments.map((segment) =>
    classifySegment(segment, { rules, readable, script })
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

function classifySegment(
  segment: Segment,
  { rules, readable, script }: {
    readonly rules: RuleSet;
    readonly readable: boolean;
    readonly script: string | undefined;
  },
): ClassifiedSegment {
  const matches = [
    ...matchRules(rules, segment.words),
    ...matchRules(rules, segment.core),
  ];
  const rule = strictestRule(matches);
  const danger = findDanger(segment.words) ??
    (script === undefined ? undefined : findScriptDanger(script));
  return {
    ...segment,
    ...(rule === undefined ? {} : { rule }),
    safe: readable && danger === undefined && isKnownSafe(segment.core),
    ...(danger === undefined ? {} : { danger }),
  };
}
