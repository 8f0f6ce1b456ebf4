/** What a thread is given from outside: no tool, sandbox or file is known by name here. */
import type { SentContext } from "../../context/initial.ts";
import type { ModelClient } from "../../model/client.ts";
import type { Hooks } from "../../protocol/hooks.ts";
import type { Host } from "../../protocol/host.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { ProviderEndpoint } from "../../protocol/provider.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Tool } from "../../protocol/tool.ts";
import type { Checkpoints } from "../undo/checkpoints.ts";
import type { Notify } from "../hooks/notify.ts";

/** Renders what the model is told beside the conversation. */
export interface ContextSource {
  /**
   * What the model has to be told before the next message: everything when it was told
   * nothing, else what changed; and what it has been told then.
   */
  contextUpdate(
    sent: SentContext | undefined,
    settings: TurnSettings,
  ): Promise<{
    readonly items: readonly WireItem[];
    readonly sent: SentContext;
  }>;
  /** The person's message with images and mentioned skills. Throws UserError. */
  userItems(
    parts: readonly UserPart[],
    settings: TurnSettings,
  ): Promise<{
    readonly items: readonly WireItem[];
    readonly warnings: readonly string[];
  }>;
  /** Instructions of folders below the cwd that a tool has now touched, once each. */
  touched(paths: readonly string[]): Promise<readonly WireItem[]>;
  /** Takes note of what a resumed conversation was told, before anything else is asked. */
  resume(items: readonly WireItem[]): void;
}

/** Bounds of a run; absent ones do not bind. Money is in the currency of the price list. */
export interface RunLimits {
  readonly requestsMax?: number;
  readonly tokensMax?: number;
  readonly toolCallsMax?: number;
  readonly costMax?: number;
}

/** Price of a million tokens each. */
export interface Price {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

/** Who asks for the tools, which may have to be fetched from elsewhere. */
export interface ToolsAsker {
  /** Shows the person what is wrong with them, now or later. */
  readonly warn: (message: string) => void;
  readonly signal?: AbortSignal;
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
  readonly instructions: string;
  /** Asks for a summary; the program's own words when absent. */
  readonly compactPrompt?: string;
  readonly context: ContextSource;
  /** Summaries of the model's reasoning are not shown. */
  readonly hideReasoning?: boolean;
  /** Keeps files for undo; absent where nothing is recorded. */
  readonly checkpoints?: Checkpoints;
  /** The person's programs around turns and calls; none when absent. */
  readonly hooks?: Hooks;
  /** Told of every turn that is done. */
  readonly notify?: Notify;
  readonly limits: RunLimits;
  readonly price?: Price;
  /** Fail the turn when the harness itself broke the prefix. */
  readonly strictCache: boolean;
}
