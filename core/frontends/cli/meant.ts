/** Words that are meant as commands: close ones are named, none of them starts an agent. Pure. */
import { usageError } from "../../protocol/error.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { closestWord } from "../../util/text/similar.ts";
import {
  commandNames,
  commandPaths,
  COMMANDS,
  GROUPS,
  pathOf,
} from "../../contract/commands.ts";
import { TOPICS } from "./topics.ts";
import { FOREIGN, LEAVING } from "./words.ts";

function firstWords(): ReadonlySet<string> {
  return new Set([
    ...commandNames().flatMap((name) => pathOf(name).slice(0, 1)),
    ...Object.keys(GROUPS),
    "help",
  ]);
}

/** Refuses a word that is meant as a command and is none: a typo never starts an agent. */
export function refuseMistypedCommand(
  path: readonly string[],
  words: readonly string[],
): void {
  const [word = ""] = words;
  const lower = word.toLowerCase();
  const name = nameOf(path.join(" "));
  const refuse = (text: string): never => {
    throw usageError(
      `Cannot run ${JSON.stringify(word)}: ${text} ` +
        `(a prompt of one word goes after --: ${name} -- ${word})`,
    );
  };
  if (LEAVING.has(lower.replace(/^\//, ""))) {
    refuse("no such command, and nothing is running that could be left");
  }
  if (!/^[a-z][a-z_-]*$/.test(lower)) return;
  const isProgram = path.length === 0;
  if (isProgram && Object.hasOwn(FOREIGN, lower)) {
    const instead = FOREIGN[lower] ?? "";
    refuse(
      `no such command, ${
        instead === "" ? "there is nothing of the kind here" : instead
      }`,
    );
  }
  // In a sentence without quotes the first word may be any.
  if (words.length > 1 && !isProgram) return;
  const known = isProgram ? firstWords() : new Set([...wordsBelow(path)]);
  if (!isProgram && lower === "help") refuse(`did you mean ${name} --help`);
  const close = known.has(lower) ? lower : closestWord(lower, known);
  if (close !== undefined) refuse(`no such command, did you mean ${close}`);
}

/** The command that `rondo help WORDS` asks about. Throws UserError when there is none. */
export function helpPath(words: readonly string[]): readonly string[] {
  const path = words.filter((word) => !word.startsWith("-"))
    .map((word) => COMMANDS.exec.aliases?.includes(word) ? "exec" : word);
  const known = [
    ...commandPaths().map((one) => one.join(" ")),
    ...Object.keys(TOPICS),
  ];
  if (known.includes(path.join(" "))) return path;
  const close = closestWord(path.join(" "), known);
  throw usageError(
    `Cannot show help: there is no command ${JSON.stringify(path.join(" "))}` +
      (close === undefined ? "" : `, did you mean ${close}?`),
  );
}

/** `rondo nosuch --help`: throws UserError where a word in front of it is no command. */
export function refuseUnknownHelp(
  path: readonly string[],
  words: readonly string[],
): void {
  const isGroup = path.length === 0 || Object.hasOwn(GROUPS, path.join(" "));
  const [word] = words;
  if (isGroup && word !== undefined && !/\s/.test(word)) {
    helpPath([...path, word]);
  }
}

export function wordsBelow(path: readonly string[]): readonly string[] {
  const start = `${path.join(" ")} `;
  return commandNames().filter((name) => name.startsWith(start))
    .map((name) => name.slice(start.length));
}

/** A command as it is typed: the program and its words. */
export function nameOf(command: string): string {
  return command === "repl" || command === ""
    ? PROGRAM
    : `${PROGRAM} ${command}`;
}
