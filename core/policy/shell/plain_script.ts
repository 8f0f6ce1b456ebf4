/** Reads the plain subset of shell scripts, and says "cannot tell" to everything else. */

/** How a command is joined to the next one. */
type Joiner = "&&" | "||" | ";" | "|";

export interface ScriptCommand {
  /** Literal `NAME=value` words before the command. */
  readonly assignments: readonly (readonly [name: string, value: string])[];
  /** Exactly what the shell would hand to the command; never empty. */
  readonly words: readonly string[];
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

const BLANKS = /[ \t]+/y;
const OPERATOR = /&&|\|\||;|\|/y;
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
  let at = 0;
  while (at < text.length) {
    const { words, next } = parseWords(text, at);
    const command = toCommand(words);
    if (command === undefined) return undefined;
    const joiner = matchAt(OPERATOR, text, next)?.[0] as Joiner | undefined;
    commands.push(joiner === undefined ? command : { ...command, joiner });
    if (joiner === undefined) {
      return next === text.length ? commands : undefined;
    }
    at = next + joiner.length;
  }
  return closesWell(commands) ? commands : undefined;
}

/** The words of every command of a plain script; also no assignment is plain. */
export function parsePlainScript(
  script: string,
): readonly (readonly string[])[] | undefined {
  const commands = parseScript(script);
  if (commands === undefined) return undefined;
  if (commands.some((command) => command.assignments.length > 0)) return;
  return commands.map((command) => command.words);
}

// A script may end in `;`, but not in an operator that waits for a command.
function closesWell(commands: readonly ScriptCommand[]): boolean {
  return commands.at(-1)?.joiner === ";";
}

function parseWords(
  text: string,
  start: number,
): { readonly words: readonly Word[]; readonly next: number } {
  const words: Word[] = [];
  let at = skipBlanks(text, start);
  for (;;) {
    const word = parseWord(text, at);
    if (word === undefined) return { words, next: at };
    words.push(word.word);
    at = skipBlanks(text, word.next);
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

function toCommand(words: readonly Word[]): ScriptCommand | undefined {
  // zsh expands an unquoted leading `=` to the path of a program.
  if (words.some((word) => word.bareStart.startsWith("="))) return undefined;
  const first = words.findIndex((word) => !ASSIGNMENT.test(word.bareStart));
  if (first < 0) return undefined;
  const rest = words.slice(first).map((word) => word.text);
  if (!isPlainCommand(rest)) return undefined;
  return { assignments: words.slice(0, first).map(toAssignment), words: rest };
}

function toAssignment(word: Word): readonly [string, string] {
  const at = word.text.indexOf("=");
  return [word.text.slice(0, at), word.text.slice(at + 1)];
}

function isPlainCommand(words: readonly string[]): boolean {
  const [name = "", first = ""] = words;
  // `-` is a modifier of zsh, `%1` resumes a job, `A+=b` assigns.
  if (name === "" || /^[-+%]|=/.test(name)) return false;
  if (name === "printf" && first.startsWith("-")) return false;
  return !NOT_PLAIN_COMMANDS.has(name);
}

function skipBlanks(text: string, at: number): number {
  return at + (matchAt(BLANKS, text, at)?.[0].length ?? 0);
}

function matchAt(
  pattern: RegExp,
  text: string,
  at: number,
): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
