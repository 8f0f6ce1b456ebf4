/** Help texts from the command table. Pure. */
import type { CommandName } from "../../contract/command_line.ts";
import {
  type ArgSpec,
  commandNames,
  COMMANDS,
  type CommandSpec,
  GROUPS,
  pathOf,
} from "../../contract/commands.ts";
import { EXIT_CODES } from "../../contract/exit_code.ts";
import { type FlagName, FLAGS, type FlagSpec } from "../../contract/flags.ts";
import { PROGRAM } from "../../protocol/version.ts";
import { columns, wrapParagraphs } from "./columns.ts";
import { RECIPES } from "./recipes.ts";
import { TOPICS } from "./topics.ts";

/** Flags shown by `-h`; `--help` shows all of them. */
const COMMON_FLAGS: ReadonlySet<FlagName> = new Set<FlagName>([
  "model",
  "sandbox",
  "askForApproval",
  "cd",
  "addDir",
  "image",
  "config",
  "profile",
  "json",
  "outputLastMessage",
  "outputSchema",
  "timeoutMs",
  "last",
  "all",
  "skipGitRepoCheck",
]);

/** The help of a command or group; an unknown path gets the help of the program. */
export function renderHelp(
  path: readonly string[],
  form: "short" | "long",
): string {
  const words = path.map((word) => word === "e" ? "exec" : word).join(" ");
  if (words === "providers") return renderRecipes();
  const name = commandNames().find((one) => one === words);
  const parts = name === undefined
    ? words in GROUPS ? groupHelp(words) : programHelp(form)
    : commandHelp(name, form);
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** `rondo exec resume [FLAGS] [ID] [PROMPT]` */
export function renderUsage(name: CommandName): string {
  const spec = COMMANDS[name];
  const words = [
    PROGRAM,
    ...pathOf(name),
    ...(spec.flags.length > 0 ? ["[FLAGS]"] : []),
    ...spec.args.map(renderArg),
    ...(spec.prompt === undefined ? [] : ["[PROMPT]"]),
  ];
  return words.join(" ");
}

/** `-m, --model MODEL` */
export function renderFlag(spec: FlagSpec): string {
  const value = spec.kind === "switch" ? "" : ` ${spec.value}`;
  return spec.short === undefined
    ? `${spec.long}${value}`
    : `${spec.short}, ${spec.long}${value}`;
}

/** What a flag does, with the words it takes. */
export function renderFlagHelp(spec: FlagSpec): string {
  return spec.kind === "choice"
    ? `${spec.help} (${spec.choices.join(", ")})`
    : spec.help;
}

export function visibleFlags(spec: CommandSpec): readonly FlagSpec[] {
  const report = spec.report === undefined ? undefined : {
    ...FLAGS.json,
    help: `One JSON value on stdout (schema ${spec.report})`,
  };
  return spec.flags.map((flag) =>
    (flag === "json" ? report : undefined) ?? FLAGS[flag]
  )
    .filter((flag) => !flag.isHidden);
}

function programHelp(form: "short" | "long"): string[] {
  return [
    "A coding agent for the terminal and for programs",
    `Usage: ${renderUsage("repl")}\n       ${PROGRAM} COMMAND …`,
    listTopCommands(form),
    flagList("repl", form),
    listExamples(TOUR.flatMap((one) => COMMANDS[one].examples.slice(0, 1))),
    form === "long" ? exitCodes() : `${PROGRAM} --help shows more`,
    listTopics(),
  ];
}

function listTopics(): string {
  const rows = Object.entries(TOPICS).map(([name, about]): [string, string] => [
    [PROGRAM, "help", name].join(" "),
    about,
  ]);
  return columns("Topics", rows);
}

/** What a newcomer does, in that order: its first examples are those of the program. */
const TOUR: readonly CommandName[] = ["login", "repl", "exec", "resume"];

function groupHelp(words: string): string[] {
  const examples = commandNames().filter((name) => name.startsWith(`${words} `))
    .flatMap((name) => COMMANDS[name].examples.slice(0, 1));
  return [
    GROUPS[words] ?? "",
    usageOfGroup(words),
    listCommands(words),
    listExamples(examples.slice(0, GROUP_EXAMPLES)),
  ];
}

const GROUP_EXAMPLES = 4;

function listExamples(lines: readonly string[]): string {
  return lines.length === 0
    ? ""
    : `Examples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

function commandHelp(name: CommandName, form: "short" | "long"): string[] {
  if (name === "repl") return programHelp(form);
  const spec = COMMANDS[name];
  const subcommands = listCommands(name);
  return [
    spec.summary,
    form === "long" ? wrapParagraphs(spec.details ?? "") : "",
    `Usage: ${renderUsage(name)}`,
    argList(spec),
    subcommands,
    flagList(name, form),
    listExamples(spec.examples),
    form === "long" && name.startsWith("exec") ? exitCodes() : "",
  ];
}

function usageOfGroup(words: string): string {
  return `Usage: ${PROGRAM} ${words} COMMAND …`;
}

function listTopCommands(form: "short" | "long"): string {
  const singles = commandNames().filter((name) =>
    name !== "repl" && pathOf(name).length === 1
  ).map((name): [string, string] => [name, COMMANDS[name].summary]);
  const groups = Object.entries(GROUPS).map(([word, about]): [string, string] =>
    form === "short"
      ? [word, about]
      : [word, `${about}: ${subcommandsOf(word).join(", ")}`]
  );
  return columns("Commands", [...singles, ...groups]);
}

function listCommands(words: string): string {
  const names = commandNames().filter((name) => name.startsWith(`${words} `));
  if (names.length === 0) return "";
  return columns(
    "Commands",
    names.map((name) => [
      name.slice(words.length + 1),
      COMMANDS[name].summary,
    ]),
  );
}

function subcommandsOf(word: string): string[] {
  return commandNames().filter((name) => name.startsWith(`${word} `))
    .map((name) => name.slice(word.length + 1));
}

function argList(spec: CommandSpec): string {
  const rows = spec.args.map((arg): [string, string] => [
    renderArg(arg),
    arg.choices === undefined
      ? arg.help
      : `${arg.help} (${arg.choices.join(", ")})`,
  ]);
  if (spec.prompt !== undefined) rows.push(["[PROMPT]", spec.prompt]);
  return rows.length === 0 ? "" : columns("Arguments", rows);
}

function flagList(name: CommandName, form: "short" | "long"): string {
  const spec = COMMANDS[name];
  const own = new Set(spec.flags);
  const shown = form === "long" || own.size <= COMMON_FLAGS.size
    ? visibleFlags(spec)
    : visibleFlags({
      ...spec,
      flags: spec.flags.filter((flag) => COMMON_FLAGS.has(flag)),
    });
  const rows = shown.map((flag): [string, string] => [
    flag.short === undefined ? `    ${renderFlag(flag)}` : renderFlag(flag),
    renderFlagHelp(flag),
  ]);
  rows.push(["-h, --help", "Short or long help"]);
  if (name === "repl") {
    rows.push([
      "-V, --version",
      "Print the version; --verbose adds commit, event schema, runtime and its hash",
    ]);
  }
  return columns("Flags", rows);
}

function exitCodes(): string {
  const rows = Object.values(EXIT_CODES).map(({ code, meaning }) =>
    [String(code), meaning] as const
  );
  return columns("Exit codes", rows, 8);
}

function renderArg(arg: ArgSpec): string {
  const name = arg.count === "rest" ? `${arg.name}…` : arg.name;
  return arg.isRequired ? name : `[${name}]`;
}

/** The text of `rondo help providers`. */
function renderRecipes(): string {
  const parts = RECIPES.map(({ name, before, toml, note }) =>
    [
      `${name}:`,
      ...before.map((line) => `  $ ${line}`),
      "",
      ...toml.split("\n").map((line) => line === "" ? "" : `    ${line}`),
      ...(note === undefined ? [] : ["", `  ${note}`]),
    ].join("\n")
  );
  return [
    "Servers of models, and the config.toml that reaches each (~/.codex/config.toml)",
    ...parts,
    "Any other server of Responses or of chat completions is a table like these.\n" +
    "`rondo doctor provider NAME --write` finds out what it takes and completes it.",
  ].join("\n\n") + "\n";
}
