/** From words and flags to a command line, with the checks the parser library lacks. Pure. */
import type {
  CommandLine,
  CommandName,
  Flags,
} from "../../contract/command_line.ts";
import { usageError, type UserError } from "../../protocol/error.ts";
import { closestWord } from "../../util/text/similar.ts";
import { commandNames, COMMANDS } from "../../contract/commands.ts";
import { nameOf, refuseMistypedCommand, wordsBelow } from "./meant.ts";

/** An argument vector taken apart at the first `--`. */
interface SplitArgv {
  readonly head: readonly string[];
  /** Words only, never flags or commands. */
  readonly rest: readonly string[];
}

const IMAGE_FLAG = /^(-i|--image)$/;
const IMAGE_NAME = /\.(png|jpe?g|gif|webp|bmp)$/i;

/** Splits at `--`, and gives every image after `-i` a flag of its own. */
export function splitArgv(argv: readonly string[]): SplitArgv {
  const at = argv.indexOf("--");
  const words = at < 0 ? argv : argv.slice(0, at);
  const head: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    head.push(word);
    if (!IMAGE_FLAG.test(word) || i + 1 >= words.length) continue;
    head.push(words[++i] ?? "");
    // `-i a.png b.png "what is this"`: what looks like an image is one.
    while (IMAGE_NAME.test(words[i + 1] ?? "")) {
      head.push(word, words[++i] ?? "");
    }
  }
  return { head, rest: at < 0 ? [] : argv.slice(at + 1) };
}

/** What the parser found: the words, and the flags of each level from the root. */
interface ParsedWords {
  readonly words: readonly string[];
  /** What came after `--`. */
  readonly rest: readonly string[];
  readonly levels: readonly Flags[];
}

/** The command line, complete and checked. Throws UserError. */
export function buildCommandLine(
  path: readonly string[],
  parsed: ParsedWords,
): CommandLine {
  const words = [...parsed.words, ...parsed.rest];
  const command = commandOf(path, words[0]);
  const spec = COMMANDS[command];
  const flags = mergeFlags(parsed.levels);
  if (command === "repl" || command === "exec") {
    refuseMistypedCommand(path, parsed.words);
  }
  const { args, left } = takeArgs(command, words, flags);
  const promptWords = spec.prompt === undefined ? 0 : 1;
  if (left.length > promptWords) {
    throw tooMany(command, left.slice(promptWords));
  }
  checkFlags(command, flags);
  const [prompt] = left;
  return { command, args, flags, ...(prompt !== undefined && { prompt }) };
}

/** The error behind one that the parser library reports. */
export function parserError(
  path: readonly string[],
  error: { readonly code: string; readonly message: string },
  spellings: readonly string[],
): UserError {
  const name = nameOf(path.join(" "));
  const flag = /'(-[^' ,]*)/.exec(error.message)?.[1] ?? "";
  if (error.code === "commander.unknownOption") {
    const close = closestWord(flag, spellings.filter((one) => one.length > 2));
    const hint = close === undefined ? "" : `, did you mean ${close}`;
    return usageError(`Cannot use ${flag}: ${name} has no such flag${hint}`);
  }
  if (error.code === "commander.optionMissingArgument") {
    return usageError(`Cannot use ${flag}: its value is missing`);
  }
  return cannotRun(path.join(" "), error.message);
}

function commandOf(
  path: readonly string[],
  word: string | undefined,
): CommandName {
  const words = path.join(" ");
  if (words === "") return "repl";
  if (words === "review") return "exec review";
  const command = commandNames().find((name) => name === words);
  if (command !== undefined) return command;
  const known = wordsBelow(path);
  const close = word === undefined ? undefined : closestWord(word, known);
  const state = word === undefined
    ? "its command is missing"
    : `unknown command ${JSON.stringify(word)}`;
  const hint = close === undefined ? "" : `; did you mean ${close}`;
  const names = known.join(", ");
  throw cannotRun(words, `${state}, must be one of ${names}${hint}`);
}

// Flags after a command override those before it; lists are joined, the earlier first.
function mergeFlags(levels: readonly Flags[]): Flags {
  const merged: Record<string, unknown> = {};
  for (const level of levels) {
    for (const [name, value] of Object.entries(level)) {
      const before = merged[name];
      merged[name] = Array.isArray(before) && Array.isArray(value)
        ? [...before, ...value]
        : value;
    }
  }
  return merged as Flags;
}

function takeArgs(
  command: CommandName,
  words: readonly string[],
  flags: Flags,
): { args: string[]; left: readonly string[] } {
  const spec = COMMANDS[command];
  const args: string[] = [];
  let left = words;
  for (const arg of spec.args) {
    // `resume --last PROMPT`: the session is named by the flag.
    if (arg.name === "ID" && flags.last && spec.flags.includes("last")) {
      continue;
    }
    const taken = arg.count === "rest" ? left : left.slice(0, 1);
    if (taken.length === 0 && arg.isRequired) {
      throw cannotRun(command, `${arg.name} is missing (${arg.help})`);
    }
    const odd = taken.find((word) => arg.choices?.includes(word) === false);
    if (odd !== undefined) {
      const state = `${arg.name} is ${JSON.stringify(odd)}`;
      const wanted = `must be one of ${arg.choices?.join(", ")}`;
      throw cannotRun(command, `${state}, ${wanted}`);
    }
    args.push(...taken);
    left = left.slice(taken.length);
  }
  return { args, left };
}

// A flag without effect is a mistake: it must not pass in silence.
function checkFlags(command: CommandName, flags: Flags): void {
  const refuse = (text: string): never => {
    throw cannotRun(command, text);
  };
  const { record, replay } = flags;
  if (flags.replayMode !== undefined && (replay ?? record) === undefined) {
    refuse("--replay-mode needs --replay or --record");
  }
  if (flags.replayTiming !== undefined && replay === undefined) {
    refuse("--replay-timing needs --replay");
  }
  if (flags.dryRun && flags.yes) {
    refuse("--dry-run and --yes exclude each other: a dry run asks nothing");
  }
  const isExec = command === "exec" || command.startsWith("exec ");
  if (!isExec) return;
  const { approvals } = flags;
  if (flags.json && flags.outputFormat !== undefined) {
    refuse("--json and --output-format exclude each other");
  }
  if (!flags.json) {
    if (flags.events !== undefined) refuse("--events needs --json");
    if (flags.deltas) refuse("--deltas needs --json");
    if (flags.input === "jsonl") refuse("--input jsonl needs --json");
  }
  if (flags.quiet && flags.verbose) {
    refuse("--quiet and --verbose exclude each other");
  }
  if (flags.stage && (record ?? replay) !== undefined) {
    refuse("--stage excludes --record and --replay: git works by itself there");
  }
  if (flags.plan && flags.acceptPlan) {
    refuse("--plan and --accept-plan exclude each other");
  }
  if (flags.until === undefined) {
    if (flags.maxRounds !== undefined) refuse("--max-rounds needs --until");
    if (flags.untilTimeoutMs !== undefined) {
      refuse("--until-timeout needs --until");
    }
  } else if (flags.until.trim() === "") {
    refuse("--until is empty, must be a command");
  } else if (flags.plan) {
    refuse("--plan and --until exclude each other: a plan changes nothing");
  }
  if (flags.input === "jsonl" && flags.stdin) {
    refuse("--stdin and --input jsonl exclude each other");
  }
  if (approvals !== undefined && !/^(deny|exec:.+)$/s.test(approvals)) {
    refuse(
      `--approvals is ${JSON.stringify(approvals)}, must be exec:CMD or deny`,
    );
  }
  const aims = [flags.uncommitted, flags.base, flags.commit]
    .filter((aim) => aim !== undefined);
  if (aims.length > 1) {
    refuse("--uncommitted, --base and --commit exclude each other");
  }
}

function tooMany(command: CommandName, words: readonly string[]): UserError {
  const hint = COMMANDS[command].prompt === undefined
    ? ""
    : "; put a prompt of several words in quotes";
  const what = words.length === 1 ? "argument" : "arguments";
  const shown = words.map((word) => JSON.stringify(word)).join(" ");
  return cannotRun(command, `unexpected ${what} ${shown}${hint}`);
}

function cannotRun(command: string, state: string): UserError {
  return usageError(`Cannot run ${nameOf(command)}: ${state}`);
}
