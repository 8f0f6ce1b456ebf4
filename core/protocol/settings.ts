/** The frozen values one step of a turn runs with. */
import type { JsonObject } from "../util/json/json.ts";
import type { ApprovalPolicy, SandboxPolicy } from "./policy.ts";

/** `none` to `xhigh` are OpenAI's; other words are passed on as they are. */
type ReasoningEffort = string;

/** What the program knows about a model. Tokens are the model's own. */
export interface ModelInfo {
  readonly slug: string;
  /** False when the catalog has no entry and the values are a guess. */
  readonly known: boolean;
  readonly contextWindow: number;
  /** Used tokens at which the history is compacted. */
  readonly autoCompactLimit: number;
  readonly supportsReasoning: boolean;
  /** Whether its encrypted reasoning is asked for; it is when absent. */
  readonly sendsEncryptedReasoning?: boolean;
  readonly supportsImages: boolean;
  readonly supportsVerbosity: boolean;
  readonly parallelToolCalls: boolean;
  /** Its chat template takes one system text, at the beginning. */
  readonly singleSystemMessage?: boolean;
  /** How apply_patch is offered. */
  readonly applyPatch: "freeform" | "function";
  /** Tokens of one answer, where a list says so. */
  readonly outputTokensMax?: number;
  /** Tokens of one tool output that reach the model. */
  readonly toolOutputTokens: number;
  /** Whether it is offered a shell; it is when absent. */
  readonly hasShell?: boolean;
  /** Offered exec_command and write_stdin, which it was tuned to, instead of shell. */
  readonly liveCommands?: boolean;
  /** Whether a search of the web may give it pictures. */
  readonly searchesImages?: boolean;
  /** Whether a list of skills is followed by how to use them; it is when absent. */
  readonly explainsSkills?: boolean;
  /** What kind of base instructions suits it; the full ones when absent. */
  readonly promptStyle?: "terse" | "small";
  /** Reasoning efforts it takes, least first; unknown when absent. */
  readonly efforts?: readonly ReasoningEffort[];
  /** What the catalog gives the model where the configuration says nothing. */
  readonly instructions?: string;
  readonly reasoningEffort?: ReasoningEffort;
  readonly reasoningSummary?: "auto" | "concise" | "detailed" | "none";
  readonly verbosity?: "low" | "medium" | "high";
  readonly serviceTier?: string;
}

/** The limits of a run; an absent one does not bind. Its time counts from the first request on. */
export interface RunLimits {
  readonly requestsMax?: number;
  readonly tokensMax?: number;
  readonly toolCallsMax?: number;
  /** In the currency of the price list. */
  readonly costMax?: number;
  readonly timeoutMs?: number;
}

/** Rounds of the same steps in a row: when the model is told, and when the turn ends. */
export interface LoopLimits {
  readonly stepsMax: number;
  readonly failing: { readonly tell: number; readonly end: number };
  readonly idle: { readonly tell: number; readonly end: number };
}

/** The price of a million tokens each. */
export interface Price {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

/** A way to work that changes nothing, whatever the policies say: the sandbox holds it. */
export type TurnMode = "plan" | "review";

/** Everything about a step that can change between turns; never mutated. */
export interface TurnSettings {
  /** Absent when the policies alone say what may happen. */
  readonly mode?: TurnMode | undefined;
  /** In a mode: what holds again once it is left. */
  readonly after?: Pick<TurnSettings, "approval" | "sandbox">;
  readonly model: ModelInfo;
  readonly reasoningEffort?: ReasoningEffort;
  readonly reasoningSummary?: "auto" | "concise" | "detailed" | "none";
  readonly verbosity?: "low" | "medium" | "high";
  readonly serviceTier?: string;
  readonly cwd: string;
  readonly approval: ApprovalPolicy;
  readonly sandbox: SandboxPolicy;
  /** Name of the user's shell: `bash`, `zsh`, … */
  readonly shell: string;
  /** JSON Schema the final message must satisfy. */
  readonly outputSchema?: JsonObject | undefined;
}

/** A model that can be chosen. */
export interface ModelChoice {
  readonly slug: string;
  /** Reasoning efforts it takes, least first; empty when it does not reason. */
  readonly efforts: readonly string[];
}

/** A provider by its id, and the model it is asked for. */
export interface ProviderModel {
  readonly provider: string;
  readonly model: string;
}

/** A span as other programs are told of it (W3C Trace Context). */
export interface TraceCarrier {
  readonly traceparent?: string;
  readonly tracestate?: string;
}
