/** Takes a command apart into what would really run, where that can be known. */
import { resolvePath } from "../../util/path.ts";
import { parseScript, type ScriptCommand } from "./plain_script.ts";

/**
 * How a command was understood. `argv`: no shell. `plain`: a script of literal words.
 * `heredoc`: one literal command with its input. `opaque`: a script that only the
 * shell understands.
 */
export type SplitKind = "argv" | "plain" | "heredoc" | "opaque";

export interface Segment {
  /** The words as written. */
  readonly words: readonly string[];
  /** The words without harmless wrappers and variables; what "the command" means. */
  readonly core: readonly string[];
}

export interface Split {
  readonly kind: SplitKind;
  /** Where the segments run: the cwd, or where a leading `cd DIR &&` leads. */
  readonly cwd: string;
  readonly segments: readonly Segment[];
  /** What was taken off because it changes nothing, as it was written. */
  readonly folded: readonly string[];
  /** The operators between the segments, to tell `a && b` from `a | b`. */
  readonly joiners: readonly string[];
  /** The script, when a shell reads one. */
  readonly script?: string;
}

// Where a system keeps its programs; anywhere else `bash` may be anything.
const SYSTEM_BIN =
  /^(\/usr\/local|\/usr|\/opt\/homebrew|\/run\/current-system\/sw)?\/s?bin\/([^/]+)$/;

/** The name of a program called by name or from a system folder, else undefined. */
export function systemProgram(program: string): string | undefined {
  if (!program.includes("/")) return program === "" ? undefined : program;
  return SYSTEM_BIN.exec(program)?.[2];
}

/** The script that `bash|zsh|sh -c|-lc SCRIPT` would read, else undefined. */
export function shellScript(argv: readonly string[]): string | undefined {
  const [program = "", flag = "", script] = argv;
  if (argv.length !== 3 || (flag !== "-c" && flag !== "-lc")) return undefined;
  const name = systemProgram(program);
  return name === "bash" || name === "zsh" || name === "sh"
    ? script
    : undefined;
}

/** Takes a command apart. Never fails: what cannot be taken apart is one segment. */
export function splitCommand(argv: readonly string[], cwd: string): Split {
  const script = shellScript(argv);
  if (script === undefined) {
    const { words, wrappers } = unwrapWords(argv);
    // What a wrapper runs may be a shell again: `timeout 5 bash -lc "…"`.
    if (wrappers.length > 0 && shellScript(words) !== undefined) {
      const inner = splitCommand(words, cwd);
      return { ...inner, folded: [...wrappers, ...inner.folded] };
    }
    return single("argv", argv, cwd);
  }
  const commands = parseScript(script);
  if (commands !== undefined && commands.every(hasHarmlessAssignments)) {
    return splitPlain(commands, cwd, script);
  }
  const words = parseHeredoc(script);
  return words === undefined
    ? { ...single("opaque", argv, cwd), script }
    : { ...single("heredoc", words, cwd), script };
}

function single(
  kind: SplitKind,
  words: readonly string[],
  cwd: string,
): Split {
  const { words: core, wrappers } = unwrapWords(words);
  return {
    kind,
    cwd,
    segments: [{ words, core }],
    folded: wrappers,
    joiners: [],
  };
}

function splitPlain(
  commands: readonly ScriptCommand[],
  cwd: string,
  script: string,
): Split {
  const { folder, rest, folded } = foldPrelude(commands, cwd);
  const segments: Segment[] = [];
  for (const command of rest) {
    const { words, wrappers } = unwrapWords(command.words);
    folded.push(
      ...command.assignments.map(([name, value]) => `${name}=${value}`),
    );
    folded.push(...wrappers, ...command.folded);
    segments.push({ words: command.words, core: words });
  }
  const joiners = rest.slice(0, -1).map((command) => command.joiner ?? ";");
  return { kind: "plain", cwd: folder, segments, folded, joiners, script };
}

// `cd DIR && …` is another way to say where the rest runs. After `;` the rest would
// also run when there is no DIR, unless `set -e` came first.
function foldPrelude(
  commands: readonly ScriptCommand[],
  cwd: string,
): { folder: string; rest: readonly ScriptCommand[]; folded: string[] } {
  const folded: string[] = [];
  let folder = cwd;
  let at = 0;
  let endsOnFailure = false;
  for (; at < commands.length - 1; at++) {
    const { words = [], joiner } = commands[at] ?? {};
    if (joiner !== "&&" && joiner !== ";") break;
    if (words[0] === "set") {
      endsOnFailure ||= words.some((word) => /^(-[ux]*e|errexit$)/.test(word));
    } else if (isCd(commands[at]) && (joiner === "&&" || endsOnFailure)) {
      folder = resolvePath(folder, words[1] ?? ".");
    } else break;
    folded.push(words.join(" "));
  }
  return { folder, rest: commands.slice(at), folded };
}

// Only a folder that is named outright: no option, no `-`, no bare `cd`.
function isCd(command: ScriptCommand | undefined): boolean {
  if (command === undefined) return false;
  const [name, dir = "", ...more] = command.words;
  return name === "cd" && more.length === 0 && /^[\w./]/.test(dir) &&
    command.assignments.length === 0;
}

function hasHarmlessAssignments(command: ScriptCommand): boolean {
  return command.assignments.every(([name]) => isHarmlessVariable(name));
}

/**
 * The words of one literal command that reads a here-document and nothing else. The
 * body must be literal too: a quoted delimiter, or nothing in it that expands.
 */
function parseHeredoc(script: string): readonly string[] | undefined {
  const match = /^([^\n<]+)<<[ \t]*(['"]?)([A-Za-z_]\w*)\2[ \t]*\n([^]*)$/.exec(
    script,
  );
  if (match === null) return undefined;
  const [, head = "", quote = "", delimiter = "", body = ""] = match;
  // In a comment `<<` means nothing, and what follows would be commands.
  if (head.includes("#")) return undefined;
  const commands = parseScript(head);
  const command = commands?.[0];
  if (commands?.length !== 1 || command?.joiner !== undefined) return undefined;
  if (command === undefined || command.assignments.length > 0) return undefined;
  const lines = body.split("\n");
  const end = lines.indexOf(delimiter);
  const after = lines.slice(end + 1).join("");
  if (end < 0 || after.trim() !== "") return undefined;
  if (quote === "" && /[$`\\]/.test(lines.slice(0, end).join("\n"))) return;
  return command.words;
}

interface Unwrapped {
  /** The command itself; never empty. */
  readonly words: readonly string[];
  /** What was taken off, in order, as it was written. */
  readonly wrappers: readonly string[];
}

// How a wrapper reads its own words: flags that stand alone, flags with a value,
// and how many plain words come before the command.
interface WrapperGrammar {
  readonly flags: RegExp;
  readonly valueFlags: RegExp;
  readonly operands: number;
}

const NONE = /^$/;

const WRAPPERS: Readonly<Record<string, WrapperGrammar>> = {
  timeout: {
    flags:
      /^(--preserve-status|--foreground|-v|--verbose|--kill-after=[\w.]+|--signal=\w+|-k[\d.]+[smhd]?|-s\w+)$/,
    valueFlags: /^(-k|-s)$/,
    operands: 1,
  },
  nice: {
    flags: /^(-n-?\d+|-\d+|--adjustment=-?\d+)$/,
    valueFlags: /^-n$/,
    operands: 0,
  },
  ionice: { flags: /^(-t|-c\d|-n\d)$/, valueFlags: /^(-c|-n)$/, operands: 0 },
  nohup: { flags: NONE, valueFlags: NONE, operands: 0 },
  stdbuf: { flags: /^-[ioe][L\d]\w*$/, valueFlags: /^-[ioe]$/, operands: 0 },
};

// Variables that change how a program talks, not what it does. Everything else
// (PATH, LD_PRELOAD, GIT_SSH_COMMAND, NODE_OPTIONS, …) makes it another command.
const HARMLESS_VARIABLES =
  /^(CI|TZ|LANG|LANGUAGE|LC_[A-Z]+|TERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE|COLORTERM|CARGO_TERM_COLOR|RUST_BACKTRACE|RUST_LOG|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|NODE_ENV|DEBUG|VERBOSE)$/;

/** Whether setting this variable leaves a command what it is. */
function isHarmlessVariable(name: string): boolean {
  return HARMLESS_VARIABLES.test(name);
}

/** Takes harmless wrappers off a command; the command itself when there are none. */
function unwrapWords(words: readonly string[]): Unwrapped {
  const wrappers: string[] = [];
  let rest = words;
  for (;;) {
    const size = wrapperSize(rest);
    if (size === 0 || size >= rest.length) return { words: rest, wrappers };
    wrappers.push(rest.slice(0, size).join(" "));
    rest = rest.slice(size);
  }
}

// How many words at the start belong to a wrapper; 0 when the first is none, or
// when it says something we do not know.
function wrapperSize(words: readonly string[]): number {
  const name = words[0] ?? "";
  if (name === "env") return envSize(words);
  const grammar = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (grammar === undefined) return 0;
  let at = 1;
  while (words[at]?.startsWith("-")) {
    const flag = words[at] ?? "";
    if (flag === "--") {
      at++;
      break;
    }
    if (grammar.valueFlags.test(flag)) at += 2;
    else if (grammar.flags.test(flag)) at++;
    else return 0;
  }
  const operands = words.slice(at, at + grammar.operands);
  return operands.every((word) => /^[\d.]+[smhd]?$/.test(word))
    ? at + grammar.operands
    : 0;
}

// `env` with an option (`-S`, `-C`, `-u`) is not taken apart.
function envSize(words: readonly string[]): number {
  let at = 1;
  for (;; at++) {
    const name = /^([A-Za-z_]\w*)=/.exec(words[at] ?? "")?.[1];
    if (name === undefined) break;
    if (!isHarmlessVariable(name)) return 0;
  }
  return words[at]?.startsWith("-") ? 0 : at;
}
