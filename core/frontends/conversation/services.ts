/** What the conversation in a terminal needs from the rest of the program. */
import type { Flags } from "../../contract/command_line.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { Usage } from "../../protocol/event.ts";
import type { UserPrompter } from "../../protocol/form.ts";
import type { Host } from "../../protocol/host.ts";
import type { SandboxMode, SandboxPolicy } from "../../protocol/policy.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Thread, ThreadSummary } from "../../protocol/thread.ts";
import type { HistoryPlace } from "../editor/history_file.ts";

export interface ReplRequest {
  readonly services: ReplServices;
  readonly host: ReplHost;
  readonly terminal: Terminal;
  readonly flags: Flags;
  /** Sent as soon as the thread is open. */
  readonly firstPrompt?: string;
}

/**
 * One implementation wires it to sessions, configuration and tools. Every method may
 * throw UserError or SessionError: the message is shown and the conversation goes on.
 * Texts are for people, without colours; they are made safe to print by the caller.
 */
export interface ReplServices
  extends
    StartServices,
    ThreadServices,
    SettingsServices,
    FileServices,
    ContextServices {
  /** What is known of the person's input from before; undefined keeps no history. */
  readonly history: HistoryPlace | undefined;
}

/** Why the model cannot be asked. */
export interface MissingKey {
  /** One sentence, with what to do where only one thing helps. */
  readonly message: string;
  /** The person has named the provider; else all of them are to choose from. */
  readonly isChosen: boolean;
  /** Where another provider would be named. */
  readonly configPath: string;
}

/** Before the first message. */
export interface StartServices {
  /**
   * Why the model cannot be asked at all (no key for the provider); undefined when it
   * can, or when that shows only on trying.
   */
  checkReady(): Promise<MissingKey | undefined>;
  /** The question to ask before anything of the project is used; undefined when settled. */
  trustQuestion(): Promise<TrustQuestion | undefined>;
  /**
   * Remembers the answer; what is opened afterwards follows it. Resolves to what was
   * decided, where it is written and how to change it.
   */
  saveTrust(question: TrustQuestion, isTrusted: boolean): Promise<string>;
}

export interface ThreadServices {
  /** The thread the command line asks for: new, resumed or forked. Called once. */
  open(): Promise<OpenedThread>;
  /** A new thread with the settings the program was started with. */
  start(): Promise<OpenedThread>;
  /** By id, start of an id, or name; the present thread is ended once it is open. */
  resume(name: string): Promise<OpenedThread>;
  /** A new thread with the history of another, up to its nth user message (from 1). */
  fork(threadId: string, atUserMessage?: number): Promise<OpenedThread>;
  /** Newest first, those of this folder before the others. */
  sessions(): Promise<readonly ThreadSummary[]>;
  /** Messages of the person in the conversation as it is now. */
  messageCount(threadId: string): number;
  rename(threadId: string, name: string): Promise<void>;
  /** Writes the thread to a file; resolves to its absolute path. */
  exportThread(threadId: string, options: {
    readonly format: "markdown" | "jsonl";
    /** As typed; a name is made up when absent. */
    readonly path?: string;
  }): Promise<string>;
}

export interface SettingsServices {
  /** Models that can be chosen, the known ones of this provider. */
  models(): Promise<readonly ModelChoice[]>;
  /** What has to change for that model; names that are not listed are accepted. */
  modelPatch(
    slug: string,
    effort?: string,
  ): Promise<Partial<TurnSettings>>;
  /** Pairs of approval and sandbox that go well together, most careful first. */
  presets(): readonly PermissionPreset[];
  /** The policy of that mode with the configured roots, network and hidden paths. */
  sandboxPolicy(mode: SandboxMode): SandboxPolicy;
  /** What this machine enforces of a policy, as lines; the reason when nothing does. */
  describeSandbox(policy: SandboxPolicy): Promise<readonly string[]>;
  /** Saved prefix rules, numbered from 1 in this order. */
  rules(): Promise<readonly RuleLine[]>;
  /** Takes back the nth of `rules()`. */
  revokeRule(number: number): Promise<void>;
}

export interface FileServices {
  /** Unified diff of the working tree with untracked files; empty without changes. */
  diff(cwd: string): Promise<string>;
  /** What taking back the last turns would do, or did. Conversations are rolled back apart. */
  undoFiles(threadId: string, options: {
    readonly turns: number;
    readonly isDryRun: boolean;
    /** Also where somebody changed the file since. */
    readonly isForced: boolean;
  }): Promise<UndoReport>;
  /** Runs the person's own `!command` in their shell, without sandbox, to its end. */
  runShell(command: string, options: {
    readonly cwd: string;
    readonly signal: AbortSignal;
    readonly onOutput: (text: string) => void;
  }): Promise<ShellResult>;
}

export interface ContextServices {
  /** From here on questions that are no thread's own go to them. */
  meet(person: UserPrompter): void;
  readonly skills: () => Promise<readonly SkillLine[]>;
  /** Servers and what they offer; empty when none is configured. */
  mcpServers(): Promise<readonly McpServerLine[]>;
  /** Takes over changed tool lists; resolves to what that does and costs. */
  refreshMcp(): Promise<string>;
  mcpPrompts(): Promise<readonly McpPromptLine[]>;
  /** The text of a server's prompt, to be sent as a message of the person. */
  mcpPrompt(
    server: string,
    name: string,
    values: Readonly<Record<string, string>>,
  ): Promise<string>;
  /** The message that makes the agent write AGENTS.md. Throws when there is one. */
  initPrompt(cwd: string): Promise<string>;
  reviewPrompt(target: ReplReviewTarget): Promise<string>;
  /** The message that asks for a plan and forbids to begin with it. */
  planPrompt(request: string): Promise<string>;
  /** Every setting with the layer that set it, as lines. */
  explainConfig(): Promise<readonly string[]>;
  /** The next request as it would be sent: a table of items, bytes and tokens, as lines. */
  explainPrompt(threadId: string): Promise<readonly string[]>;
  /** What that usage costs by the configured prices, as `$0.12`; undefined without prices. */
  priceOf(usage: Usage, model: string): string | undefined;
  /** More rows for `/status`: config layers, rate limits, cache. */
  statusRows(threadId: string): Promise<readonly (readonly [string, string])[]>;
}

/** The parts of the host that the conversation itself uses. */
export type ReplHost = Pick<
  Host,
  | "cwd"
  | "env"
  | "files"
  | "homeDir"
  | "kill"
  | "monotonicMs"
  | "now"
  | "os"
  | "pid"
  | "sleep"
  | "spawn"
  | "envAll"
>;

export interface TrustQuestion {
  /** The folder itself, or what the files in it ask for. */
  readonly about: "folder" | "files";
  readonly text: string;
  /** What a yes starts and changes, by file; nothing of it may be cut. */
  readonly files: readonly {
    readonly title: string;
    readonly facts: readonly string[];
  }[];
  /** What a yes and a no mean, in sentences. */
  readonly consequence: string;
}

export interface OpenedThread {
  readonly thread: Thread;
  /** What was said in it before, oldest first; shown once. */
  readonly past: readonly PastMessage[];
  /** What its log knows; absent for a new one. */
  readonly spent?: {
    readonly usage: Usage;
    /** Of its next request, as well as we know. */
    readonly contextTokens: number;
  };
}

export interface PastMessage {
  readonly role: "user" | "assistant";
  readonly text: string;
}

interface ModelChoice {
  readonly slug: string;
  readonly description?: string;
  /** Reasoning efforts it takes, least first; empty when it does not reason. */
  readonly efforts: readonly string[];
}

export interface PermissionPreset {
  /** One word: `read-only`, `auto`, `full-access`. */
  readonly name: string;
  readonly description: string;
  readonly patch: Pick<TurnSettings, "approval" | "sandbox">;
}

interface RuleLine {
  readonly rule: string;
  /** The file it stands in. */
  readonly source: string;
  /** False for rules of the machine or the project, which cannot be taken back here. */
  readonly isRevocable: boolean;
}

export interface UndoReport {
  /** `restore src/a.ts`, `delete b.ts`: one line a file. */
  readonly changes: readonly string[];
  /** Files that stay, and why. */
  readonly conflicts: readonly string[];
  /**
   * Messages of the person since those turns began: they go too when the conversation
   * goes back. Undefined when no turn changed files.
   */
  readonly messages?: number;
}

export interface ShellResult {
  /** Bounded. */
  readonly output: string;
  readonly exitCode: number;
  readonly durationMs: number;
}

interface SkillLine {
  readonly name: string;
  readonly description: string;
  readonly path: string;
}

interface McpServerLine {
  readonly name: string;
  /** In words: `ready`, `starting`, `failed: …`, `off`. */
  readonly state: string;
  readonly tools: readonly string[];
}

interface McpPromptLine {
  readonly server: string;
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly string[];
}

export type ReplReviewTarget =
  | { readonly type: "uncommitted" }
  | { readonly type: "branch"; readonly base: string }
  | { readonly type: "commit"; readonly commit: string }
  | { readonly type: "custom"; readonly instructions: string };
