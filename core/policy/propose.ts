/** Which rules the person may be offered to save, so that the same is not asked again. */
import type { RuleOffer } from "../protocol/policy.ts";
import { decide, type DecideInput } from "./decide.ts";
import { type ClassifiedSegment, classifyCommand } from "./classify.ts";
import { findElsewhere } from "./elsewhere.ts";
import { isFilter } from "./command_safety.ts";
import type { PrefixRule } from "./rules.ts";
import { systemProgram } from "./shell/split.ts";
import { basename } from "../util/path.ts";
import {
  GROUPS,
  NAMES_FIRST,
  NEED_MORE,
  NEVER_OFFERED,
  OUTSIDE_ONLY,
  RUNS_COMMANDS,
  RUNS_NAMED,
  RUNS_NEXT,
  SUBCOMMANDS,
  VERSIONED,
  WHOLE,
} from "./offers.ts";

const NAME = /^[\w@][\w:.@/-]*$/;

/** Whether a prefix is no more than a program that runs what it is told. */
export function runsAnything(prefix: readonly string[]): boolean {
  const [program = "", ...rest] = prefix;
  if (RUNS_COMMANDS.has(basename(program))) return true;
  const started = startedBy(prefix);
  if (started !== undefined) {
    return started.length === 0 || runsAnything(started);
  }
  if (!isNeverOffered(program) && !NEED_MORE.has(basename(program))) {
    return false;
  }
  return rest.every((word) => word === "" || word.startsWith("-"));
}

/** What such a prefix starts, from the first word that is no option; undefined of others. */
function startedBy(prefix: readonly string[]): readonly string[] | undefined {
  const program = basename(prefix[0] ?? "");
  const isOption = (word = ""): boolean => /^-|^$/.test(word);
  const from = prefix.findIndex((word, at) => at > 0 && !isOption(word));
  // What stands behind an option may be its value.
  const ends = [from, ...from > 1 ? [from + 1] : []].flatMap((at) =>
    [2, 1].filter((count) =>
      RUNS_NEXT.has([program, ...prefix.slice(at, at + count)].join(" "))
    ).map((count) => at + count)
  );
  const [end] = ends;
  if (end === undefined) return undefined;
  const at = prefix.findIndex((word, at) => at >= end && !isOption(word));
  return at < 0 ? [] : prefix.slice(at);
}

/**
 * Whether a prefix must not be saved: it runs anything, or names a program by a path
 * that means something else elsewhere.
 */
export function isBannedPrefix(prefix: readonly string[]): boolean {
  return systemProgram(prefix[0] ?? "") === undefined || runsAnything(prefix);
}

/** The beginning of a command that says what it does; undefined where none is known to. */
function shortenPrefix(
  words: readonly string[],
): readonly string[] | undefined {
  const [program = "", verb = "", name = ""] = words;
  if (isModule(words)) return [program, verb, name];
  if (WHOLE.has(program)) return [program];
  if (RUNS_NAMED.get(program) === verb) {
    return NAME.test(name) ? [program, verb, name] : undefined;
  }
  if (GROUPS.get(`${program} ${verb}`)?.has(name)) return [program, verb, name];
  const isKnown = NAMES_FIRST.has(program)
    ? NAME.test(verb) && !isNeverOffered(verb)
    : SUBCOMMANDS.get(program)?.has(verb) === true;
  return isKnown ? [program, verb] : undefined;
}

/**
 * The rules to offer with a question, the narrowest first: for each part that is asked
 * about the model's own prefix if it is any good, else its known beginning, else all of
 * its words. Only rules that settle the whole question; `missing` is what the sandbox was
 * seen to withhold.
 */
export function proposeRules(
  input: DecideInput,
  missing?: readonly string[],
): readonly RuleOffer[] {
  const { action } = input;
  if (action.type !== "command") return [];
  const { kind, hidden, segments } = classifyCommand(
    action.argv,
    action.cwd,
    input,
  );
  if (kind !== "argv" && kind !== "plain") return [];
  // A prefix such as `rm -f x` would also hold for `rm -f x y`.
  const isOpen = segments.every(({ danger, rule }) =>
    danger === undefined && (rule?.decision ?? "allow") === "allow"
  );
  if (hidden !== undefined || !isOpen) return [];
  const unruled = segments.filter(({ rule }) => rule === undefined);
  const needed = unruled.filter(({ core, safe }) =>
    !isFilter(core) && (action.escalated || !safe)
  );
  const asked = needed.length > 0 ? needed : unruled;
  return grantsFor(input, asked, missing).flatMap((sandbox) => {
    const prefixes = asked.map(({ core }) =>
      choosePrefix(core, action.prefixRule)
    );
    const known = prefixes.filter((prefix) => prefix !== undefined);
    const offer = {
      prefixes: unique(known),
      ...(sandbox !== undefined && { sandbox }),
    };
    return known.length === asked.length && settles(input, offer)
      ? [offer]
      : [];
  });
}

// What is worth offering: as narrow as could serve, and none of ours at last.
function grantsFor(
  { action, sandbox }: DecideInput,
  asked: readonly ClassifiedSegment[],
  missing: readonly string[] | undefined,
): readonly (readonly string[] | undefined)[] {
  const isOurs = sandbox.mode === "read-only" ||
    sandbox.mode === "workspace-write";
  if (!isOurs) return [undefined];
  const stays = asked.every(({ core }) =>
    !OUTSIDE_ONLY.has(basename(core[0] ?? ""))
  );
  const isEscalated = action.type === "command" && action.escalated;
  return [
    ...(isEscalated || missing !== undefined ? [] : [[]]),
    ...(!stays
      ? []
      : missing !== undefined
      ? missing.length > 0 ? [missing] : []
      : sandbox.networkAccess
      ? []
      : [["network"]]),
    undefined,
  ];
}

function choosePrefix(
  words: readonly string[],
  proposed: readonly string[] = [],
): readonly string[] | undefined {
  const isBeginning = proposed.every((word, at) => word === words[at]);
  return [isBeginning ? proposed : [], shortenPrefix(words) ?? [], words]
    .find((prefix) =>
      prefix.length > 0 && !isBannedPrefix(prefix) && says(prefix, words) &&
      findElsewhere(words, prefix.length) === undefined &&
      (isModule(prefix) ||
        ![prefix[0], startedBy(prefix)?.[0]].some((one) =>
          isNeverOffered(one ?? "")
        ))
    );
}

// A program alone says too little of what it will be given, unless that is how it is known.
function says(prefix: readonly string[], words: readonly string[]): boolean {
  return prefix.length === words.length || WHOLE.has(prefix[0] ?? "") ||
    prefix.slice(1).some((word) => !/^-|^$/.test(word));
}

// `python -m pytest` says as much as `pytest`.
function isModule([program = "", flag, name = ""]: readonly string[]): boolean {
  return /^python[\d.]*$/.test(program) && flag === "-m" &&
    (WHOLE.has(name) || name === "unittest");
}

function unique(
  prefixes: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const keys = prefixes.map((prefix) => JSON.stringify(prefix));
  return prefixes.filter((_, at) => keys.indexOf(keys[at] ?? "") === at);
}

function isNeverOffered(program: string): boolean {
  const name = basename(program);
  return NEVER_OFFERED.has(name) || RUNS_COMMANDS.has(name) ||
    VERSIONED.test(name);
}

// The command must run as the rule says; with a full sandbox it may have run already.
function settles(input: DecideInput, offer: RuleOffer): boolean {
  const added = offer.prefixes.map((prefix): PrefixRule => ({
    pattern: prefix.map((word) => [word]),
    decision: "allow",
    ...(offer.sandbox !== undefined && { sandbox: offer.sandbox }),
    source: { file: "", line: 1, start: 0, end: 0, isTopLevel: true },
  }));
  const rules = { ...input.rules, rules: [...input.rules.rules, ...added] };
  const verdict = decide({ ...input, rules });
  if (verdict.type !== "run") return false;
  return offer.sandbox === undefined
    ? !verdict.sandboxed
    : offer.sandbox.every((one) => verdict.opens?.includes(one));
}
