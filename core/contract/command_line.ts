/** The command line after parsing: which command, its words, its flags. Plain data. */
import type { SandboxMode } from "../protocol/policy.ts";

/** Every command, as its words in order; `repl` is the program without a command. */
export type CommandName =
  | "repl"
  | "exec"
  | "exec resume"
  | "exec fork"
  | "exec review"
  | "resume"
  | "fork"
  | "sessions list"
  | "sessions show"
  | "sessions search"
  | "sessions rename"
  | "sessions archive"
  | "sessions delete"
  | "sessions export"
  | "sessions verify"
  | "sessions repair"
  | "sessions prune"
  | "sessions cache"
  | "rollback"
  | "undo"
  | "apply-patch"
  | "sandbox"
  | "policy explain"
  | "policy test"
  | "policy lint"
  | "policy rules"
  | "mcp list"
  | "mcp get"
  | "mcp add"
  | "mcp remove"
  | "mcp login"
  | "mcp logout"
  | "mcp test"
  | "mcp-server"
  | "doctor"
  | "trust"
  | "login"
  | "login status"
  | "logout"
  | "config explain"
  | "debug prompt"
  | "features list"
  | "schema"
  | "completion"
  | "man";

/** A parsed command line. */
export interface CommandLine {
  readonly command: CommandName;
  /** Positionals in the order of the table, the prompt left out. */
  readonly args: readonly string[];
  /** The prompt argument as given; `-` asks for stdin. */
  readonly prompt?: string;
  readonly flags: Flags;
}

/** `--raise tokens=+50k`: one limit, lifted. */
export interface LimitRaise {
  readonly limit: "requests" | "tokens" | "tool-calls" | "cost";
  /** Added to the limit; without a sign in the text it replaces it. */
  readonly amount: number;
  readonly relative: boolean;
}

/** All flags of all commands; absent means not given. Paths are as typed. */
export interface Flags extends AgentFlags, ExecFlags, SelectFlags, OtherFlags {}

/** How the agent runs: taken by every command that starts one. */
export interface AgentFlags {
  /** `-c key=value`, in order, earlier commands first. */
  readonly config?: readonly string[];
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
  readonly strictConfig?: boolean;
  readonly profile?: string;
  readonly model?: string;
  readonly oss?: boolean;
  readonly localProvider?: string;
  readonly sandbox?: SandboxMode;
  readonly askForApproval?: "untrusted" | "on-failure" | "on-request" | "never";
  /** `--dangerously-bypass-approvals-and-sandbox`, `--yolo`. */
  readonly bypass?: boolean;
  readonly bypassHookTrust?: boolean;
  /** Deprecated word for `--sandbox workspace-write`. */
  readonly fullAuto?: boolean;
  readonly cd?: string;
  readonly addDir?: readonly string[];
  readonly image?: readonly string[];
  readonly search?: boolean;
  readonly trust?: boolean;
  readonly skipGitRepoCheck?: boolean;
  readonly ephemeral?: boolean;
  readonly ignoreUserConfig?: boolean;
  readonly ignoreRules?: boolean;
  readonly strictCache?: boolean;
  readonly color?: "auto" | "always" | "never";
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** Accepted and without effect: this program never takes the alternate screen. */
  readonly noAltScreen?: boolean;
  readonly maxRequests?: number;
  readonly maxTokens?: number;
  readonly maxToolCalls?: number;
  readonly maxCost?: number;
  readonly raise?: readonly LimitRaise[];
  readonly record?: string;
  readonly replay?: string;
  readonly replayMode?: "model" | "full";
  readonly replayTiming?: "keep" | "skip";
}

/** What `exec` adds: the contract with the program that calls it. */
export interface ExecFlags {
  readonly json?: boolean;
  readonly events?: "codex" | "native";
  readonly deltas?: boolean;
  readonly input?: "text" | "jsonl";
  /** `exec:CMD` or `deny`. */
  readonly approvals?: string;
  readonly approvalTimeoutMs?: number;
  readonly failOnDenied?: boolean;
  readonly timeoutMs?: number;
  readonly stdin?: boolean;
  readonly outputLastMessage?: string;
  readonly outputSchema?: string;
  readonly outputFormat?: "text" | "json";
  /** Accepted for the Codex SDK, without effect. */
  readonly threadSource?: string;
  /** Accepted for the Codex SDK, without effect. */
  readonly cyberAccessProgram?: string;
}

/** Which sessions, which changes, which part of them. */
export interface SelectFlags {
  readonly last?: boolean;
  readonly all?: boolean;
  /** The nth user message, from 1. */
  readonly at?: number;
  readonly uncommitted?: boolean;
  readonly base?: string;
  readonly commit?: string;
  readonly title?: string;
  readonly full?: boolean;
  readonly limit?: number;
  readonly format?: "markdown" | "jsonl";
  readonly output?: string;
  readonly olderThanMs?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** What `undo` restores. */
  readonly restore?: "code" | "chat" | "both";
  readonly force?: boolean;
}

/** Flags of the commands around the agent. */
export interface OtherFlags {
  readonly backend?:
    | "auto"
    | "bwrap"
    | "bwrap-landlock"
    | "landlock"
    | "none";
  readonly headless?: boolean;
  readonly rules?: readonly string[];
  readonly revoke?: string;
  readonly show?: boolean;
  /** `rondo trust --revoke`. */
  readonly revokeTrust?: boolean;
  readonly url?: string;
  readonly env?: readonly string[];
  readonly header?: readonly string[];
  readonly bearerTokenEnvVar?: string;
  readonly withApiKey?: boolean;
}
