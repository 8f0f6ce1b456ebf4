/** What stands around the items in every request of a generation; made when it changes. */
import {
  buildCompactParts,
  buildRequestParts,
  buildSummaryParts,
  type RequestFrame,
  type RequestParts,
} from "../../model/request.ts";
import type { EventBody } from "../../protocol/event.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Tool } from "../../protocol/tool.ts";
import { estimateTokens } from "../../util/text/text.ts";
import type { ThreadDeps, ToolsAsker } from "./deps.ts";

export interface Frame {
  readonly settings: TurnSettings;
  readonly instructions: string;
  readonly tools: readonly Tool[];
  /** JSON text of each tool, in order. */
  readonly toolTexts: readonly string[];
  readonly parts: RequestParts;
  /** For a summary of the history, and for the provider's own compaction. */
  summaryParts(): RequestParts;
  compactParts(): RequestParts;
}

/** Where the frame is kept between the requests of a generation. */
interface FrameSlot {
  /** Undefined until it is first needed, and at the start of a generation. */
  frame: Frame | undefined;
  /** Estimated tokens of what the frame holds. */
  baseTokens: number;
}

export interface FrameContext {
  readonly threadId: string;
  readonly deps: ThreadDeps;
  readonly state: FrameSlot;
  readonly settings: TurnSettings;
  readonly emit?: (event: EventBody) => void;
  readonly signal?: AbortSignal;
}

/** The frame for these settings. Loads the tools of a new generation or another model. */
export async function frameOf(context: FrameContext): Promise<Frame> {
  const { state, settings } = context;
  if (state.frame?.settings === settings) return state.frame;
  const isOtherModel = state.frame?.settings.model.slug !== settings.model.slug;
  const tools = state.frame === undefined || isOtherModel
    ? await context.deps.tools(settings, askerOf(context))
    : state.frame.tools;
  state.frame = buildFrame(context, tools);
  state.baseTokens = estimateTokens(state.frame.parts.head);
  return state.frame;
}

function askerOf({ emit, signal }: FrameContext): ToolsAsker {
  return {
    warn: (message) => emit?.({ type: "warning", message }),
    ...(signal !== undefined && { signal }),
  };
}

function buildFrame(context: FrameContext, tools: readonly Tool[]): Frame {
  const { settings, deps, threadId } = context;
  const specs = tools.map((tool) => tool.spec);
  const { instructions } = deps;
  const frame: RequestFrame = {
    settings,
    instructions,
    tools: specs,
    threadId,
  };
  return {
    settings,
    instructions,
    tools,
    toolTexts: specs.map((spec) => JSON.stringify(spec)),
    parts: buildRequestParts(frame),
    summaryParts: () => buildSummaryParts(frame),
    compactParts: () => buildCompactParts(frame),
  };
}
