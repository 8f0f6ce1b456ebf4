/** Reads the plain subset of shell scripts, and says "cannot tell" to everything else. */

/** How a command is joined to the next one. */
type Joiner = "&&" | "||" | ";" | "|";

export interface ScriptCommand {
  /** Literal `NAME=value` words before the command. */
  readonly assignments: readonly (readonly [name: string, value: string])[];
  /** Exactly what the shell would hand to the command; never empty. */
  readonly words: readonly string[];
  /** What was left out because it does not change what runs: `time`, `2>&1`. */
  readonly folded: readonly string[];
  /** What stands between this command and the next; absent on the last one. */
  readonly joiner?: Joiner;
}

interface Word {
  readonly text: string;
  /** The unquoted start of the word: where the shell looks for `NAME=`. */
  readonly bareStart: string;
}

/** Longer scripts are not looked at: nobody reads them before saying yes either. */
const SCRIPT_CHARS_MAX = 65_536;

// A backslash before a line end vanishes: beside a blank it is one more of them.
const BLANKS = /(?:\\\n)*[ \t](?:[ \t]|\\\n)*/y;
const OPERATOR = /&&|\|\||[;|\n]/y;
/** Blanks, line ends and comments, where a command may begin. */
const LINES = /(?:[ \t\n]|\\\n|(?<![^ \t\n;|&])#[^\n]*)*/y;
const COMMENT = /(?<=[ \t\n;|&]|^)#[^\n]*/y;
// To nowhere, from nowhere, or one output into the other.
const REDIRECTION =
  /(?:(?:\d?>{1,2}|&>|\d?<)[ \t]*\/dev\/null|\d?>&[12])(?=[ \t\n;|&]|$)/y;
// Options of `set` that only say how failures end the script or what is echoed.
const HARMLESS_SET =
  /^set(?: -[eux]+| -[eux]*o (?:pipefail|errexit|nounset|xtrace))+$/;
// Only characters that no common shell treats specially in the middle of a word.
const BARE = /[A-Za-z0-9_./:,+@%=-]+/y;
// Newline and tab are the only control characters that are plain text in quotes.
// deno-lint-ignore no-control-regex
const SINGLE_QUOTED = /'([^'\0-\x08\x0b-\x1f\x7f]*)'(?!')/y;
// deno-lint-ignore no-control-regex
const DOUBLE_QUOTED = /"([^"$`\\!\0-\x08\x0b-\x1f\x7f]*)"/y;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;

// Words that a shell reads as grammar when they stand where a command is expected.
const RESERVED =
  "if then else elif fi for while until do done case esac in select function time coproc always foreach end repeat noglob nocorrect";

// Builtins that read their arguments as code, assign variables, or change how the
// rest of the script is read.
const STATEFUL_BUILTINS =
  "eval . source exec builtin command trap let test [ export declare typeset local readonly integer float private alias unalias set unset setopt unsetopt emulate shopt enable hash read readarray mapfile getopts wait jobs fc bind complete compgen compopt autoload zmodload zparseopts zstyle zformat zregexparse getln disable functions vared sched zle print";

const NOT_PLAIN_COMMANDS: ReadonlySet<string> = new Set(
  `${RESERVED} ${STATEFUL_BUILTINS}`.split(" "),
);

/**
 * The commands of a script of literal words joined by `&&`, `||`, `;` and `|`;
 * undefined when a shell might expand, redirect or substitute anything in it.
 */
export function parseScript(
  script: string,
): readonly ScriptCommand[] | undefined {
  if (script.length > SCRIPT_CHARS_MAX || !script.isWellFormed()) return;
  const text = script.replace(/^[ \t\n]+|[ \t\n]+$/g, "");
  const commands: ScriptCommand[] = [];
  let at = skip(LINES, text, 0);
  while (at < text.length) {
    const { words, redirections, next } = parseWords(text, at);
    const isPiped = commands.at(-1)?.joiner === "|";
    const command = toCommand(words, redirections, isPiped);
    if (command === undefined) return undefined;
    const operator = matchAt(OPERATOR, text, next)?.[0];
    if (operator === undefined) {
      commands.push(command);
      return next === text.length ? commands : undefined;
    }
    const joiner = operator === "\n" ? ";" : operator as Joiner;
    commands.push({ ...command, joiner });
    at = skip(LINES, text, next + operator.length);
  }
  // A script may end in `;`, but not in an operator that waits for a command.
  return commands.at(-1)?.joiner === ";" ? commands : undefined;
}

function parseWords(
  text: string,
  start: number,
): {
  readonly words: readonly Word[];
  readonly redirections: readonly string[];
  readonly next: number;
} {
  const words: Word[] = [];
  const redirections: string[] = [];
  let at = skip(BLANKS, text, start);
  for (;;) {
    const redirection = matchAt(REDIRECTION, text, at)?.[0];
    const word = redirection === undefined ? parseWord(text, at) : undefined;
    if (redirection !== undefined) redirections.push(redirection);
    else if (word === undefined) {
      return { words, redirections, next: skip(COMMENT, text, at) };
    } else words.push(word.word);
    const end = redirection === undefined
      ? word?.next ?? at
      : at + redirection.length;
    at = skip(BLANKS, text, end);
  }
}

function parseWord(
  text: string,
  start: number,
): { readonly word: Word; readonly next: number } | undefined {
  let at = start;
  let value = "";
  let bareStart = "";
  for (;;) {
    const bare = matchAt(BARE, text, at);
    const piece = bare ?? matchAt(SINGLE_QUOTED, text, at) ??
      matchAt(DOUBLE_QUOTED, text, at);
    if (piece === null) break;
    if (at === start && bare !== null) bareStart = bare[0];
    value += piece[1] ?? piece[0];
    at += piece[0].length;
  }
  return at === start
    ? undefined
    : { word: { text: value, bareStart }, next: at };
}

function toCommand(
  all: readonly Word[],
  redirections: readonly string[],
  isPiped: boolean,
): ScriptCommand | undefined {
  // The keyword; behind a pipe it would be a program of that name.
  const isTimed = !isPiped && all[0]?.bareStart === "time" &&
    all[0].text === "time" &&
    /^[^-!]/.test(all[1]?.text ?? "");
  const words = isTimed ? all.slice(1) : all;
  // zsh expands an unquoted leading `=` to the path of a program.
  if (words.some((word) => word.bareStart.startsWith("="))) return undefined;
  const first = words.findIndex((word) => !ASSIGNMENT.test(word.bareStart));
  if (first < 0) return undefined;
  const rest = words.slice(first).map((word) => word.text);
  if (!isPlainCommand(rest)) return undefined;
  return {
    assignments: words.slice(0, first).map(toAssignment),
    words: rest,
    folded: [...(isTimed ? ["time"] : []), ...redirections],
  };
}

function toAssignment(word: Word): readonly [string, string] {
  const at = word.text.indexOf("=");
  return [word.text.slice(0, at), word.text.slice(at + 1)];
}

function isPlainCommand(words: readonly string[]): boolean {
  const [name = "", first = ""] = words;
  // `-` is a modifier of zsh, `%1` resumes a job, `A+=b` assigns.
  if (name === "" || /^[-+%]|=/.test(name)) return false;
  if (name === "set") return HARMLESS_SET.test(words.join(" "));
  if (name === "printf" && first.startsWith("-")) return false;
  return !NOT_PLAIN_COMMANDS.has(name);
}

function skip(pattern: RegExp, text: string, at: number): number {
  return at + (matchAt(pattern, text, at)?.[0].length ?? 0);
}

function matchAt(
  pattern: RegExp,
  text: string,
  at: number,
): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
