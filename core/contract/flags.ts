/** Data. The flag table: each flag with its spellings, the kind of its value, and its help. */

/** `--raise tokens=+50k`: one limit, lifted. */
export interface LimitRaise {
  readonly limit: "requests" | "tokens" | "tool-calls" | "cost";
  /** Added to the limit; without a sign in the text it replaces it. */
  readonly amount: number;
  readonly relative: boolean;
}

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
export type Completes = "file" | "dir" | Listed;

/** What `rondo completion words` lists. */
export const LISTED = [
  "profiles",
  "sessions",
  "models",
  "providers",
  "servers",
  "features",
] as const;
type Listed = typeof LISTED[number];

interface SwitchSpec extends FlagBase {
  readonly kind: "switch";
}
interface TextSpec extends FlagBase {
  readonly kind: "text";
  readonly value: string;
  readonly completes?: Completes;
}
interface ChoiceSpec<T extends string = string> extends FlagBase {
  readonly kind: "choice";
  readonly value: string;
  readonly choices: readonly T[];
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

type ValueOf<S> = S extends SwitchSpec ? boolean
  : S extends TextSpec ? string
  : S extends ChoiceSpec<infer T> ? T
  : S extends ListSpec ? readonly string[]
  : S extends NumberSpec ? number
  : readonly LimitRaise[];

/** What a command line gave for the flags of a table; absent means not given. */
type FlagsOf<T> = { readonly [N in keyof T]?: ValueOf<T[N]> };

type Form<S> = Partial<Omit<S, "kind" | "long" | "help" | "value" | "choices">>;

// `--cd DIR`: the flag and the name of its value.
function valued(
  form: string,
): { readonly long: string; readonly value: string } {
  const [long = "", value = ""] = form.split(" ");
  return { long, value };
}

function onOff(
  long: string,
  help: string,
  more?: Form<SwitchSpec>,
): SwitchSpec {
  return { kind: "switch", long, help, ...more };
}

function text(form: string, help: string, more?: Form<TextSpec>): TextSpec {
  return { kind: "text", ...valued(form), help, ...more };
}

function list(form: string, help: string, more?: Form<ListSpec>): ListSpec {
  return { kind: "list", ...valued(form), help, ...more };
}

function choice<const T extends string>(
  form: string,
  choices: readonly T[],
  help: string,
  more?: Form<ChoiceSpec>,
): ChoiceSpec<T> {
  return { kind: "choice", ...valued(form), choices, help, ...more };
}

function number(
  kind: NumberSpec["kind"],
  form: string,
  help: string,
  more?: Form<NumberSpec>,
): NumberSpec {
  return { kind, ...valued(form), help, ...more };
}

function raise(form: string, help: string): RaiseSpec {
  return { kind: "raise", ...valued(form), help };
}

/** How the agent runs: taken by every command that starts one. */
const AGENT_FLAGS = {
  model: text("--model MODEL", "Model to use", {
    short: "-m",
    completes: "models",
  }),
  sandbox: choice(
    "--sandbox MODE",
    ["read-only", "workspace-write", "danger-full-access", "external-sandbox"],
    "What commands may touch",
    { short: "-s" },
  ),
  askForApproval: choice(
    "--ask-for-approval POLICY",
    ["untrusted", "on-failure", "on-request", "never"],
    "When to ask for approval",
    { short: "-a" },
  ),
  bypass: onOff(
    "--dangerously-bypass-approvals-and-sandbox",
    "No sandbox and no approvals; only for machines that are a sandbox",
    { aliases: ["--yolo"] },
  ),
  fullAuto: onOff(
    "--full-auto",
    "Deprecated: same as --sandbox workspace-write",
    { isHidden: true },
  ),
  cd: text("--cd DIR", "Working directory of the agent", {
    short: "-C",
    completes: "dir",
  }),
  addDir: list("--add-dir DIR", "Additional writable directory", {
    completes: "dir",
  }),
  image: list(
    "--image FILE",
    "Image to attach; repeat it or separate with commas",
    { short: "-i", completes: "file", split: true },
  ),
  config: list(
    "--config KEY=VALUE",
    "Override one setting of config.toml, as TOML or plain text",
    { short: "-c" },
  ),
  profile: text("--profile NAME", "Settings profile to apply", {
    short: "-p",
    completes: "profiles",
  }),
  enable: list("--enable FEATURE", "Turn a feature on", {
    completes: "features",
  }),
  disable: list("--disable FEATURE", "Turn a feature off", {
    completes: "features",
  }),
  strictConfig: onOff("--strict-config", "Fail on unknown settings"),
  oss: onOff("--oss", "Use a model served on this machine"),
  localProvider: text(
    "--local-provider NAME",
    "Local server to use: ollama or lmstudio",
  ),
  search: onOff("--search", "Let the model search the web"),
  trust: onOff(
    "--trust",
    "Trust the folder for this run; approvals need rondo trust",
  ),
  bypassHookTrust: onOff(
    "--dangerously-bypass-hook-trust",
    "Run hooks of this project that nobody has approved",
  ),
  skipGitRepoCheck: onOff(
    "--skip-git-repo-check",
    "Run outside a git repository",
  ),
  ephemeral: onOff("--ephemeral", "Do not save the session"),
  ignoreUserConfig: onOff(
    "--ignore-user-config",
    "Ignore the user's config.toml",
  ),
  ignoreRules: onOff("--ignore-rules", "Ignore rules files"),
  color: choice(
    "--color WHEN",
    ["auto", "always", "never"],
    "When to use colour",
  ),
  quiet: onOff("--quiet", "Only warnings and errors on stderr", {
    short: "-q",
  }),
  verbose: onOff("--verbose", "Whole outputs, diffs, reasoning and requests", {
    short: "-v",
  }),
  maxRequests: number(
    "count",
    "--max-requests N",
    "Model requests before the run ends with exit 6",
  ),
  maxTokens: number(
    "count",
    "--max-tokens N",
    "Tokens before the run ends with exit 6, e.g. 200k",
  ),
  maxToolCalls: number(
    "count",
    "--max-tool-calls N",
    "Tool calls before the run ends with exit 6",
  ),
  maxCost: number(
    "money",
    "--max-cost AMOUNT",
    "Cost before the run ends with exit 6; prices come from the config",
  ),
  raise: raise(
    "--raise LIMIT=N",
    "Raise a limit of a resumed run, e.g. tokens=+50k",
  ),
  strictCache: onOff(
    "--strict-cache",
    "Fail if rondo itself breaks the cached prompt prefix",
  ),
  record: text("--record FILE", "Record this run to a cassette", {
    completes: "file",
  }),
  replay: text(
    "--replay FILE",
    "Replay a cassette instead of using the network",
    { completes: "file" },
  ),
  replayMode: choice(
    "--replay-mode MODE",
    ["model", "full"],
    "model: run tools for real; full: run nothing",
  ),
  replayTiming: choice(
    "--replay-timing HOW",
    ["keep", "skip"],
    "Keep or skip the recorded pauses",
  ),
  noAltScreen: onOff(
    "--no-alt-screen",
    "Accepted, no effect: the screen is never taken over",
    { isHidden: true },
  ),
};

/** What `exec` adds: the contract with the program that calls it. */
const EXEC_FLAGS = {
  json: onOff("--json", "Events as JSON lines on stdout", {
    aliases: ["--experimental-json"],
  }),
  events: choice(
    "--events FORM",
    ["codex", "native"],
    "native adds ts, seq, thread_id and turn_id to every line",
  ),
  deltas: onOff("--deltas", "With --json: stream text, reasoning and output"),
  input: choice(
    "--input FORM",
    ["text", "jsonl"],
    "jsonl: messages, interrupts and answers as JSON lines on stdin",
  ),
  approvals: text(
    "--approvals WHO",
    "exec:CMD answers approvals (JSON in, JSON out); deny refuses them",
  ),
  approvalTimeoutMs: number(
    "duration",
    "--approval-timeout TIME",
    "Deny after this long without an answer (default 5m)",
  ),
  failOnDenied: onOff(
    "--fail-on-denied",
    "Exit 7 if an action was not allowed",
  ),
  timeoutMs: number(
    "duration",
    "--timeout TIME",
    "Stop the run after this time with exit 124, e.g. 10m",
  ),
  waitForLimits: onOff(
    "--wait-for-limits",
    "Wait out rate limits and quotas, as long as the server says",
  ),
  stdin: onOff("--stdin", "Read stdin to its end, even with a prompt argument"),
  outputLastMessage: text(
    "--output-last-message FILE",
    "Write the last message to a file",
    { short: "-o", completes: "file" },
  ),
  outputSchema: text(
    "--output-schema FILE",
    "JSON Schema the last message must satisfy",
    { completes: "file" },
  ),
  outputFormat: choice(
    "--output-format FORM",
    ["text", "json"],
    "json: one final object on stdout",
  ),
  threadSource: text("--thread-source NAME", "Accepted for the Codex SDK", {
    isHidden: true,
  }),
  cyberAccessProgram: text(
    "--cyber-access-program NAME",
    "Accepted for the Codex SDK",
    { isHidden: true },
  ),
};

/** What decides whether a run of `exec` is done, beside the model. */
const UNTIL_FLAGS = {
  until: text(
    "--until CMD",
    "Go on until this command passes; its exit code decides, not the model",
  ),
  maxRounds: number(
    "count",
    "--max-rounds N",
    "Checks of --until before the run ends with exit 10 (default 5)",
  ),
  untilTimeoutMs: number(
    "duration",
    "--until-timeout TIME",
    "End a check of --until after this time (default 2m)",
  ),
};

/** Which sessions, which changes, which part of them. */
const SELECT_FLAGS = {
  plan: onOff("--plan", "Start in plan mode, in which nothing can be changed"),
  acceptPlan: onOff(
    "--accept-plan",
    "Leave plan mode and carry out the plan it ended with",
  ),
  stage: onOff(
    "--stage",
    "Work in a copy of the folder; `rondo apply` takes the patch over",
  ),
  sessionId: text(
    "--session-id UUID",
    "Id of the new session; refused when there is one with it",
  ),
  check: onOff("--check", "Only look whether the patch fits"),
  reverse: onOff("--reverse", "Take the patch back", { short: "-R" }),
  last: onOff("--last", "The newest session of this directory"),
  all: onOff("--all", "Sessions of every directory"),
  at: number("count", "--at N", "Only up to your Nth message"),
  uncommitted: onOff(
    "--uncommitted",
    "Review staged, unstaged and untracked changes",
  ),
  base: text("--base BRANCH", "Review changes against a branch"),
  commit: text("--commit SHA", "Review one commit"),
  title: text("--title TEXT", "Title of the reviewed commit"),
  full: onOff("--full", "Include compacted turns"),
  archived: onOff("--archived", "Archived sessions, too"),
  limit: number("count", "--limit N", "Maximum to list", { short: "-n" }),
  format: choice("--format FORM", ["markdown", "jsonl"], "Export format"),
  output: text("--output FILE", "Write to a file instead of stdout", {
    short: "-o",
    completes: "file",
  }),
  olderThanMs: number(
    "duration",
    "--older-than TIME",
    "Only sessions unused for this long, e.g. 30d",
  ),
  dryRun: onOff("--dry-run", "Show what would be done, do nothing"),
  yes: onOff("--yes", "Skip the confirmation", { short: "-y" }),
  restore: choice(
    "--restore WHAT",
    ["code", "chat", "both"],
    "What to undo (default both; chat of rollback)",
  ),
  force: onOff("--force", "Overwrite later edits"),
};

/** Of many tasks at once. */
const BATCH_FLAGS = {
  out: text("--out DIR", "Folder of the results", { completes: "dir" }),
  jobs: number("count", "--jobs N", "Tasks that run at a time (default 2)", {
    short: "-j",
  }),
  inPlace: onOff(
    "--in-place",
    "Work in the folders themselves, in each one task at a time",
  ),
  requests: number(
    "count",
    "--requests N",
    "Requests under way to the provider at a time, over all tasks",
  ),
  retry: list(
    "--retry CODES",
    "Exit codes after which a task is tried again (default 5,124)",
    { split: true },
  ),
  retries: number(
    "count",
    "--retries N",
    "Further attempts of a task (default 0; 2 with --retry)",
  ),
  branches: onOff(
    "--branches",
    "Leave what a task changed in a repository as a branch, rondo/ID",
  ),
  shard: text(
    "--shard I/N",
    "Run the Ith of N parts of the tasks, into a folder of its own below --out",
  ),
  shards: number("count", "--shards N", "Parts to cut the tasks into"),
  containerImage: text("--image IMAGE", "Container image with rondo in it"),
  html: text("--html FILE", "Write a page with the patches", {
    completes: "file",
  }),
};

/** Flags of the commands around the agent. */
const OTHER_FLAGS = {
  backend: choice(
    "--backend NAME",
    ["auto", "bwrap", "bwrap-landlock", "landlock", "none"],
    "Sandbox to use (default auto: the strongest that works)",
  ),
  listen: text(
    "--listen URL",
    "stdio:// (default), or unix://PATH: a socket that only its owner may open",
  ),
  write: onOff("--write", "Write what was found out to config.toml"),
  headless: onOff("--headless", "Fail if anything could ask for approval"),
  rules: list(
    "--rules FILE",
    "Rules file to use instead of the configured ones",
    { completes: "file" },
  ),
  revoke: text("--revoke N", "Remove the saved rule with this number"),
  show: onOff(
    "--show",
    "Show what is asked for and what is approved; change nothing",
  ),
  revokeTrust: onOff(
    "--revoke",
    "Take back the trust in the folder and all approvals in it",
  ),
  url: text("--url URL", "Address of an HTTP server"),
  env: list("--env NAME=VALUE", "Environment variable for the server"),
  header: list("--header NAME=VALUE", "HTTP header to send to the server"),
  bearerTokenEnvVar: text(
    "--bearer-token-env-var NAME",
    "Variable that holds the server's token",
  ),
  oauthClientId: text(
    "--oauth-client-id ID",
    "Client of a login that was registered by hand, or the URL of its metadata",
  ),
  oauthClientSecret: text(
    "--oauth-client-secret SECRET",
    "Its secret; kept with the logins, not in config.toml",
  ),
  oauthResource: text(
    "--oauth-resource URL",
    "What a login is for, where that is not the server's URL",
  ),
  oauthClientRegistration: choice(
    "--oauth-client-registration HOW",
    ["auto", "cimd", "dcr"],
    "Log in at once: as the URL of a client's metadata (cimd), registered (dcr), or as it comes",
  ),
  scopes: text("--scopes SCOPE,SCOPE", "What the login asks for"),
  withApiKey: onOff(
    "--with-api-key",
    "Read an API key from stdin and store it",
  ),
};

const ALL = {
  ...AGENT_FLAGS,
  ...EXEC_FLAGS,
  ...UNTIL_FLAGS,
  ...SELECT_FLAGS,
  ...BATCH_FLAGS,
  ...OTHER_FLAGS,
};

export type AgentFlags = FlagsOf<typeof AGENT_FLAGS>;
export type ExecFlags = FlagsOf<typeof EXEC_FLAGS>;
/** All flags of all commands. Paths are as typed. */
export type Flags = FlagsOf<typeof ALL>;
export type FlagName = keyof Flags;

export const FLAGS: Readonly<Record<FlagName, FlagSpec>> = ALL;

/** Flags of a batch that hold for each of its tasks, unless the task says otherwise. */
export const TASK_FLAG_NAMES: readonly FlagName[] = [
  "config",
  "profile",
  "strictConfig",
  "ignoreUserConfig",
  "trust",
  "enable",
  "disable",
  "model",
  "sandbox",
  "bypass",
  "addDir",
  "skipGitRepoCheck",
  "ephemeral",
  "ignoreRules",
  "failOnDenied",
  "timeoutMs",
  "waitForLimits",
  "outputSchema",
  "until",
  "maxRounds",
  "untilTimeoutMs",
];

export const AGENT_FLAG_NAMES = Object.keys(AGENT_FLAGS) as FlagName[];
export const EXEC_FLAG_NAMES = Object.keys(EXEC_FLAGS) as FlagName[];
export const UNTIL_FLAG_NAMES = Object.keys(UNTIL_FLAGS) as FlagName[];
