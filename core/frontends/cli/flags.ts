/** Data. The flag table: each flag with its spellings, the kind of its value, and its help. */
import type {
  AgentFlags,
  ExecFlags,
  Flags,
  LimitRaise,
  OtherFlags,
  SelectFlags,
} from "../../contract/command_line.ts";

interface FlagBase {
  /** With its dashes: `--model`. */
  readonly long: string;
  readonly short?: string;
  /** Other spellings that mean the same and are not advertised. */
  readonly aliases?: readonly string[];
  /** One line, no final period. */
  readonly help: string;
  /** Accepted, but in no help text. */
  readonly isHidden?: boolean;
}

/** What the shell may offer as a value. */
export type Completes = "file" | "dir";

interface SwitchSpec extends FlagBase {
  readonly kind: "switch";
}
interface TextSpec extends FlagBase {
  readonly kind: "text";
  readonly value: string;
  readonly completes?: Completes;
}
interface ChoiceSpec extends FlagBase {
  readonly kind: "choice";
  readonly value: string;
  readonly choices: readonly string[];
}
/** May be given more than once; `split` takes a comma list apart. */
interface ListSpec extends FlagBase {
  readonly kind: "list";
  readonly value: string;
  readonly completes?: Completes;
  readonly split?: boolean;
}
interface NumberSpec extends FlagBase {
  /** `count` takes 50k and 2M, `duration` 90, 90s, 1h30m, 30d. */
  readonly kind: "count" | "duration" | "money";
  readonly value: string;
}
interface RaiseSpec extends FlagBase {
  readonly kind: "raise";
  readonly value: string;
}
export type FlagSpec =
  | SwitchSpec
  | TextSpec
  | ChoiceSpec
  | ListSpec
  | NumberSpec
  | RaiseSpec;

// A flag's kind must agree with the type of its value; the compiler checks the table.
type SpecOf<V> = [V] extends [boolean] ? SwitchSpec
  : [V] extends [number] ? NumberSpec
  : [V] extends [readonly LimitRaise[]] ? RaiseSpec
  : [V] extends [readonly string[]] ? ListSpec
  : string extends V ? TextSpec
  : ChoiceSpec;

export type FlagName = keyof Flags;

/** A table of some of the flags. */
type FlagTable<K extends FlagName> = {
  readonly [N in K]: SpecOf<Required<Flags>[N]>;
};

const AGENT_FLAGS: FlagTable<keyof AgentFlags> = {
  model: {
    kind: "text",
    long: "--model",
    short: "-m",
    value: "MODEL",
    help: "Model to use",
  },
  sandbox: {
    kind: "choice",
    long: "--sandbox",
    short: "-s",
    value: "MODE",
    choices: [
      "read-only",
      "workspace-write",
      "danger-full-access",
      "external-sandbox",
    ],
    help: "What commands may touch",
  },
  askForApproval: {
    kind: "choice",
    long: "--ask-for-approval",
    short: "-a",
    value: "POLICY",
    choices: ["untrusted", "on-failure", "on-request", "never"],
    help: "When to ask before acting",
  },
  bypass: {
    kind: "switch",
    long: "--dangerously-bypass-approvals-and-sandbox",
    aliases: ["--yolo"],
    help: "No sandbox and no questions; for machines that are a sandbox",
  },
  fullAuto: {
    kind: "switch",
    long: "--full-auto",
    help: "Deprecated: the same as --sandbox workspace-write",
    isHidden: true,
  },
  cd: {
    kind: "text",
    long: "--cd",
    short: "-C",
    value: "DIR",
    completes: "dir",
    help: "Working directory of the agent",
  },
  addDir: {
    kind: "list",
    long: "--add-dir",
    value: "DIR",
    completes: "dir",
    help: "Another directory that may be written",
  },
  image: {
    kind: "list",
    long: "--image",
    short: "-i",
    value: "FILE",
    completes: "file",
    split: true,
    help: "Image to send along; several by comma or by repeating",
  },
  config: {
    kind: "list",
    long: "--config",
    short: "-c",
    value: "KEY=VALUE",
    help: "One setting of config.toml, the value in TOML or plain text",
  },
  profile: {
    kind: "text",
    long: "--profile",
    short: "-p",
    value: "NAME",
    help: "Profile of settings to layer on top",
  },
  enable: {
    kind: "list",
    long: "--enable",
    value: "FEATURE",
    help: "Turn a feature on",
  },
  disable: {
    kind: "list",
    long: "--disable",
    value: "FEATURE",
    help: "Turn a feature off",
  },
  strictConfig: {
    kind: "switch",
    long: "--strict-config",
    help: "An unknown setting is an error",
  },
  oss: {
    kind: "switch",
    long: "--oss",
    help: "Use a model served on this machine",
  },
  localProvider: {
    kind: "text",
    long: "--local-provider",
    value: "NAME",
    help: "Which local server: ollama or lmstudio",
  },
  search: {
    kind: "switch",
    long: "--search",
    help: "Let the model search the live web",
  },
  trust: {
    kind: "switch",
    long: "--trust",
    help: "Trust this project's configuration for this run",
  },
  bypassHookTrust: {
    kind: "switch",
    long: "--dangerously-bypass-hook-trust",
    help: "Run hooks of this project that nobody has trusted",
  },
  skipGitRepoCheck: {
    kind: "switch",
    long: "--skip-git-repo-check",
    help: "Run outside a git repository",
  },
  ephemeral: {
    kind: "switch",
    long: "--ephemeral",
    help: "Write no session file",
  },
  ignoreUserConfig: {
    kind: "switch",
    long: "--ignore-user-config",
    help: "Leave the user's config.toml out",
  },
  ignoreRules: {
    kind: "switch",
    long: "--ignore-rules",
    help: "Leave rules files out",
  },
  color: {
    kind: "choice",
    long: "--color",
    value: "WHEN",
    choices: ["auto", "always", "never"],
    help: "Colours on stderr and on the screen",
  },
  quiet: {
    kind: "switch",
    long: "--quiet",
    short: "-q",
    help: "Only warnings and errors on stderr",
  },
  verbose: {
    kind: "switch",
    long: "--verbose",
    short: "-v",
    help: "Whole outputs, diffs, reasoning and requests",
  },
  maxRequests: {
    kind: "count",
    long: "--max-requests",
    value: "N",
    help: "Model requests before the run ends with exit 6",
  },
  maxTokens: {
    kind: "count",
    long: "--max-tokens",
    value: "N",
    help: "Tokens before the run ends with exit 6, e.g. 200k",
  },
  maxToolCalls: {
    kind: "count",
    long: "--max-tool-calls",
    value: "N",
    help: "Tool calls before the run ends with exit 6",
  },
  maxCost: {
    kind: "money",
    long: "--max-cost",
    value: "AMOUNT",
    help: "Cost before the run ends with exit 6; prices come from the config",
  },
  raise: {
    kind: "raise",
    long: "--raise",
    value: "LIMIT=N",
    help: "Lift a limit of a resumed run, e.g. tokens=+50k",
  },
  strictCache: {
    kind: "switch",
    long: "--strict-cache",
    help: "Fail when rondo itself broke the prompt's prefix",
  },
  record: {
    kind: "text",
    long: "--record",
    value: "FILE",
    completes: "file",
    help: "Write a cassette of this run",
  },
  replay: {
    kind: "text",
    long: "--replay",
    value: "FILE",
    completes: "file",
    help: "Answer from a cassette instead of the network",
  },
  replayMode: {
    kind: "choice",
    long: "--replay-mode",
    value: "MODE",
    choices: ["model", "full"],
    help: "model: tools run for real; full: nothing runs",
  },
  replayTiming: {
    kind: "choice",
    long: "--replay-timing",
    value: "HOW",
    choices: ["keep", "skip"],
    help: "Keep the recorded pauses or skip them",
  },
  noAltScreen: {
    kind: "switch",
    long: "--no-alt-screen",
    help: "Accepted and without effect: the screen is never taken over",
    isHidden: true,
  },
};

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
    choices: ["auto", "bwrap", "bwrap-landlock", "landlock", "none"],
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
