/** The command table: names, arguments, flags, help. Everything else is generated from it. */
import type { CommandName } from "../../contract/command_line.ts";
import {
  type CommandSpec,
  type CommandTable,
  optional,
  required,
} from "./commands.ts";
import { AGENT_COMMANDS } from "./commands_agent.ts";
import { SESSION_COMMANDS } from "./commands_sessions.ts";
import {
  CONFIG_FLAGS,
  MCP_COMMANDS,
  SAFETY_COMMANDS,
} from "./commands_tools.ts";

const HELP_COMMANDS: CommandTable<
  Exclude<
    CommandName,
    | keyof typeof AGENT_COMMANDS
    | keyof typeof SESSION_COMMANDS
    | keyof typeof SAFETY_COMMANDS
    | keyof typeof MCP_COMMANDS
  >
> = {
  doctor: {
    summary: "Check sandbox, network, credentials and configuration",
    args: [],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo doctor --json"],
  },
  login: {
    summary: "Store an API key",
    args: [],
    flags: ["withApiKey", "config"],
    examples: ["printenv OPENAI_API_KEY | rondo login --with-api-key"],
  },
  "login status": {
    summary: "Say which credentials are used",
    args: [],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo login status"],
  },
  logout: {
    summary: "Remove stored credentials",
    args: [],
    flags: ["config"],
    examples: ["rondo logout"],
  },
  "config explain": {
    summary: "Show every setting with the layer that set it",
    args: [optional("KEY", "One setting, dotted")],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo config explain model"],
  },
  "debug prompt": {
    summary: "Print the exact request that would be sent; nothing is sent",
    args: [],
    prompt: "The message",
    flags: AGENT_COMMANDS.exec.flags,
    examples: ['rondo debug prompt "hello"'],
  },
  "features list": {
    summary: "List feature flags",
    args: [],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo features list"],
  },
  schema: {
    summary: "Print the JSON Schema of a part of the contract",
    args: [
      required("TOPIC", "What to print", {
        choices: ["events", "config", "exit-codes", "result", "input"],
      }),
    ],
    flags: [],
    examples: ["rondo schema events > events.schema.json"],
  },
  completion: {
    summary: "Print the completion script of a shell",
    args: [
      required("SHELL", "Which shell", { choices: ["bash", "zsh", "fish"] }),
    ],
    flags: [],
    examples: ["source <(rondo completion bash)"],
  },
  man: {
    summary: "Print the manual page",
    args: [],
    flags: [],
    examples: ["rondo man | man -l -"],
  },
};

/** Every command, in the order of the help text. */
export const COMMANDS: Readonly<Record<CommandName, CommandSpec>> = {
  ...AGENT_COMMANDS,
  ...SESSION_COMMANDS,
  ...SAFETY_COMMANDS,
  ...MCP_COMMANDS,
  ...HELP_COMMANDS,
};

/** Words that only group commands, and what they are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  sessions: "List, read and tidy sessions",
  policy: "Explain and test what commands may do",
  mcp: "Configure MCP servers",
  config: "Look at the configuration",
  debug: "Look inside",
  features: "Look at feature flags",
};

/** The words of a command below the program; the program itself is the empty path. */
export function pathOf(name: CommandName): readonly string[] {
  return name === "repl" ? [] : name.split(" ");
}

/** All command names. */
export function commandNames(): readonly CommandName[] {
  return Object.keys(COMMANDS) as CommandName[];
}

/** Every path of words that is a command or a group of them, parents first. */
export function commandPaths(): readonly (readonly string[])[] {
  const paths = commandNames().map(pathOf);
  const groups = Object.keys(GROUPS).map((word) => [word]);
  return [...paths, ...groups].sort((a, b) => a.length - b.length);
}
