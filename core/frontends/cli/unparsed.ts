/** How exec writes an error about its own command line: as JSON where JSON was asked for. Pure. */
import type { Flags } from "../../contract/command_line.ts";
import { splitArgv } from "./parse.ts";
import { commandNames, COMMANDS, pathOf } from "../../contract/commands.ts";

/**
 * The flags of exec that shape its output, where they ask for JSON; undefined for every
 * other command and for text.
 */
export function outputFlagsOf(argv: readonly string[]): Flags | undefined {
  const { head } = splitArgv(argv);
  const roots = new Set(commandNames().map((name) => pathOf(name)[0]));
  const isExec = (word: string): boolean =>
    word === "exec" || COMMANDS.exec.aliases?.includes(word) === true;
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
