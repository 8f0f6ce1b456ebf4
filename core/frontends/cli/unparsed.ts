/** What a command line was meant to be, where it could not be understood. Pure. */
import type { Flags } from "../../contract/command_line.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { splitArgv } from "./parse.ts";
import {
  commandNames,
  commandPaths,
  COMMANDS,
  pathOf,
} from "../../contract/commands.ts";
import { FLAGS } from "../../contract/flags.ts";

/** `See rondo exec resume --help`: the help of the command whose words are there. */
export function helpHintOf(argv: readonly string[]): string {
  return `See ${[PROGRAM, ...commandPathOf(argv)].join(" ")} --help`;
}

function commandPathOf(argv: readonly string[]): readonly string[] {
  const known = new Set(commandPaths().map((path) => path.join(" ")));
  const { head } = splitArgv(argv);
  let path: readonly string[] = [];
  for (let at = head[0] === "help" ? 1 : 0; at < head.length; at++) {
    const word = head[at] ?? "";
    if (word.startsWith("-")) {
      if (takesValue(word)) at++;
      continue;
    }
    const next = [
      ...path,
      COMMANDS.exec.aliases?.includes(word) ? "exec" : word,
    ];
    if (!known.has(next.join(" "))) break;
    path = next;
  }
  return path;
}

function takesValue(word: string): boolean {
  return Object.values(FLAGS).some(({ kind, long, short, aliases = [] }) =>
    kind !== "switch" && [long, short, ...aliases].includes(word)
  );
}

/**
 * The flags of exec that shape its output, where they ask for JSON; undefined for every
 * other command and for text.
 */
export function outputFlagsOf(argv: readonly string[]): Flags | undefined {
  const { head } = splitArgv(argv);
  const roots = new Set(commandNames().map((name) => pathOf(name)[0]));
  const isExec = (word: string): boolean =>
    word === "exec" || word === "review" ||
    COMMANDS.exec.aliases?.includes(word) === true;
  const command = head.find((word) => roots.has(word) || isExec(word));
  if (command === undefined || !isExec(command)) return undefined;
  const valueOf = (flag: string): string | undefined =>
    head.findLast((word, at) =>
      word.startsWith(`${flag}=`) || head[at - 1] === flag
    )?.replace(`${flag}=`, "");
  if (head.includes("--json") || head.includes("--experimental-json")) {
    const isNative = valueOf("--events") === "native";
    return { json: true, ...(isNative && { events: "native" }) };
  }
  const isResult = valueOf("--output-format") === "json";
  return isResult ? { outputFormat: "json" } : undefined;
}
