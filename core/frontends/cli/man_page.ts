/** The manual page, from the command table. Pure; man(7) macros. */
import type { CommandName } from "../../contract/command_line.ts";
import { EXIT_CODES, FOREIGN_EXIT_CODES } from "../../contract/exit_code.ts";
import { buildDate, PROGRAM, VERSION } from "../../protocol/version.ts";
import type { FlagSpec } from "../../contract/flags.ts";
import {
  renderFlag,
  renderFlagHelp,
  renderUsage,
  visibleFlags,
} from "./help.ts";
import { commandNames, COMMANDS } from "../../contract/commands.ts";
import { TOPICS } from "./topics.ts";

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["CODEX_HOME", "Folder of configuration and sessions (default ~/.codex)"],
  ["CODEX_API_KEY, OPENAI_API_KEY", "Key of the provider"],
  [
    "HTTPS_PROXY, NO_PROXY",
    "Proxy for requests, and hosts to reach without it",
  ],
  ["SSL_CERT_FILE, NODE_EXTRA_CA_CERTS", "Additional certificates to trust"],
  ["NO_COLOR, FORCE_COLOR, TERM", "When output is coloured"],
];

const FILES: readonly (readonly [string, string])[] = [
  ["~/.codex/config.toml", "Settings; profiles and providers are tables of it"],
  ["~/.codex/auth.json", "The stored API key"],
  ["~/.codex/AGENTS.md", "Instructions for every conversation"],
  ["~/.codex/rules/", "Rules for commands, saved ones among them"],
  ["~/.codex/skills/", "Skills of the person"],
  ["~/.codex/sessions/, archived_sessions/", "Recorded conversations"],
  ["~/.codex/trust.json", "What of projects was approved"],
  [
    "AGENTS.md, .codex/config.toml, .mcp.json",
    "Instructions, settings and servers of a project; what loosens something counts only once it is approved",
  ],
  [
    "/etc/codex/requirements.toml, /etc/codex/managed_config.toml",
    "What an administrator allows and sets",
  ],
];

/** The page `rondo(1)`. */
export function renderManPage(): string {
  const name = PROGRAM.toUpperCase();
  const shared = new Set(visibleFlags(COMMANDS.repl));
  return [
    `.TH ${name} 1 "${buildDate()}" "${PROGRAM} ${VERSION}"`,
    ".SH NAME",
    `${PROGRAM} \\- a coding agent for the terminal and for programs`,
    ".SH SYNOPSIS",
    `.B ${PROGRAM}`,
    "[FLAGS] [PROMPT]",
    ".br",
    `.B ${PROGRAM}`,
    "COMMAND [FLAGS] [ARGUMENTS]",
    ".SH DESCRIPTION",
    roff(
      "Runs a language model in a loop with tools: it reads and changes files and " +
        "runs commands inside a sandbox of the operating system, until the task is done.",
    ),
    ".SH COMMON FLAGS",
    ...[...shared].flatMap(renderFlagEntry),
    ".SH COMMANDS",
    ...commandNames().flatMap((command) => renderCommand(command, shared)),
    ".SH TOPICS",
    ...Object.entries(TOPICS).flatMap(([topic, about]) => [
      ".TP",
      `.B ${roff(`${PROGRAM} help`)} ${roff(topic)}`,
      roff(about),
    ]),
    ".SH EXIT STATUS",
    ...[...Object.values(EXIT_CODES), ...FOREIGN_EXIT_CODES]
      .flatMap(({ code, meaning }) => [".TP", `.B ${code}`, roff(meaning)]),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([names, meaning]) => [
      ".TP",
      `.B ${roff(names)}`,
      roff(meaning),
    ]),
    ".SH FILES",
    ...FILES.flatMap(([path, meaning]) => [
      ".TP",
      `.I ${roff(path)}`,
      roff(meaning),
    ]),
    ".SH SEE ALSO",
    ".BR git (1), bwrap (1)",
    "",
  ].join("\n");
}

function renderCommand(
  name: CommandName,
  shared: ReadonlySet<FlagSpec>,
): string[] {
  const spec = COMMANDS[name];
  const flags = visibleFlags(spec);
  const isAgent = flags.length > 0 &&
    [...shared].every((flag) => flags.includes(flag));
  const own = isAgent ? flags.filter((flag) => !shared.has(flag)) : flags;
  return [
    ".SS " + roff(renderUsage(name)),
    roff(spec.summary + "."),
    ...(spec.details ?? "").split("\n\n").filter((text) => text !== "")
      .flatMap((text) => [".PP", roff(text)]),
    ...(isAgent && name !== "repl"
      ? [".PP", "Takes the common flags as well."]
      : []),
    ...own.flatMap(renderFlagEntry),
    ...(spec.examples.length === 0
      ? []
      : [".PP", ".nf", ...spec.examples.map(roff), ".fi"]),
  ];
}

function renderFlagEntry(flag: FlagSpec): string[] {
  return [".TP", `.B ${roff(renderFlag(flag))}`, roff(renderFlagHelp(flag))];
}

// Backslashes, dashes and a leading dot or quote have a meaning in roff.
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("…", "...")
    .replace(/^([.'])/, "\\&$1");
}
