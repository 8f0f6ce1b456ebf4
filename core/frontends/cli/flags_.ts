/** All flags of the command table. Data; spellings are unique within a command. */
import type {
  ExecFlags,
  OtherFlags,
  SelectFlags,
} from "../../contract/command_line.ts";
import type { FlagName, FlagSpec, FlagTable } from "./flags.ts";
import { AGENT_FLAGS } from "./flags_agent.ts";

const EXEC_FLAGS: FlagTable<keyof ExecFlags> = {
  json: {
    kind: "switch",
    long: "--json",
    aliases: ["--experimental-json"],
    help: "Events as JSON lines on stdout",
  },
  events: {
    kind: "choice",
    long: "--events",
    value: "FORM",
    choices: ["codex", "native"],
    help: "native adds ts, seq, thread_id and turn_id to every line",
  },
  deltas: {
    kind: "switch",
    long: "--deltas",
    help: "With --json: text, reasoning and output as they come",
  },
  input: {
    kind: "choice",
    long: "--input",
    value: "FORM",
    choices: ["text", "jsonl"],
    help: "jsonl: messages, interrupts and answers as JSON lines on stdin",
  },
  approvals: {
    kind: "text",
    long: "--approvals",
    value: "WHO",
    help: "exec:CMD answers questions (JSON in, JSON out); deny refuses them",
  },
  approvalTimeoutMs: {
    kind: "duration",
    long: "--approval-timeout",
    value: "TIME",
    help: "No answer by then means no (default 5m)",
  },
  failOnDenied: {
    kind: "switch",
    long: "--fail-on-denied",
    help: "Exit 7 when an action was not allowed",
  },
  timeoutMs: {
    kind: "duration",
    long: "--timeout",
    value: "TIME",
    help: "End the run after this time with exit 124, e.g. 10m",
  },
  stdin: {
    kind: "switch",
    long: "--stdin",
    help: "Read stdin to its end, also beside a prompt argument",
  },
  outputLastMessage: {
    kind: "text",
    long: "--output-last-message",
    short: "-o",
    value: "FILE",
    completes: "file",
    help: "Write the last message to a file",
  },
  outputSchema: {
    kind: "text",
    long: "--output-schema",
    value: "FILE",
    completes: "file",
    help: "JSON Schema the last message must satisfy",
  },
  outputFormat: {
    kind: "choice",
    long: "--output-format",
    value: "FORM",
    choices: ["text", "json"],
    help: "json: one final object on stdout",
  },
  threadSource: {
    kind: "text",
    long: "--thread-source",
    value: "NAME",
    help: "Accepted for the Codex SDK",
    isHidden: true,
  },
  cyberAccessProgram: {
    kind: "text",
    long: "--cyber-access-program",
    value: "NAME",
    help: "Accepted for the Codex SDK",
    isHidden: true,
  },
};

const SELECT_FLAGS: FlagTable<keyof SelectFlags> = {
  last: {
    kind: "switch",
    long: "--last",
    help: "The newest session of this directory",
  },
  all: {
    kind: "switch",
    long: "--all",
    help: "Sessions of every directory",
  },
  at: {
    kind: "count",
    long: "--at",
    value: "N",
    help: "Only up to the Nth message of the person",
  },
  uncommitted: {
    kind: "switch",
    long: "--uncommitted",
    help: "Review what is staged, changed and untracked",
  },
  base: {
    kind: "text",
    long: "--base",
    value: "BRANCH",
    help: "Review against a branch",
  },
  commit: {
    kind: "text",
    long: "--commit",
    value: "SHA",
    help: "Review one commit",
  },
  title: {
    kind: "text",
    long: "--title",
    value: "TEXT",
    help: "Title of the reviewed commit",
  },
  full: {
    kind: "switch",
    long: "--full",
    help: "Also what compaction dropped",
  },
  limit: {
    kind: "count",
    long: "--limit",
    short: "-n",
    value: "N",
    help: "At most so many",
  },
  format: {
    kind: "choice",
    long: "--format",
    value: "FORM",
    choices: ["markdown", "jsonl"],
    help: "Form of the export",
  },
  output: {
    kind: "text",
    long: "--output",
    short: "-o",
    value: "FILE",
    completes: "file",
    help: "Write to a file instead of stdout",
  },
  olderThanMs: {
    kind: "duration",
    long: "--older-than",
    value: "TIME",
    help: "Only sessions untouched for that long, e.g. 30d",
  },
  dryRun: {
    kind: "switch",
    long: "--dry-run",
    help: "Say what would be done and do nothing",
  },
  yes: {
    kind: "switch",
    long: "--yes",
    short: "-y",
    help: "Do not ask",
  },
  restore: {
    kind: "choice",
    long: "--restore",
    value: "WHAT",
    choices: ["code", "chat", "both"],
    help: "What is taken back (default both)",
  },
  force: {
    kind: "switch",
    long: "--force",
    help: "Also over later edits",
  },
};

const OTHER_FLAGS: FlagTable<keyof OtherFlags> = {
  backend: {
    kind: "choice",
    long: "--backend",
    value: "NAME",
    choices: ["auto", "bwrap", "landlock", "none"],
    help: "Sandbox to use (default auto: the strongest that works)",
  },
  headless: {
    kind: "switch",
    long: "--headless",
    help: "Fail when anything could ask a person",
  },
  rules: {
    kind: "list",
    long: "--rules",
    value: "FILE",
    completes: "file",
    help: "Rules file to use instead of the configured ones",
  },
  revoke: {
    kind: "text",
    long: "--revoke",
    value: "N",
    help: "Remove the saved rule with this number",
  },
  url: {
    kind: "text",
    long: "--url",
    value: "URL",
    help: "Address of a server reached by HTTP",
  },
  env: {
    kind: "list",
    long: "--env",
    value: "NAME=VALUE",
    help: "Environment variable of the server",
  },
  header: {
    kind: "list",
    long: "--header",
    value: "NAME=VALUE",
    help: "HTTP header sent to the server",
  },
  bearerTokenEnvVar: {
    kind: "text",
    long: "--bearer-token-env-var",
    value: "NAME",
    help: "Variable that holds the server's token",
  },
  withApiKey: {
    kind: "switch",
    long: "--with-api-key",
    help: "Read an API key from stdin and store it",
  },
};

export const FLAGS: Readonly<Record<FlagName, FlagSpec>> = {
  ...AGENT_FLAGS,
  ...EXEC_FLAGS,
  ...SELECT_FLAGS,
  ...OTHER_FLAGS,
};

export const AGENT_FLAG_NAMES = Object.keys(AGENT_FLAGS) as FlagName[];
export const EXEC_FLAG_NAMES = Object.keys(EXEC_FLAGS) as FlagName[];
