/** What a conversation in a terminal needs from the rest of the program. */
import type { Flags } from "../../contract/command_line.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { Usage } from "../../protocol/event.ts";
import type { UserPrompter } from "../../protocol/form.ts";
import type { RunningCommand } from "../../protocol/command.ts";
import type { Host, TerminalSize } from "../../protocol/host.ts";
import type { SandboxMode, SandboxPolicy } from "../../protocol/policy.ts";
import type { ModelChoice, TurnSettings } from "../../protocol/settings.ts";
import type {
  CommandAttachment,
  Thread,
  ThreadSummary,
} from "../../protocol/thread.ts";
import type { McpPromptView, McpServerView } from "../../protocol/tool.ts";
import type { Skill } from "../../context/skills/skill_file.ts";
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
 * throw UserError or SessionError: the message is shown and the conversation continues.
 * Texts are for people, without colours; they are made safe to print by the caller.
 */
export interface ReplServices
  extends
    StartServices,
    ThreadServices,
    SettingsServices,
    FileServices,
    ContextServices {
  /** Where earlier input is kept; undefined keeps no history. */
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
  /** Messages of the user in the conversation as it is now. */
  messageCount(threadId: string): number;
  rename(threadId: string, name: string): Promise<void>;
  /** Joins a command that runs on; undefined when it does not any more. */
  attachCommand?(
    threadId: string,
    session: number,
    onBytes: (bytes: Uint8Array<ArrayBuffer>) => void,
  ): CommandAttachment | undefined;
  /** Writes the thread to a file; resolves to its absolute path. */
  exportThread(threadId: string, options: {
    readonly format: "markdown" | "jsonl";
    /** As typed; a name is made up when absent. */
    readonly path?: string;
  }): Promise<string>;
}

export interface SettingsServices {
  /** Models that can be chosen, the known ones of this provider. */
  models(): readonly ModelChoice[];
  /** What has to change for that model; names that are not listed are accepted. */
  modelPatch(slug: string, effort?: string): Partial<TurnSettings>;
  /** Pairs of approval and sandbox that go well together, most careful first. */
  presets(): readonly PermissionPreset[];
  /** Names of permission profiles, the built-in ones first. */
  profiles(): readonly string[];
  /** What that profile comes to. */
  profilePolicy(name: string): SandboxPolicy;
  /** Why managed policy forbids them; undefined when it does not. */
  refuseSettings(patch: Partial<TurnSettings>): string | undefined;
  /** The policy of that mode with the configured roots, network and hidden paths. */
  sandboxPolicy(mode: SandboxMode): SandboxPolicy;
  /** What this machine enforces of a policy, as lines; the reason when nothing does. */
  describeSandbox(policy: SandboxPolicy): Promise<readonly string[]>;
  /** What commands run in under these settings as they are now; `none` when nothing holds. */
  sandboxBackend(
    settings: Pick<TurnSettings, "sandbox" | "cwd">,
  ): Promise<string>;
  /** Saved prefix rules, numbered from 1 in this order. */
  rules(): readonly RuleLine[];
  /** Takes back the nth of `rules()`. */
  revokeRule(number: number): Promise<void>;
}

export interface FileServices {
  /** Unified diff of the working tree with untracked files; empty without changes. */
  diff(cwd: string): Promise<string>;
  /** Undoes the file changes of the last turns, or reports what that would do. */
  undoFiles(threadId: string, options: {
    readonly turns: number;
    readonly isDryRun: boolean;
    /** Also files that were changed since. */
    readonly isForced: boolean;
  }): Promise<UndoReport>;
  /**
   * Runs a `!command` in the user's shell, without sandbox, to its end: at a terminal of its
   * own where one is lent and the machine has any.
   */
  runShell(command: string, options: {
    readonly cwd: string;
    readonly signal: AbortSignal;
    readonly onOutput: (text: string) => void;
    readonly terminal?: LentTerminal;
  }): Promise<ShellResult>;
}

export interface ContextServices {
  /** Who answers questions that do not come from a thread, from now on. */
  setPrompter(prompter: UserPrompter): void;
  skills(): Promise<readonly Pick<Skill, "name" | "description">[]>;
  /** Servers and what they offer; empty when none is configured. */
  mcpServers(): Promise<readonly McpServerView[]>;
  /** Takes over changed tool lists; resolves to what that does and costs. */
  refreshMcp(): Promise<string>;
  mcpPrompts(): Promise<readonly McpPromptView[]>;
  /** The text of a server's prompt, to be sent as a message of the user. */
  mcpPrompt(
    server: string,
    name: string,
    values: Readonly<Record<string, string>>,
  ): Promise<string>;
  /** Every setting with the layer that set it, as lines. */
  explainConfig(): readonly string[];
  /** The next request as it would be sent: a table of items, bytes and tokens, as lines. */
  explainPrompt(threadId: string): Promise<readonly string[]>;
  /** What that usage costs by the configured prices, as `$0.12`; undefined without prices. */
  priceOf(usage: Usage, model: string): string | undefined;
  /** More rows for `/status`: config layers, rate limits, cache. */
  statusRows(threadId: string): readonly (readonly [string, string])[];
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
  /** Its earlier messages, oldest first; shown once. */
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

interface PermissionPreset {
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
  /** Where nothing was kept, as lines. */
  readonly left?: readonly string[];
  /**
   * Messages of the user since those turns began: they go too when the conversation
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

/** The person's terminal in the hands of a command. */
export interface LentTerminal {
  readonly size: TerminalSize;
  onStart(
    running: Pick<
      RunningCommand,
      "resize" | "unread" | "wake" | "write"
    >,
  ): void;
  /** Output as it is; more comes when it is out. */
  onBytes(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}
