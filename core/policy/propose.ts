/** Which rules the person may be offered to save, so that the same is not asked again. */
import type { RuleOffer } from "../protocol/policy.ts";
import { decide, type DecideInput } from "./decide.ts";
import { type ClassifiedSegment, classifyCommand } from "./classify.ts";
import { findElsewhere } from "./elsewhere.ts";
import { isFilter } from "./command_safety.ts";
import type { PrefixRule } from "./rules.ts";
import { systemProgram } from "./shell/split.ts";
import { basename } from "../util/path.ts";

// Shells, interpreters and programs that start others, or destroy: a longer prefix says
// no more about what they will do, so none is offered.
const NEVER_OFFERED = wordSet(
  "bash sh zsh dash ksh fish csh tcsh pwsh powershell cmd " +
    "python python2 python3 pythonw pypy pypy3 node perl ruby php lua java " +
    "osascript tclsh Rscript jshell groovy scala guile sqlite3 psql mysql " +
    "expect busybox ssh scp sftp rsync socat nc ncat tar cpio zip find fd " +
    "awk gawk mawk sed vi vim nvim emacs ed less more man top rm dd tee cp mv " +
    // The shell's own words: no program of that name is meant.
    ". source exit export set trap alias",
);
// Those that run the very command behind their own words: not even saved.
const RUNS_COMMANDS = wordSet(
  "env sudo doas su runuser pkexec xargs parallel nice ionice chrt taskset " +
    "nohup timeout time command exec builtin eval stdbuf setsid setarch " +
    "setpriv unshare nsenter chroot bwrap firejail proot fakeroot flock script " +
    "screen tmux watch entr strace ltrace gdb lldb valgrind perf prlimit " +
    "capsh systemd-run at batch crontab ld.so",
);
// Programs whose next words say what they do: a rule for one of them alone, or with
// nothing but an option, allows everything.
const NEED_MORE = wordSet(
  "git make just deno bun npm pnpm yarn npx bunx uvx uv pipx pip pip3 poetry " +
    "pdm conda gem bundle composer brew apt apt-get dnf apk cargo go dotnet " +
    "mvn gradle docker podman kubectl gh glab terraform aws gcloud az",
);
const VERSIONED = /^(python|pypy|ruby|perl|php|lua|node)[\d.]+$/;

// Subcommands that mean the same whatever follows them, by program.
const SUBCOMMANDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["git", wordSet("add commit fetch pull")],
  ["cargo", wordSet("bench build check clippy doc fetch fmt nextest test")],
  ["go", wordSet("build fmt test vet")],
  ["deno", wordSet("check fmt lint test")],
  ["npm", wordSet("ci test")],
  ["pnpm", wordSet("test")],
  ["yarn", wordSet("test")],
  ["bun", wordSet("test")],
  ["dotnet", wordSet("build restore test")],
  ["gradle", wordSet("assemble build check test")],
  ["mvn", wordSet("compile package test verify")],
  ["docker", wordSet("build images inspect logs ps pull version")],
  ["podman", wordSet("build images inspect logs ps pull version")],
  ["playwright", wordSet("test")],
]);
// Those where one more word says it.
const GROUPS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["gh issue", wordSet("comment create list status view")],
  ["gh pr", wordSet("checks comment create diff list status view")],
  ["gh release", wordSet("list view")],
  ["gh repo", wordSet("list view")],
  ["gh run", wordSet("list view watch")],
  ["gh workflow", wordSet("list view")],
  ["docker compose", wordSet("build config down logs ps pull up")],
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
const NAMES_FIRST = wordSet("make just npx bunx uvx");
// Test runners, compilers, checkers: the words that follow choose files.
const WHOLE = wordSet(
  "pytest tox nox jest vitest mocha ava rspec phpunit ctest tsc eslint " +
    "prettier biome ruff black mypy pyright flake8 shellcheck rubocop",
);
const NAME = /^[\w@][\w:.@/-]*$/;
// What reaches its service by a socket, a key ring or the repository's own files: no
// opening of the sandbox serves it.
const OUTSIDE_ONLY = wordSet("git docker podman gh glab");

/** Whether a prefix is no more than a program that runs what it is told. */
export function runsAnything(prefix: readonly string[]): boolean {
  const [program = "", ...rest] = prefix;
  if (RUNS_COMMANDS.has(basename(program))) return true;
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
      prefix.length > 0 && !isBannedPrefix(prefix) &&
      findElsewhere(words, prefix.length) === undefined &&
      (isModule(prefix) || !isNeverOffered(prefix[0] ?? ""))
    );
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

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

// The command must run as the rule says; with a full sandbox it may have run already.
function settles(input: DecideInput, offer: RuleOffer): boolean {
  const added = offer.prefixes.map((prefix): PrefixRule => ({
    pattern: prefix.map((word) => [word]),
    decision: "allow",
    ...(offer.sandbox !== undefined && { sandbox: offer.sandbox }),
    source: {
      file: "",
      line: 1,
      column: 1,
      start: 0,
      end: 0,
      isTopLevel: true,
    },
  }));
  const rules = { ...input.rules, rules: [...input.rules.rules, ...added] };
  const verdict = decide({ ...input, rules });
  if (verdict.type !== "run") return false;
  return offer.sandbox === undefined
    ? !verdict.sandboxed
    : offer.sandbox.every((one) => verdict.opens?.includes(one));
}
