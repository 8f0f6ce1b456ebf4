/** Data. The command table: every command with its words, arguments, flags and examples. */
import type { CommandName } from "../../contract/command_line.ts";
import {
  AGENT_FLAG_NAMES,
  type Completes,
  EXEC_FLAG_NAMES,
  type FlagName,
} from "./flags.ts";

export interface ArgSpec {
  readonly name: string;
  readonly help: string;
  /** How many words it takes; `rest` is any number, at least one when required. */
  readonly count: "one" | "rest";
  readonly isRequired: boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

export interface CommandSpec {
  /** One line, no final period. */
  readonly summary: string;
  /** More, for the long help and the man page; paragraphs. */
  readonly details?: string;
  readonly aliases?: readonly string[];
  readonly args: readonly ArgSpec[];
  /** Takes a prompt after its arguments; `-` is stdin. */
  readonly prompt?: string;
  readonly flags: readonly FlagName[];
  readonly examples: readonly string[];
}

/** A table of some of the commands. */
type CommandTable<K extends CommandName> = {
  readonly [N in K]: CommandSpec;
};

/** An argument that may be left out. */
function optional(
  name: string,
  help: string,
  more: Partial<ArgSpec> = {},
): ArgSpec {
  return { name, help, count: "one", isRequired: false, ...more };
}

/** An argument that must be there. */
function required(
  name: string,
  help: string,
  more: Partial<ArgSpec> = {},
): ArgSpec {
  return { name, help, count: "one", isRequired: true, ...more };
}

/** What every command that reads the configuration takes. */
const CONFIG_FLAGS: readonly FlagName[] = [
  "config",
  "profile",
  "enable",
  "disable",
  "strictConfig",
  "ignoreUserConfig",
  "trust",
  "cd",
];
const POLICY: readonly FlagName[] = [
  ...CONFIG_FLAGS,
  "sandbox",
  "askForApproval",
  "addDir",
  "rules",
  "ignoreRules",
  "json",
];

const SERVER = required("NAME", "Name of the server");

const EXEC: readonly FlagName[] = [...AGENT_FLAG_NAMES, ...EXEC_FLAG_NAMES];
const SESSION = optional("ID", "Id or name of a session");
const PROMPT = "What to do; - or nothing reads it from stdin";

const AGENT_COMMANDS: CommandTable<
  | "repl"
  | "exec"
  | "exec resume"
  | "exec fork"
  | "exec review"
  | "resume"
  | "fork"
  | "rollback"
  | "undo"
> = {
  repl: {
    summary: "Talk with the agent in this terminal",
    args: [],
    prompt: "The first message",
    flags: AGENT_FLAG_NAMES,
    examples: ["rondo", 'rondo -s read-only "explain this repository"'],
  },
  exec: {
    summary: "Do one task and end",
    details: "Progress goes to stderr, the last message to stdout. With a " +
      "prompt argument, a file or pipe on stdin is appended to it as a block; " +
      "an open but silent pipe is left alone after a moment.\n\n" +
      "With --json every line on stdout is an event, the last one is " +
      "turn.completed or turn.failed and carries the exit code. " +
      "`rondo schema events` prints the schema.",
    aliases: ["e"],
    args: [],
    prompt: PROMPT,
    flags: EXEC,
    examples: [
      'rondo exec "fix the failing test"',
      'git diff | rondo exec "write a commit message"',
      'rondo exec --json --timeout 10m "update the changelog"',
    ],
  },
  "exec resume": {
    summary: "Go on with an earlier session and end",
    args: [SESSION],
    prompt: PROMPT,
    flags: [...EXEC, "last", "all"],
    examples: ['rondo exec resume --last "now add a test"'],
  },
  "exec fork": {
    summary: "Start a new session from the history of another one",
    args: [SESSION],
    prompt: PROMPT,
    flags: [...EXEC, "last", "all", "at"],
    examples: ['rondo exec fork 0199c3 --at 2 "try it another way"'],
  },
  "exec review": {
    summary: "Review changes and report findings",
    details: "The findings are a list on stdout; with --json or " +
      "--output-format json they are the field `review` of the last line or " +
      "of the result. An answer in another form is shown as it is, with a " +
      "warning.",
    args: [],
    prompt: "What to look at, instead of a flag",
    flags: [...EXEC, "uncommitted", "base", "commit", "title"],
    examples: [
      "rondo exec review --uncommitted",
      "rondo exec review --base main",
    ],
  },
  resume: {
    summary: "Go on with an earlier session in this terminal",
    args: [SESSION],
    prompt: "The next message",
    flags: [...AGENT_FLAG_NAMES, "last", "all"],
    examples: ["rondo resume --last"],
  },
  fork: {
    summary: "Start a new session from the history of another one",
    args: [SESSION],
    prompt: "The next message",
    flags: [...AGENT_FLAG_NAMES, "last", "all", "at"],
    examples: ["rondo fork --last --at 3"],
  },
  rollback: {
    summary: "Take the last turns out of a session; files stay as they are",
    args: [
      required("N", "How many turns"),
      optional("ID", "Id or name of a session (default: the newest here)"),
    ],
    flags: ["all", "yes"],
    examples: ["rondo rollback 1"],
  },
  undo: {
    summary: "Take back what the last turns changed in files, chat or both",
    args: [
      optional("N", "How many turns (default 1)"),
      optional("ID", "Id or name of a session (default: the newest here)"),
    ],
    flags: ["restore", "dryRun", "force", "yes", "all"],
    examples: ["rondo undo --dry-run", "rondo undo 2 --restore code"],
  },
};

const ID = required("ID", "Id or name of a session");

const SESSION_COMMANDS: CommandTable<
  Extract<CommandName, `sessions ${string}`>
> = {
  "sessions list": {
    summary: "List sessions, the newest first",
    args: [],
    flags: ["all", "cd", "limit", "json"],
    examples: ["rondo sessions list --all --json"],
  },
  "sessions show": {
    summary: "Show a session as text",
    args: [ID],
    flags: ["full", "json"],
    examples: ["rondo sessions show 0199c3 --full"],
  },
  "sessions search": {
    summary: "Find sessions by words in them",
    args: [required("WORDS", "Words to look for", { count: "rest" })],
    flags: ["all", "cd", "limit", "json"],
    examples: ["rondo sessions search flaky test"],
  },
  "sessions rename": {
    summary: "Give a session a name",
    args: [ID, required("NAME", "The new name")],
    flags: [],
    examples: ['rondo sessions rename 0199c3 "login bug"'],
  },
  "sessions archive": {
    summary: "Move a session out of the list",
    args: [ID],
    flags: [],
    examples: ["rondo sessions archive 0199c3"],
  },
  "sessions delete": {
    summary: "Delete a session for good",
    args: [ID],
    flags: ["yes"],
    examples: ["rondo sessions delete 0199c3 --yes"],
  },
  "sessions export": {
    summary: "Write a session as Markdown or JSON lines, keys left out",
    args: [ID],
    flags: ["format", "output", "full"],
    examples: ["rondo sessions export 0199c3 -o talk.md"],
  },
  "sessions verify": {
    summary: "Check the log of a session",
    args: [ID],
    flags: ["json"],
    examples: ["rondo sessions verify 0199c3"],
  },
  "sessions repair": {
    summary: "Mend a damaged log, keeping the original beside it",
    args: [ID],
    flags: ["dryRun"],
    examples: ["rondo sessions repair 0199c3"],
  },
  "sessions prune": {
    summary: "Delete old sessions",
    args: [],
    flags: ["olderThanMs", "dryRun", "yes", "json"],
    examples: ["rondo sessions prune --older-than 90d --dry-run"],
  },
  "sessions cache": {
    summary:
      "Show what each request of a session took from the provider's cache",
    args: [ID],
    flags: ["json"],
    examples: ["rondo sessions cache 0199c3"],
  },
};

const SAFETY_COMMANDS: CommandTable<
  "apply-patch" | "sandbox" | Extract<CommandName, `policy ${string}`>
> = {
  "apply-patch": {
    summary: "Apply a patch from stdin to the current directory",
    args: [],
    flags: [],
    examples: ["rondo apply-patch < change.patch"],
  },
  sandbox: {
    summary: "Run a command as the agent's shell tool would",
    args: [
      required("COMMAND", "The command and its arguments, after --", {
        count: "rest",
      }),
    ],
    flags: [...CONFIG_FLAGS, "sandbox", "addDir", "backend"],
    examples: ["rondo sandbox -s read-only -- make test"],
  },
  "policy explain": {
    summary: "Say what would happen to a command, and by which rule",
    args: [required("COMMAND", "The command, after --", { count: "rest" })],
    flags: POLICY,
    examples: ["rondo policy explain -- 'npm test | tee log'"],
  },
  "policy test": {
    summary: "Check the policy against a file of cases",
    args: [required("FILE", "Cases as JSON lines", { completes: "file" })],
    flags: POLICY,
    examples: ["rondo policy test cases.jsonl"],
  },
  "policy lint": {
    summary: "List what could ask a person, and rules that cannot match",
    args: [],
    flags: [...POLICY, "headless"],
    examples: ["rondo policy lint --headless"],
  },
  "policy rules": {
    summary: "List saved rules, or revoke one",
    args: [],
    flags: [...POLICY, "revoke"],
    examples: ["rondo policy rules", "rondo policy rules --revoke 2"],
  },
};

const MCP_COMMANDS: CommandTable<
  Extract<CommandName, `mcp ${string}`> | "mcp-server"
> = {
  "mcp list": {
    summary: "List configured MCP servers",
    args: [],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo mcp list"],
  },
  "mcp get": {
    summary: "Show one MCP server",
    args: [SERVER],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo mcp get docs"],
  },
  "mcp add": {
    summary: "Add an MCP server: a command after --, or --url",
    args: [
      SERVER,
      optional("COMMAND", "The command and its arguments, after --", {
        count: "rest",
      }),
    ],
    flags: ["url", "env", "header", "bearerTokenEnvVar"],
    examples: [
      "rondo mcp add files -- npx -y @modelcontextprotocol/server-filesystem .",
      "rondo mcp add docs --url https://example.com/mcp",
    ],
  },
  "mcp remove": {
    summary: "Remove an MCP server",
    args: [SERVER],
    flags: [],
    examples: ["rondo mcp remove docs"],
  },
  "mcp login": {
    summary: "Log in to an MCP server",
    args: [SERVER],
    flags: CONFIG_FLAGS,
    examples: ["rondo mcp login docs"],
  },
  "mcp logout": {
    summary: "Forget the login of an MCP server",
    args: [SERVER],
    flags: CONFIG_FLAGS,
    examples: ["rondo mcp logout docs"],
  },
  "mcp test": {
    summary: "Connect to an MCP server and list what it offers",
    args: [SERVER],
    flags: [...CONFIG_FLAGS, "json"],
    examples: ["rondo mcp test docs"],
  },
  "mcp-server": {
    summary: "Be an MCP server on stdin and stdout",
    args: [],
    flags: [
      ...CONFIG_FLAGS,
      "model",
      "sandbox",
      "askForApproval",
      "addDir",
      "oss",
      "localProvider",
    ],
    examples: ["rondo mcp-server"],
  },
};

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
  trust: {
    summary: "Show, approve or revoke what the project in a folder asks for",
    details:
      "A project's MCP servers, hooks, allowing rules and settings that loosen something count only as you have approved them. After a change they are left out until you approve them again. Without a terminal nothing is approved unless --yes is given; the exit code is 1 while something is left out.",
    args: [
      optional("PATH", "A folder of the project (default: this one)", {
        completes: "dir",
      }),
    ],
    flags: ["show", "yes", "revokeTrust", "json"],
    examples: ["rondo trust", "rondo trust --show", "rondo trust --yes"],
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
