/** Which prefix the person may be offered to save, so that the same is not asked again. */
import type { Action } from "../protocol/policy.ts";
import { decide, type DecideInput } from "./decide.ts";
import { judgeCommand, type JudgedSegment } from "./judge.ts";
import type { PrefixRule } from "./rules.ts";
import { systemProgram } from "./split.ts";
import { basename } from "../util/path.ts";

// Programs that run whatever they are told: a rule for one of them alone, or with
// nothing but an option, allows everything.
const RUNS_ANYTHING = new Set(
  ("bash sh zsh dash ksh fish csh tcsh pwsh powershell cmd " +
    "python python2 python3 pythonw pypy pypy3 node deno bun perl ruby php lua " +
    "osascript tclsh Rscript env sudo doas su xargs nice nohup timeout time " +
    "command exec builtin eval busybox ssh docker podman kubectl npx bunx uvx " +
    "pipx find awk gawk mawk sed vi vim emacs ed git rm dd tee cp mv make")
    .split(
      " ",
    ),
);
const VERSIONED = /^(python|pypy|ruby|perl|php|lua|node)[\d.]+$/;

/** Whether a prefix is no more than a program that runs what it is told. */
export function runsAnything(prefix: readonly string[]): boolean {
  const [program = "", ...rest] = prefix;
  const name = basename(program);
  if (!RUNS_ANYTHING.has(name) && !VERSIONED.test(name)) return false;
  return rest.every((word) => word === "" || word.startsWith("-"));
}

/**
 * Whether a prefix must not be saved: it runs anything, or names a program by a path
 * that means something else elsewhere.
 */
export function isBannedPrefix(prefix: readonly string[]): boolean {
  return systemProgram(prefix[0] ?? "") === undefined || runsAnything(prefix);
}

/**
 * The prefix to offer with a question: the model's own if it is any good, else the
 * first part that was asked about. Only one that settles the whole question.
 */
export function proposePrefix(
  input: DecideInput,
): readonly string[] | undefined {
  const { action } = input;
  if (action.type !== "command") return undefined;
  const judged = judgeCommand(action.argv, action.cwd, input.rules);
  if (judged.kind !== "argv" && judged.kind !== "plain") return undefined;
  if (judged.hidden !== undefined) return undefined;
  // A prefix such as `rm -f x` would also hold for `rm -f x y`.
  if (judged.segments.some((part) => part.danger ?? part.rule)) {
    return undefined;
  }
  const own = action.prefixRule ?? [];
  if (own.length > 0 && settles(input, own)) return own;
  const asked = judged.segments.find((part) => isAsked(part, action));
  const words = asked?.core ?? [];
  return words.length > 0 && settles(input, words) ? words : undefined;
}

function isAsked(
  segment: JudgedSegment,
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
