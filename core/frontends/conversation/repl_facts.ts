/** What the rest of the program tells the conversation: plain data. */
import type { Usage } from "../../protocol/event.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Thread } from "../../protocol/thread.ts";

export interface TrustQuestion {
  /** The folder it is about: the project's root. */
  readonly folder: string;
  /** What a yes changes, as one sentence: "commands ask less, .codex/ is read". */
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

export interface ModelChoice {
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

export interface RuleLine {
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

export interface SkillLine {
  readonly name: string;
  readonly description: string;
  readonly path: string;
}

export interface McpServerLine {
  readonly name: string;
  /** In words: `ready`, `starting`, `failed: …`, `off`. */
  readonly state: string;
  readonly tools: readonly string[];
}

export interface McpPromptLine {
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
