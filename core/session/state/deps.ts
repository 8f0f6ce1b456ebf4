/** What a thread is given from outside: no tool, sandbox or file is known by name here. */
import type { SentContext } from "../../context/initial.ts";
import type { ModelClient } from "../../model/client.ts";
import type { Hooks, TurnCheck } from "../../protocol/hooks.ts";
import type { Host } from "../../protocol/host.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { LiveCommands, ThreadObserver } from "../../protocol/thread.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { ProviderEndpoint } from "../../protocol/provider.ts";
import type {
  LoopLimits,
  Price,
  RunLimits,
  TurnSettings,
} from "../../protocol/settings.ts";
import type { Tool } from "../../protocol/tool.ts";
import type { Checkpoints } from "../undo/checkpoints.ts";
import type { Notify } from "../hooks/notify.ts";

/** Builds the prompt text beside the conversation. */
export interface ContextSource {
  /** The context to send before the next message: all of it when `sent` is undefined, else what changed. */
  contextUpdate(
    sent: SentContext | undefined,
    settings: TurnSettings,
  ): Promise<{
    readonly items: readonly WireItem[];
    readonly sent: SentContext;
  }>;
  /** The user's message with images and mentioned skills. Throws UserError. */
  userItems(
    parts: readonly UserPart[],
    settings: TurnSettings,
  ): Promise<{
    readonly items: readonly WireItem[];
    readonly warnings: readonly string[];
  }>;
  /** Instructions of folders below the cwd that a tool has touched, once each. */
  touched(paths: readonly string[]): Promise<readonly WireItem[]>;
  /** Takes over the context a resumed conversation was sent; called before anything else. */
  resume(items: readonly WireItem[]): void;
}

/** The caller that wants the tools, which may have to be fetched from elsewhere. */
interface ToolsAsker {
  /** Shows the user what is wrong with them, now or later. */
  readonly warn: (message: string) => void;
  readonly signal?: AbortSignal;
}

export type ShownReasoning = "none" | "summary" | "raw";

/** Where a conversation goes on, and with which model. */
export interface Fallback
  extends Pick<ThreadDeps, "model" | "endpoint" | "tools" | "price"> {
  readonly settings: Partial<TurnSettings> & Pick<TurnSettings, "model">;
}

export interface ThreadDeps {
  readonly host: Host;
  readonly model: ModelClient;
  readonly endpoint: ProviderEndpoint;
  /** Asked once per generation of the history and model. */
  readonly tools: (
    settings: TurnSettings,
    asker: ToolsAsker,
  ) => Promise<readonly Tool[]>;
  /** Commands that live on after their call; none when absent. */
  readonly live?: LiveCommands;
  readonly instructions: string;
  /** Why managed policy does not allow these settings; undefined when it does. */
  readonly refuseSettings?:
    | ((patch: Partial<TurnSettings>) => string | undefined)
    | undefined;
  /** Asks for a summary; the built-in prompt when absent. */
  readonly compactPrompt?: string;
  readonly context: ContextSource;
  /** How much of the model's reasoning is shown; its summaries when absent. */
  readonly reasoning?: ShownReasoning;
  /** Keeps files for undo; absent where nothing is recorded. */
  readonly checkpoints?: Checkpoints;
  /** Told of the thread's work as it happens; nobody when absent. */
  readonly observer?: ThreadObserver | undefined;
  /** The user's programs around turns and calls; none when absent. */
  readonly hooks?: Hooks;
  /** Begins what decides whether a turn is done; the model alone does when absent. */
  readonly openCheck?: (() => TurnCheck) | undefined;
  /** Called after every completed turn. */
  readonly notify?: Notify;
  readonly limits: RunLimits;
  readonly loops: LoopLimits;
  readonly price?: Price;
  /** Who is asked when the provider is out or its quota spent, in order. */
  readonly fallback?: readonly Fallback[];
  /** Fail the turn when the harness itself broke the prefix. */
  readonly strictCache: boolean;
}
