/** Data. The command table: every command with its words, arguments, flags and examples. */
import {
  AGENT_FLAG_NAMES,
  type Completes,
  EXEC_FLAG_NAMES,
  type FlagName,
  LISTED,
  TASK_FLAG_NAMES,
  UNTIL_FLAG_NAMES,
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
  /** With --json it prints one value of this topic of `rondo schema`. */
  readonly report?: string;
  readonly examples: readonly string[];
}

/** A command; it takes only what is named. */
function command(
  summary: string,
  more: Partial<Omit<CommandSpec, "summary">>,
): CommandSpec {
  return { args: [], flags: [], examples: [], ...more, summary };
}

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
  "strictConfig",
  "ignoreUserConfig",
  "trust",
  "cd",
];
/** Of commands that features change. */
const FEATURES: readonly FlagName[] = ["enable", "disable"];
const RULES: readonly FlagName[] = ["rules", "ignoreRules", "json"];
const JUDGING: readonly FlagName[] = [
  ...CONFIG_FLAGS,
  "sandbox",
  "askForApproval",
  ...RULES,
];

const SERVER = required("NAME", "Name of the server", { completes: "servers" });
const ID = required("ID", "Id or name of a session", { completes: "sessions" });

const EXEC: readonly FlagName[] = [...AGENT_FLAG_NAMES, ...EXEC_FLAG_NAMES];
/** Of those that change something. */
const WORK: readonly FlagName[] = [...EXEC, ...UNTIL_FLAG_NAMES];
/** What changes a request that nobody sends. */
const PROMPT_FLAGS: readonly FlagName[] = [
  ...CONFIG_FLAGS,
  ...FEATURES,
  "model",
  "sandbox",
  "askForApproval",
  "bypass",
  "fullAuto",
  "addDir",
  "image",
  "oss",
  "localProvider",
  "search",
  "ignoreRules",
  "outputSchema",
  "stdin",
];
const REVIEW: readonly FlagName[] = ["uncommitted", "base", "commit", "title"];
const SESSION = optional(
  "ID",
  "Id, its first characters, or name of a session; --last is the newest here",
  { completes: "sessions" },
);
/** Where the newest session of the folder is meant without one. */
const SESSION_OR_NEWEST = optional(
  "ID",
  "Id, its first characters, or name of a session (default: the newest here)",
  { completes: "sessions" },
);
const TASKS = required("TASKS", "File of tasks, one JSON object a line", {
  completes: "file",
});
/** How the tasks of a batch are run, here or elsewhere. */
const BATCH_FLAGS: readonly FlagName[] = [
  "out",
  "jobs",
  "requests",
  "inPlace",
  "branches",
  "retry",
  "retries",
  "maxRequests",
  "maxTokens",
  "maxCost",
  ...TASK_FLAG_NAMES,
];
const BATCH = required("DIR", "The --out of the batch", { completes: "dir" });
const PROMPT = "What to do; - or nothing reads it from stdin";

/** Every command, in the order of the help text. */
const TABLE = {
  repl: command("Start a conversation in this terminal", {
    prompt: "The first message",
    flags: [...AGENT_FLAG_NAMES, "plan"],
    examples: ['rondo "explain this repository"', "rondo -s workspace-write"],
  }),
  exec: command("Run one task and exit", {
    details: "Progress goes to stderr, the last message to stdout. With a " +
      "prompt argument, a file or pipe on stdin is appended to it as a block; " +
      "a pipe that stays silent is ignored.\n\n" +
      "With --json every line on stdout is an event. The last one is " +
      "turn.completed or turn.failed, with the exit code. " +
      "`rondo schema events` prints the schema.\n\n" +
      "With --plan the sandbox is read-only and nobody is asked; the last " +
      "message is the plan. `rondo exec resume --last --accept-plan` carries it out.\n\n" +
      "With --stage the run works in a copy of the folder, which is left as it " +
      "is. What was done is kept as a patch; `rondo apply SESSION` takes it over.\n\n" +
      "With --until the command runs after each answer, in the sandbox of the " +
      "model's commands. While it fails, its output goes back to the model; the " +
      "exit code is 0 only when it has passed, and 10 when the rounds are spent " +
      "or three of them changed nothing.",
    aliases: ["e"],
    prompt: PROMPT,
    flags: [...WORK, "plan", "stage", "sessionId"],
    examples: [
      'rondo exec -s workspace-write "fix the failing test"',
      'rondo exec -s workspace-write --stage "try the new parser"',
      'rondo exec -s workspace-write --until "make test" "fix the failing test"',
      'git diff | rondo exec "write a commit message"',
      'rondo exec --json --timeout 10m "update the changelog"',
      'rondo exec --plan -o plan.md "move the cache to SQLite"',
    ],
  }),
  "exec resume": command("Resume a session, run one prompt, exit", {
    args: [SESSION],
    prompt: PROMPT,
    flags: [...WORK, "plan", "acceptPlan", "stage", "last", "all"],
    examples: [
      'rondo exec resume --last "now add a test"',
      "rondo exec resume --last --accept-plan",
    ],
  }),
  "exec fork": command("Copy a session's history into a new session", {
    args: [SESSION],
    prompt: PROMPT,
    flags: [...WORK, "plan", "stage", "last", "all", "at"],
    examples: ['rondo exec fork 0199c3 --at 2 "try it another way"'],
  }),
  "exec review": command("Review changes and report findings", {
    details:
      "The sandbox is read-only, whatever mode is chosen. Findings are listed on stdout. With --json they are the field " +
      "`review` of the last line, with --output-format json of the result. " +
      "An answer in another form is shown as it is, with a warning.",
    prompt: "What to review, instead of a flag",
    flags: [...EXEC, ...REVIEW],
    examples: [
      "rondo exec review --uncommitted",
      "rondo exec review --base main",
    ],
  }),
  review: command("Review changes and report findings, as exec review does", {
    prompt: "What to review, instead of a flag",
    flags: [...EXEC, ...REVIEW],
    examples: ["rondo review --base main"],
  }),
  batch: command("Run many tasks, each in a work tree of its own", {
    details:
      "TASKS has a JSON object a line: prompt, and where wanted id, dir or repo, ref, isolation, model, profile, sandbox, limits, schema, files, paths, until, max_rounds, retries; `rondo schema batch-task` prints all. Results are lines of results.jsonl below --out, patches lie beside it.\n\n" +
      "Killed and started again with the same words it goes on where it was. A task that fails stops no other. The limits hold for all tasks together. The exit code is 0 when every task ended with 0, else 1. With --json every line on stdout is an event: `rondo schema batch-events`.",
    args: [TASKS],
    flags: [...BATCH_FLAGS, "shard", "json", "quiet"],
    examples: [
      "rondo batch tasks.jsonl -s workspace-write --jobs 4",
      "rondo batch tasks.jsonl --out nightly --max-cost 20 --retry 5,124",
      "rondo batch tasks.jsonl --shard 3/20",
    ],
  }),
  "batch emit": command("Print what an engine needs to run a batch", {
    details:
      "kubernetes: an Indexed Job; slurm: the script of an array; github: a workflow with a matrix; gitlab: a parallel job. Each job runs one part of the tasks into a folder of its own below --out, and a last one joins them. Other flags are those of `rondo batch`; limits hold in each part. Keys are named, never written.",
    args: [
      required("ENGINE", "What it is for", {
        choices: ["kubernetes", "slurm", "github", "gitlab"],
      }),
      TASKS,
    ],
    flags: [...BATCH_FLAGS, "shards", "containerImage"],
    examples: [
      "rondo batch emit slurm tasks.jsonl --shards 20 -s workspace-write",
      "rondo batch emit kubernetes tasks.jsonl --image registry.example.com/rondo",
    ],
  }),
  "batch status": command("Show how far a batch is", {
    args: [BATCH],
    flags: ["json"],
    report: "batch",
    examples: ["rondo batch status tasks.batch"],
  }),
  "batch merge": command("Join the results of parts of one tasks file", {
    details:
      "The parts must be of the same tasks file; a task that is missing or there twice is an error. A folder without results of its own stands for the shards below it.",
    args: [
      required("DIR", "Folders of the parts", {
        count: "rest",
        completes: "dir",
      }),
    ],
    flags: ["out"],
    examples: [
      "rondo batch merge part-0 part-1 --out all",
      "rondo batch merge tasks.batch --out tasks.batch/all",
    ],
  }),
  "batch report": command("List the results of a batch", {
    args: [BATCH],
    flags: ["html"],
    examples: [
      "rondo batch report tasks.batch",
      "rondo batch report tasks.batch --html report.html",
    ],
  }),
  resume: command("Resume a session in this terminal", {
    args: [SESSION_OR_NEWEST],
    prompt: "The next message",
    flags: [...AGENT_FLAG_NAMES, "plan", "last", "all"],
    examples: ["rondo resume", 'rondo resume 0199c3 "go on"'],
  }),
  fork: command("Copy a session's history into a new session", {
    args: [SESSION_OR_NEWEST],
    prompt: "The next message",
    flags: [...AGENT_FLAG_NAMES, "plan", "last", "all", "at"],
    examples: ["rondo fork --last --at 3"],
  }),
  rollback: command(
    "Drop the last turns of a session; files stay unless --restore says both",
    {
      args: [
        required("N", "How many turns"),
        SESSION_OR_NEWEST,
      ],
      flags: ["restore", "force", "all", "yes"],
      examples: ["rondo rollback 1", "rondo rollback 2 --restore both"],
    },
  ),
  apply: command("Take over the patch of a staged run, or any other patch", {
    details: "The patch may be a file as git diff or git format-patch writes " +
      "it, or - for stdin. It is applied at the top of the repository, else " +
      "in the folder: all of it, or nothing. What does not fit is listed with " +
      "its lines, and the exit code is 1.",
    args: [
      optional(
        "PATCH",
        "File with a patch, or a session (default: the newest here)",
        { completes: "sessions" },
      ),
    ],
    flags: ["cd", "check", "reverse"],
    examples: ["rondo apply 0199c3 --check", "rondo apply fix.patch"],
  }),
  undo: command("Undo the last turns: files, conversation, or both", {
    args: [
      optional("N", "How many turns (default 1)"),
      SESSION_OR_NEWEST,
    ],
    flags: ["restore", "dryRun", "force", "yes", "all"],
    examples: ["rondo undo --dry-run", "rondo undo 2 --restore code"],
  }),
  "sessions list": command("List sessions, newest first", {
    flags: ["all", "archived", "cd", "limit", "json"],
    report: "sessions",
    examples: ["rondo sessions list --all --json"],
  }),
  "sessions show": command("Show a session as text", {
    args: [ID],
    flags: ["full", "json"],
    report: "sessions",
    examples: ["rondo sessions show 0199c3 --full"],
  }),
  "sessions search": command("Find sessions by words in them", {
    args: [required("WORDS", "Words to look for", { count: "rest" })],
    flags: ["all", "cd", "limit", "json"],
    report: "sessions",
    examples: ["rondo sessions search flaky test"],
  }),
  "sessions rename": command("Give a session a name", {
    args: [ID, required("NAME", "The new name")],
    examples: ['rondo sessions rename 0199c3 "login bug"'],
  }),
  "sessions archive": command("Move a session out of the list", {
    args: [ID],
    examples: ["rondo sessions archive 0199c3"],
  }),
  "sessions unarchive": command("Move an archived session back to the list", {
    args: [ID],
    examples: ["rondo sessions unarchive 0199c3"],
  }),
  "sessions delete": command("Delete a session for good", {
    args: [ID],
    flags: ["yes"],
    examples: ["rondo sessions delete 0199c3 --yes"],
  }),
  "sessions export": command(
    "Export a session as Markdown or JSON lines, without keys",
    {
      args: [ID],
      flags: ["format", "output", "full"],
      examples: ["rondo sessions export 0199c3 -o talk.md"],
    },
  ),
  "sessions verify": command("Check the log of a session", {
    args: [ID],
    flags: ["json"],
    report: "sessions",
    examples: ["rondo sessions verify 0199c3"],
  }),
  "sessions repair": command("Repair a damaged log (keeps the original)", {
    args: [ID],
    flags: ["dryRun"],
    examples: ["rondo sessions repair 0199c3"],
  }),
  "sessions prune": command("Delete old sessions", {
    flags: ["olderThanMs", "dryRun", "yes", "json"],
    report: "sessions",
    examples: ["rondo sessions prune --older-than 90d --dry-run"],
  }),
  "sessions cache": command(
    "Show how much of each request came from the cache",
    {
      args: [ID],
      flags: ["json"],
      report: "sessions",
      examples: ["rondo sessions cache 0199c3"],
    },
  ),
  "apply-patch": command("Apply a patch from stdin to the current directory", {
    examples: ["rondo apply-patch < change.patch"],
  }),
  sandbox: command("Run a command as the agent's shell tool would", {
    args: [
      required("COMMAND", "The command and its arguments, after --", {
        count: "rest",
      }),
    ],
    flags: [...CONFIG_FLAGS, "sandbox", "addDir", "backend"],
    examples: ["rondo sandbox -s read-only -- make test"],
  }),
  "policy explain": command(
    "Explain what would happen to a command, and by which rule",
    {
      args: [required("COMMAND", "The command, after --", { count: "rest" })],
      flags: [...JUDGING, "addDir"],
      report: "policy",
      examples: ["rondo policy explain -- 'npm test | tee log'"],
    },
  ),
  "policy test": command("Check the policy against a file of cases", {
    args: [required("FILE", "Cases as JSON lines", { completes: "file" })],
    flags: JUDGING,
    report: "policy",
    examples: ["rondo policy test cases.jsonl"],
  }),
  "policy lint": command(
    "List what could ask for approval, and rules that never match",
    {
      flags: [...JUDGING, "headless"],
      report: "policy",
      examples: ["rondo policy lint --headless"],
    },
  ),
  "policy rules": command("List saved rules, or revoke one", {
    flags: [
      ...CONFIG_FLAGS.filter((flag) => flag !== "profile"),
      ...RULES,
      "revoke",
    ],
    report: "policy",
    examples: ["rondo policy rules", "rondo policy rules --revoke 2"],
  }),
  "mcp list": command("List configured MCP servers", {
    flags: [...CONFIG_FLAGS, "json"],
    report: "mcp",
    examples: ["rondo mcp list"],
  }),
  "mcp get": command("Show one MCP server", {
    args: [SERVER],
    flags: [...CONFIG_FLAGS, "json"],
    report: "mcp",
    examples: ["rondo mcp get docs"],
  }),
  "mcp add": command("Add an MCP server: a command after --, or --url", {
    args: [
      SERVER,
      optional("COMMAND", "The command and its arguments, after --", {
        count: "rest",
      }),
    ],
    flags: [
      "url",
      "env",
      "header",
      "bearerTokenEnvVar",
      "oauthClientId",
      "oauthClientSecret",
      "oauthResource",
      "oauthClientRegistration",
    ],
    examples: [
      "rondo mcp add files -- npx -y @modelcontextprotocol/server-filesystem .",
      "rondo mcp add docs --url https://example.com/mcp",
    ],
  }),
  "mcp remove": command("Remove an MCP server", {
    args: [SERVER],
    examples: ["rondo mcp remove docs"],
  }),
  "mcp login": command("Log in to an MCP server", {
    args: [SERVER],
    flags: [...CONFIG_FLAGS, "scopes", "oauthClientRegistration"],
    examples: ["rondo mcp login docs"],
  }),
  "mcp logout": command("Forget the login of an MCP server", {
    args: [SERVER],
    flags: CONFIG_FLAGS,
    examples: ["rondo mcp logout docs"],
  }),
  "mcp test": command("Connect to an MCP server and list what it offers", {
    args: [SERVER],
    flags: [...CONFIG_FLAGS, "json"],
    report: "mcp",
    examples: ["rondo mcp test docs"],
  }),
  "mcp-server": command("Run as an MCP server on stdin and stdout", {
    flags: [
      ...CONFIG_FLAGS,
      ...FEATURES,
      "model",
      "sandbox",
      "askForApproval",
      "addDir",
      "oss",
      "localProvider",
    ],
    examples: ["rondo mcp-server"],
  }),
  "app-server": command("Serve threads to a program, as JSON-RPC", {
    details:
      "The protocol of Codex's app server, one JSON text a line, for editors and other programs. A thread that no client follows any more ends.",
    flags: [
      ...CONFIG_FLAGS,
      ...FEATURES,
      "listen",
      "model",
      "sandbox",
      "askForApproval",
      "addDir",
      "oss",
      "localProvider",
    ],
    examples: [
      "rondo app-server",
      "rondo app-server --listen unix:///run/user/1000/rondo.sock",
    ],
  }),
  acp: command("Serve sessions to an editor, by the Agent Client Protocol", {
    details:
      "For Zed, JetBrains, Neovim, Emacs and other clients of ACP, on stdin and stdout. Modes of a session that allow more than the configuration and these flags are asked for. Files come from the editor with their unsaved changes, where it offers them. With --with-api-key it asks for a key, stores it and ends: how an editor logs in.",
    flags: [
      // A session says its folder itself.
      ...CONFIG_FLAGS.filter((flag) => flag !== "cd"),
      ...FEATURES,
      "withApiKey",
      "model",
      "sandbox",
      "askForApproval",
      "addDir",
      "oss",
      "localProvider",
    ],
    examples: ["rondo acp", "rondo acp --sandbox read-only"],
  }),
  doctor: command("Check sandbox, network, credentials and configuration", {
    flags: [...CONFIG_FLAGS, "json"],
    report: "doctor",
    examples: ["rondo doctor --json"],
  }),
  "doctor provider": command(
    "Find out with a dozen small requests what a provider takes",
    {
      details:
        "Each row is supported, not supported, or could not be found out, with the server's own words. --write sets what is certain in [model_providers.NAME] of config.toml and leaves the rest of the file as it is; nothing is written when the provider was not reached. The exit code is 0 when it was, else 4 or 5.",
      args: [
        optional("NAME", "Id of the provider (default: the selected one)", {
          completes: "providers",
        }),
      ],
      flags: [
        "config",
        "profile",
        "strictConfig",
        "ignoreUserConfig",
        "model",
        "write",
        "json",
      ],
      report: "doctor",
      examples: [
        "rondo doctor provider",
        "rondo doctor provider local --model qwen3-coder --write",
      ],
    },
  ),
  trust: command(
    "Show, approve or revoke what the project in a folder asks for",
    {
      details:
        "A project's MCP servers, hooks, allowing rules and settings that loosen something count only as you have approved them. After a change they are left out until you approve them again. Without a terminal nothing is approved unless --yes is given; the exit code is 1 while something is left out.",
      args: [
        optional("PATH", "A folder of the project (default: this one)", {
          completes: "dir",
        }),
      ],
      flags: ["show", "yes", "revokeTrust", "json"],
      report: "trust",
      examples: ["rondo trust", "rondo trust --show", "rondo trust --yes"],
    },
  ),
  login: command("Store an API key", {
    flags: ["withApiKey", "config"],
    examples: ["printenv OPENAI_API_KEY | rondo login --with-api-key"],
  }),
  "login status": command("Show which credentials are used", {
    flags: ["config", "profile", "strictConfig", "ignoreUserConfig", "json"],
    report: "login",
    examples: ["rondo login status"],
  }),
  logout: command("Remove stored credentials", {
    examples: ["rondo logout"],
  }),
  "config explain": command("Show every setting with the layer that set it", {
    args: [optional("KEY", "One setting, dotted")],
    flags: [...CONFIG_FLAGS, ...FEATURES, "json"],
    report: "explain",
    examples: ["rondo config explain model"],
  }),
  "debug prompt": command("Print the next request without sending it", {
    prompt: "The message",
    flags: PROMPT_FLAGS,
    examples: ['rondo debug prompt "hello"'],
  }),
  "features list": command("List feature flags", {
    flags: [
      "config",
      "profile",
      ...FEATURES,
      "strictConfig",
      "ignoreUserConfig",
      "json",
    ],
    report: "features",
    examples: ["rondo features list"],
  }),
  schema: command("Print the JSON Schema of a part of the contract", {
    args: [
      required("TOPIC", "What to print", {
        choices: [
          "events",
          "config",
          "exit-codes",
          "result",
          "input",
          "policy",
          "sessions",
          "mcp",
          "doctor",
          "trust",
          "login",
          "explain",
          "features",
          "batch",
          "batch-task",
          "batch-result",
          "batch-events",
        ],
      }),
    ],
    examples: ["rondo schema events > events.schema.json"],
  }),
  completion: command("Print the completion script of a shell", {
    args: [
      required("SHELL", "Which shell", { choices: ["bash", "zsh", "fish"] }),
    ],
    examples: ["source <(rondo completion bash)"],
  }),
  "completion words": command("Print words of this machine, for completion", {
    args: [required("KIND", "Which words", { choices: LISTED })],
    examples: ["rondo completion words profiles"],
  }),
  man: command("Print the manual page", {
    examples: ["rondo man | man -l -"],
  }),
};

/** A command as its words in order; `repl` is the program without a command. */
export type CommandName = keyof typeof TABLE;

export const COMMANDS: Readonly<Record<CommandName, CommandSpec>> = TABLE;

/** Words that only group commands, and their help. */
export const GROUPS: Readonly<Record<string, string>> = {
  sessions: "List, read and manage sessions",
  policy: "Explain and test what commands may do",
  mcp: "Configure MCP servers",
  config: "Inspect the configuration",
  debug: "Inspect requests",
  features: "List feature flags",
};

/** The words of a command below the program; the program itself is the empty path. */
export function pathOf(name: CommandName): readonly string[] {
  return name === "repl" ? [] : name.split(" ");
}

export function commandNames(): readonly CommandName[] {
  return Object.keys(COMMANDS) as CommandName[];
}

/** Every path of words that is a command or a group of them, parents first. */
export function commandPaths(): readonly (readonly string[])[] {
  const paths = commandNames().map(pathOf);
  const groups = Object.keys(GROUPS).map((word) => [word]);
  return [...paths, ...groups].sort((a, b) => a.length - b.length);
}
