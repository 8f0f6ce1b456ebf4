/** Which prefix the person may be offered to save, so that the same is not asked again. */
import type { Action } from "../protocol/policy.ts";
import { decide, type DecideInput } from "./decide.ts";
import { type ClassifiedSegment, classifyCommand } from "./classify.ts";
import type { PrefixRule } from "./rules.ts";
import { systemProgram } from "./shell/split.ts";
import { basename } from "../util/path.ts";

// Programs that run whatever they are told, or destroy it: a longer prefix says no more
// about what they will do, so none is offered.
const NEVER_OFFERED = wordSet(
  "bash sh zsh dash ksh fish csh tcsh pwsh powershell cmd " +
    "python python2 python3 pythonw pypy pypy3 node perl ruby php lua " +
    "osascript tclsh Rscript env sudo doas su xargs nice nohup timeout time " +
    "command exec builtin eval busybox ssh find awk gawk mawk sed " +
    "vi vim emacs ed rm dd tee cp mv " +
    // The shell's own words: no program of that name is meant.
    ". source exit export set trap alias",
);
// Programs whose next words say what they do: a rule for one of them alone, or with
// nothing but an option, allows everything.
const NEED_MORE = wordSet(
  "git make deno bun npx bunx uvx pipx docker podman kubectl",
);
const VERSIONED = /^(python|pypy|ruby|perl|php|lua|node)[\d.]+$/;

// Subcommands that mean the same whatever follows them, by program.
const SUBCOMMANDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["git", wordSet("add commit fetch pull")],
  ["cargo", wordSet("bench build check clippy doc fmt test")],
  ["go", wordSet("build fmt test vet")],
  ["deno", wordSet("check fmt lint")],
  ["npm", wordSet("ci test")],
  ["pnpm", wordSet("test")],
  ["yarn", wordSet("test")],
  ["bun", wordSet("test")],
  ["dotnet", wordSet("build restore test")],
  ["gradle", wordSet("assemble build check test")],
  ["mvn", wordSet("compile package test verify")],
]);
// Those that run what a file of the project calls by the next word.
const RUNS_NAMED: ReadonlyMap<string, string> = new Map([
  ["npm", "run"],
  ["pnpm", "run"],
  ["yarn", "run"],
  ["bun", "run"],
  ["deno", "task"],
]);
// Those that need no word in between.
const NAMES_FIRST = wordSet("make just");
const NAME = /^[\w][\w:.-]*$/;

/** Whether a prefix is no more than a program that runs what it is told. */
export function runsAnything(prefix: readonly string[]): boolean {
  const [program = "", ...rest] = prefix;
  if (!isNeverOffered(program) && !NEED_MORE.has(basename(program))) {
    return false;
  }
  return rest.every((word) => word === "" || word.startsWith("-"));
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
  const isNamed = NAME.test(name);
  if (RUNS_NAMED.get(program) === verb) {
    return isNamed ? [program, verb, name] : undefined;
  }
  const isKnown = NAMES_FIRST.has(program)
    ? NAME.test(verb)
    : SUBCOMMANDS.get(program)?.has(verb) === true;
  return isKnown ? [program, verb] : undefined;
}

/**
 * The prefix to offer with a question: the model's own if it is any good, else the
 * known beginning of the first part that was asked about, else all of its words. Only
 * one that settles the whole question.
 */
export function proposePrefix(
  input: DecideInput,
): readonly string[] | undefined {
  const { action } = input;
  if (action.type !== "command") return undefined;
  const classified = classifyCommand(action.argv, action.cwd, input.rules);
  if (classified.kind !== "argv" && classified.kind !== "plain") {
    return undefined;
  }
  if (classified.hidden !== undefined) return undefined;
  // A prefix such as `rm -f x` would also hold for `rm -f x y`.
  if (classified.segments.some((part) => part.danger ?? part.rule)) {
    return undefined;
  }
  const asked = classified.segments.find((part) => isAsked(part, action));
  const words = asked?.core ?? [];
  const candidates = [
    action.prefixRule ?? [],
    shortenPrefix(words) ?? [],
    words,
  ];
  return candidates.find((prefix) =>
    prefix.length > 0 && !isNeverOffered(prefix[0] ?? "") &&
    settles(input, prefix)
  );
}

function isNeverOffered(program: string): boolean {
  const name = basename(program);
  return NEVER_OFFERED.has(name) || VERSIONED.test(name);
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

function isAsked(
  segment: ClassifiedSegment,
  action: Extract<Action, { readonly type: "command" }>,
): boolean {
  return action.escalated || !segment.safe;
}

function settles(input: DecideInput, prefix: readonly string[]): boolean {
  if (isBannedPrefix(prefix)) return false;
  const rule: PrefixRule = {
    pattern: prefix.map((word) => [word]),
    decision: "allow",
    source: { file: "", line: 1, column: 1, start: 0, end: 0 },
  };
  const rules = { ...input.rules, rules: [...input.rules.rules, rule] };
  return decide({ ...input, rules }).type === "run";
}
