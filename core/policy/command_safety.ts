/** Commands known to do nothing but read, and commands known to destroy. */
import { FIND_ACTIONS, type Reader, READERS } from "./readers.ts";
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
