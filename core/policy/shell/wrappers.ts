/** Words in front of a command that leave the command what it is: `env`, `timeout 5`, `nice`. */

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
export function isHarmlessVariable(name: string): boolean {
  return HARMLESS_VARIABLES.test(name);
}

/** Takes harmless wrappers off a command; the command itself when there are none. */
export function unwrapWords(words: readonly string[]): Unwrapped {
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
