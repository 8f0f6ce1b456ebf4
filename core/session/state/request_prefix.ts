/** The prompt prefix: the request's text around the items; rebuilt when it changes. */
import {
  buildCompactParts,
  buildRequestParts,
  buildSummaryParts,
  type RequestParts,
  type RequestPrefix,
} from "../../model/request.ts";
import type { EventBody } from "../../protocol/event.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Tool } from "../../protocol/tool.ts";
import { estimateTokens } from "../../util/text/text.ts";
import type { ThreadDeps } from "./deps.ts";
import type { Transcript } from "./transcript.ts";

export interface PromptPrefix {
  readonly settings: TurnSettings;
  readonly instructions: string;
  /** The end of them, of a conversation that has one system text. */
  readonly systemText: string;
  readonly tools: readonly Tool[];
  /** JSON text of each tool, in order. */
  readonly toolTexts: readonly string[];
  readonly parts: RequestParts;
  /** For a summary of the history, and for the provider's own compaction. */
  summaryParts(): RequestParts;
  compactParts(): RequestParts;
}

/** Keeps the prefix between the requests of a generation. */
interface PrefixSlot {
  /** Undefined until it is first needed, and at the start of a generation. */
  prefix: PromptPrefix | undefined;
  /** Estimated tokens of instructions and tools. */
  baseTokens: number;
  readonly transcript?: Pick<Transcript, "systemText">;
}

interface PrefixContext {
  readonly threadId: string;
  readonly deps: ThreadDeps;
  readonly state: PrefixSlot;
  readonly settings: TurnSettings;
  readonly emit?: (event: EventBody) => void;
  readonly signal?: AbortSignal;
}

/** The prefix for these settings. Loads the tools of a new generation or another model. */
export async function openPrefix(
  context: PrefixContext,
): Promise<PromptPrefix> {
  const { state, settings } = context;
  const { systemText = "" } = state.transcript ?? {};
  const isSame = state.prefix?.settings === settings &&
    state.prefix.systemText === systemText;
  if (isSame && state.prefix !== undefined) return state.prefix;
  const isOtherModel =
    state.prefix?.settings.model.slug !== settings.model.slug;
  const tools = state.prefix === undefined || isOtherModel
    ? await context.deps.tools(settings, {
      warn: (message) => context.emit?.({ type: "warning", message }),
      ...(context.signal !== undefined && { signal: context.signal }),
    })
    : state.prefix.tools;
  state.prefix = buildPrefix(context, tools);
  state.baseTokens = estimateTokens(state.prefix.parts.head);
  return state.prefix;
}

function buildPrefix(
  context: PrefixContext,
  tools: readonly Tool[],
): PromptPrefix {
  const { settings, deps, threadId } = context;
  const specs = tools.filter(({ isOffered = true }) => isOffered)
    .map((tool) => tool.spec);
  const { systemText = "" } = context.state.transcript ?? {};
  const instructions = systemText === ""
    ? deps.instructions
    : `${deps.instructions}\n\n${systemText}`;
  const prefix: RequestPrefix = {
    settings,
    instructions,
    tools: specs,
    threadId,
  };
  return {
    settings,
    instructions,
    systemText,
    tools,
    toolTexts: specs.map((spec) => JSON.stringify(spec)),
    parts: buildRequestParts(prefix),
    summaryParts: () => buildSummaryParts(prefix),
    compactParts: () => buildCompactParts(prefix),
  };
}
