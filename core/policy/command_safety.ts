/** Commands known to do nothing but read, and commands known to destroy. */
import { nestedCommands, scanScript } from "./shell/scan.ts";
import { systemProgram } from "./shell/split.ts";

const READERS: ReadonlySet<string> = new Set(
  "cat cd cut echo expr false grep head id ls nl numfmt paste pwd rev seq stat tac tail tr true uname wc which whoami"
    .split(" "),
);

const FIND_ACTIONS =
  /^-(exec|execdir|ok|okdir|delete|fls|fprint|fprint0|fprintf)$/;

/**
 * Whether a command only reads: then `untrusted` runs it without asking, in the
 * sandbox like any other. Called by path, it must come from a system folder.
 */
export function isKnownSafe(words: readonly string[]): boolean {
  const name = systemProgram(words[0] ?? "");
  if (name === undefined) return false;
  if (READERS.has(name)) return true;
  const args = words.slice(1);
  switch (name) {
    case "base64":
      return !args.some(isBase64Output);
    case "find":
      return !args.some((arg) => FIND_ACTIONS.test(arg));
    case "rg":
      return !args.some(isRipgrepRunner);
    case "sed":
      return isSedPrint(args);
    case "uniq":
      // A second file name is the output.
      return args.filter((arg) => !arg.startsWith("-")).length <= 1;
    default:
      return false;
  }
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

function isBase64Output(arg: string): boolean {
  return /^-[a-zA-Z]*o/.test(arg) || arg.startsWith("--o");
}

function isRipgrepRunner(arg: string): boolean {
  return /^--(pre|hostname-bin)(=|$)/.test(arg) || arg === "--search-zip" ||
    /^-[a-zA-Z]*z/.test(arg);
}

// `sed -n 3p`, `sed -n 3,9p FILE`: prints lines, cannot write or run anything.
function isSedPrint(args: readonly string[]): boolean {
  const [flag, lines = "", file] = args;
  return flag === "-n" && args.length <= 3 && /^\d+(,\d+)?p$/.test(lines) &&
    (file === undefined || !file.startsWith("-"));
}
