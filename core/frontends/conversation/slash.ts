/** Slash commands: how a line is understood as one. Pure. */
import { closestWord } from "../../util/text/similar.ts";

/** A command that can be typed after the slash. */
export interface SlashSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Words after the name, for help: `[MODEL [EFFORT]]`. */
  readonly args?: string;
  readonly summary: string;
  /** Without it the command waits for the end of the turn. */
  readonly whileBusy?: true;
}

type SlashLine =
  /** Ordinary text for the model. */
  | { readonly type: "text" }
  | { readonly type: "command"; readonly name: string; readonly args: string }
  /** `/server:name …`, a prompt of an MCP server. */
  | {
    readonly type: "mcp_prompt";
    readonly server: string;
    readonly name: string;
    readonly args: string;
  };

/** What people type to leave, or to be helped, without a slash. */
const BARE: Readonly<Record<string, string>> = {
  "?": "help",
  ":q": "quit",
  "bye": "quit",
  "exit": "quit",
  "help": "help",
  "quit": "quit",
};

/** Names are words: a path such as `/usr/bin` and a line with leading space are text. */
export function parseSlash(line: string): SlashLine {
  const match = /^\/([A-Za-z][\w-]*|\?)(?::([\w.-]+))?(?:\s+([^]*))?$/.exec(
    line,
  );
  if (match === null) {
    const name = BARE[line.trimEnd().toLowerCase()];
    return name === undefined
      ? { type: "text" }
      : { type: "command", name, args: "" };
  }
  const [, word = "", prompt, rest = ""] = match;
  const args = rest.trim();
  return prompt === undefined
    ? { type: "command", name: word.toLowerCase(), args }
    : { type: "mcp_prompt", server: word, name: prompt, args };
}

/** Why a line of one word is no message: it is, or resembles, the name of a command. */
export function mistakenSlash(
  table: readonly SlashSpec[],
  line: string,
): string | undefined {
  const word = /^[a-z-]{4,}\s*$/i.exec(line)?.[0].trim().toLowerCase();
  if (word === undefined) return undefined;
  const near = closestWord(word, table.map(({ name }) => name));
  return near === undefined
    ? undefined
    : `Not sent: did you mean /${near}? A leading space sends the word as text`;
}

export function findSlash<T extends SlashSpec>(
  table: readonly T[],
  name: string,
): T | undefined {
  return table.find((one) => one.name === name) ??
    table.find((one) => one.aliases?.includes(name));
}

export function unknownSlash(
  table: readonly SlashSpec[],
  name: string,
): string {
  const names = table.flatMap((one) => [one.name, ...(one.aliases ?? [])]);
  const near = names.find((one) => one.startsWith(name)) ??
    closestWord(name, names);
  const hint = near === undefined ? "" : `; did you mean /${near}`;
  return `Unknown command /${name}${hint}. /help lists all; a leading space sends it as text`;
}

/** Words of the arguments; quotes keep spaces inside one word. */
export function splitArgs(args: string): readonly string[] {
  return [...args.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) =>
    match[1] ?? match[2] ?? match[3] ?? ""
  );
}

/** `key=value` words of an MCP prompt; words without a key fill the parameters in order. */
export function parsePromptValues(
  args: string,
  parameters: readonly string[],
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  const free = [...parameters];
  for (const word of splitArgs(args)) {
    const at = word.indexOf("=");
    const key = at > 0 ? word.slice(0, at) : undefined;
    if (key !== undefined && parameters.includes(key)) {
      values[key] = word.slice(at + 1).replace(/^["']|["']$/g, "");
      continue;
    }
    const next = free.find((one) => values[one] === undefined);
    if (next !== undefined) values[next] = word;
  }
  return values;
}

/** The commands as lines of help. */
export function renderSlashHelp(
  table: readonly SlashSpec[],
): readonly string[] {
  const heads = table.map(({ name, args }) =>
    args === undefined ? `/${name}` : `/${name} ${args}`
  );
  const width = Math.min(34, Math.max(...heads.map((head) => head.length)));
  return table.map(({ summary }, at) =>
    `  ${(heads[at] ?? "").padEnd(width)}  ${summary}`
  );
}
