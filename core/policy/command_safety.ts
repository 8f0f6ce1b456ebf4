/** Commands known to do nothing but read, and commands known to destroy. */
import { nestedCommands, scanScript } from "./shell/scan.ts";
import { systemProgram } from "./shell/split.ts";

/**
 * Whether a command only reads: then `untrusted` runs it without asking, in the
 * sandbox like any other. Called by path, it must come from a system folder.
 */
export function isKnownSafe(words: readonly string[]): boolean {
  const name = systemProgram(words[0] ?? "");
  const args = words.slice(1);
  if (name === "find") return !args.some((arg) => FIND_ACTIONS.has(arg));
  if (name === "sed") return isSedPrint(args);
  const reader = READERS.get(name ?? "");
  return reader !== undefined && onlyReads(reader, parseArgs(args, reader));
}

/** Whether a command is known to only read, and nothing but its standard input. */
export function isFilter(words: readonly string[]): boolean {
  if (!isKnownSafe(words)) return false;
  const name = systemProgram(words[0] ?? "");
  if (name === "sed") return words.length === 3;
  const reader = READERS.get(name ?? "");
  if (reader === undefined) return false;
  const { letters, names, operands } = parseArgs(words.slice(1), reader);
  const isGiven = letters.some((letter) => letter === reader.givesText);
  return names.length === 0 &&
    operands.length <= (isGiven ? 0 : reader.textOperands) &&
    !letters.some((letter) => reader.opens?.includes(letter));
}

interface Arguments {
  /** Letters of the options, those of a cluster one by one. */
  readonly letters: readonly string[];
  /** Names of long options as they were typed, without a value. */
  readonly names: readonly string[];
  readonly operands: readonly string[];
}

// As getopt_long(3) reads them: options may stand behind operands, up to `--`.
function parseArgs(args: readonly string[], reader: Reader): Arguments {
  const letters: string[] = [];
  const names: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (arg.startsWith("--")) names.push(arg.slice(2).split("=")[0] ?? "");
    else if (!arg.startsWith("-") || arg === "-") operands.push(arg);
    else {
      const found = splitCluster(arg.slice(1), reader.values ?? "");
      letters.push(...found.letters);
      if (found.takesNext) at++;
    }
  }
  return { letters, names, operands };
}

function splitCluster(
  cluster: string,
  values: string,
): { readonly letters: readonly string[]; readonly takesNext: boolean } {
  const at = [...cluster].findIndex((letter) => values.includes(letter));
  return at < 0 ? { letters: [...cluster], takesNext: false } : {
    letters: [...cluster.slice(0, at + 1)],
    takesNext: at === cluster.length - 1,
  };
}

function onlyReads(
  reader: Reader,
  { letters, names, operands }: Arguments,
): boolean {
  const { refusedLetters = "", refusedNames = [], operandsMax = Infinity } =
    reader;
  return operands.length <= operandsMax &&
    !letters.some((letter) => refusedLetters.includes(letter)) &&
    !names.some((name) =>
      refusedNames.some((refused) => refused.startsWith(name))
    );
}

/** Why a command is dangerous wherever it runs, in words; undefined when it is not. */
export function findDanger(words: readonly string[]): string | undefined {
  return nestedCommands(words).map(dangerOf).find((reason) =>
    reason !== undefined
  );
}

/** As findDanger(), for a script that cannot be taken apart. */
export function findScriptDanger(script: string): string | undefined {
  return scanScript(script).map(dangerOf).find((reason) =>
    reason !== undefined
  );
}

function dangerOf(words: readonly string[]): string | undefined {
  const program = words[0] ?? "";
  if (program.slice(program.lastIndexOf("/") + 1) !== "rm") return undefined;
  for (const word of words.slice(1)) {
    if (word === "--") return undefined;
    if (/^-[a-zA-Z]*f[a-zA-Z]*$/.test(word) || /^--fo?r?c?e?$/.test(word)) {
      return `"${words.join(" ").slice(0, 80)}" deletes without asking back`;
    }
  }
  return undefined;
}

// `sed -n 3p`, `sed -n 3,9p FILE`: prints lines, cannot write or run anything.
function isSedPrint(args: readonly string[]): boolean {
  const [flag, lines = "", file] = args;
  return flag === "-n" && args.length <= 3 && /^\d+(,\d+)?p$/.test(lines) &&
    (file === undefined || !file.startsWith("-"));
}

/** How one program reads its arguments, and which of them do more than read. */
interface Reader {
  /** The manual that the row was checked against. */
  readonly source: string;
  /** Letters of options that take a value, glued or as the next word. */
  readonly values?: string;
  /** Letters of options that write or start programs. */
  readonly refusedLetters?: string;
  /** Long options of the same kind; every unique beginning of one counts. */
  readonly refusedNames?: readonly string[];
  /** A later operand names an output. */
  readonly operandsMax?: number;
  /**
   * How many operands are text and name no file; a program given no more than these, and
   * none of `opens`, reads standard input alone.
   */
  readonly textOperands: number;
  /** Letter of the option that gives the text: then every operand is a file. */
  readonly givesText?: string;
  /** Letters of options that open files or folders. */
  readonly opens?: string;
}

const COREUTILS = "GNU coreutils 9.1";
const TEXT = { source: COREUTILS, textOperands: Infinity };
const FILES = { source: COREUTILS, textOperands: 0 };

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["cat", FILES],
  // Changes the folder of what follows; whoever asks about a script looks at that.
  ["cd", { source: "POSIX 2024", textOperands: -1 }],
  ["cut", { ...FILES, values: "bcdf" }],
  ["echo", TEXT],
  ["expr", TEXT],
  ["false", TEXT],
  ["grep", {
    source: "grep(1), GNU 3.8",
    values: "ABCDdefm",
    textOperands: 1,
    givesText: "e",
    opens: "dfrR",
  }],
  ["head", { ...FILES, values: "cn" }],
  ["id", TEXT],
  ["ls", { source: COREUTILS, textOperands: -1 }],
  ["nl", { ...FILES, values: "bdfhilnsvw" }],
  ["numfmt", { ...TEXT, values: "d" }],
  ["paste", { ...FILES, values: "d" }],
  ["pwd", TEXT],
  ["rev", { source: "rev(1), util-linux 2.38", textOperands: 0 }],
  ["seq", { ...TEXT, values: "fs" }],
  ["stat", { source: COREUTILS, textOperands: -1 }],
  ["tac", { ...FILES, values: "s" }],
  ["tail", { ...FILES, values: "bcns" }],
  ["tr", { ...TEXT }],
  ["true", TEXT],
  ["uname", TEXT],
  ["wc", FILES],
  ["which", { source: "which(1), debianutils 5", textOperands: Infinity }],
  ["whoami", TEXT],
  // macOS: `base64 -i IN -o OUT`.
  ["base64", {
    ...FILES,
    values: "bw",
    refusedLetters: "o",
    refusedNames: ["output"],
    opens: "i",
  }],
  // `--pre` and `--hostname-bin` start what they name, `-z` the decompressor in the PATH.
  ["rg", {
    source: "rg(1), ripgrep 14",
    values: "ABCdEefgjMmrtT",
    refusedLetters: "z",
    refusedNames: ["pre", "hostname-bin", "search-zip"],
    textOperands: -1,
  }],
  // `uniq [OPTION]... [INPUT [OUTPUT]]`, and `-` is an INPUT.
  ["uniq", { ...FILES, values: "fsw", operandsMax: 1 }],
]);

/** Primaries of find(1), GNU 4.9, that change files or start programs. */
const FIND_ACTIONS: ReadonlySet<string> = new Set(
  "-exec -execdir -ok -okdir -delete -fls -fprint -fprint0 -fprintf"
    .split(" "),
);
