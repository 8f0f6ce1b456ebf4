/** A server's request to the model: as input items, and as text for the user. Pure. */
import * as z from "zod/mini";
import type { Usage } from "../../core/protocol/event.ts";
import type { InputPart, WireItem } from "../../core/protocol/item.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { ApprovalRequest, Decision } from "../../core/protocol/policy.ts";
import type { ToolContext } from "../../core/protocol/tool.ts";
import type { JsonObject } from "../../core/util/json/json.ts";
import { byteLength } from "../../core/util/text/text.ts";
import { McpRefusal } from "./client/types.ts";

/** One request of a server to the model, beside all conversations. */
export interface SamplingRequest {
  /** The server's own; absent when it has none. */
  readonly instructions?: string;
  readonly input: readonly WireItem[];
  readonly tokensMax: number;
}

export interface SamplingAnswer {
  readonly text: string;
  readonly model: string;
  readonly stopReason: "endTurn" | "maxTokens";
  /** Null when the provider did not count. */
  readonly usage: Usage | null;
}

/** What sampling needs of the program: a person who may say no, and a model. */
export interface SamplingHook {
  ask(request: ApprovalRequest, signal: AbortSignal): Promise<Decision>;
  /** Throws ModelError and UserError, and the signal's reason. */
  send(
    request: SamplingRequest,
    context: ToolContext,
    signal: AbortSignal,
  ): Promise<SamplingAnswer>;
  /** Shows the person what has become of it. */
  tell(message: string): void;
}

const INVALID_PARAMS = -32_602;

const Block = z.union([
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({
    type: z.literal("image"),
    data: z.string(),
    mimeType: z.string(),
  }),
]);
type Block = z.infer<typeof Block>;

const Params = z.object({
  messages: z.array(z.object({
    role: z.enum(["user", "assistant"]),
    content: z.union([Block, z.array(Block)]),
  })).check(z.minLength(1)),
  systemPrompt: z.nullish(z.string()),
  maxTokens: z.number().check(z.positive()),
  tools: z.nullish(z.array(z.unknown())),
});
type Message = z.infer<typeof Params>["messages"][number];

/** The request as it goes to the model. Throws McpRefusal for what cannot be sent. */
export function parseSampling(params: JsonObject): SamplingRequest {
  if (byteLength(JSON.stringify(params)) > LIMITS.mcpSampleBytes) {
    throw invalid(`it takes more than ${LIMITS.mcpSampleBytes} bytes`);
  }
  const parsed = z.safeParse(Params, params);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    throw invalid(
      `it does not fit at "${at}"; messages may hold text and images`,
    );
  }
  const { messages, systemPrompt, maxTokens, tools } = parsed.data;
  if (tools != null && tools.length > 0) throw invalid("tools are not offered");
  if (messages.length > LIMITS.mcpSampleMessages) {
    throw invalid(`it has more than ${LIMITS.mcpSampleMessages} messages`);
  }
  const wanted = Math.ceil(maxTokens);
  return {
    ...(systemPrompt != null && systemPrompt !== "" && {
      instructions: systemPrompt,
    }),
    input: messages.map(itemOf),
    tokensMax: Math.min(
      Math.max(wanted, LIMITS.mcpSampleTokensMin),
      LIMITS.mcpSampleTokens,
    ),
  };
}

/** The question whether it may go out; long messages are folded. */
export function buildSamplingQuestion(
  server: string,
  { instructions, input, tokensMax }: SamplingRequest,
  cwd: string,
): ApprovalRequest {
  const parts = [
    ...(instructions === undefined ? [] : [fold("system", instructions)]),
    ...input.map((item) => fold(String(item["role"]), textOf(item))),
    `Answer: at most ${tokensMax} tokens`,
  ];
  return {
    kind: "mcp",
    question: "Let this server ask the model, at your expense?",
    title: server,
    detail: parts.join("\n"),
    cwd,
    reason:
      "The server gets the answer; the conversation and its files are not sent along",
    forbids: "",
    sessionScope: `every request of the server ${server} to the model`,
  };
}

/** The result of `sampling/createMessage`. */
export function buildSamplingResult(answer: SamplingAnswer): JsonObject {
  return {
    role: "assistant",
    content: { type: "text", text: answer.text },
    model: answer.model,
    stopReason: answer.stopReason,
  };
}

function itemOf({ role, content }: Message): WireItem {
  const blocks = Array.isArray(content) ? content : [content];
  return role === "user"
    ? { type: "message", role, content: blocks.map(inputPart) }
    : { type: "message", role, content: blocks.map(outputPart) };
}

function inputPart(block: Block): InputPart & JsonObject {
  if (block.type === "text") return { type: "input_text", text: block.text };
  const { data, mimeType } = block;
  if (!/^image\/[\w.+-]+$/.test(mimeType) || !/^[\w+/=\s-]*$/.test(data)) {
    throw invalid("an image has no valid type or data");
  }
  return {
    type: "input_image",
    image_url: `data:${mimeType};base64,${data}`,
  };
}

// What the model is supposed to have said holds text alone (Responses API).
function outputPart(block: Block): JsonObject {
  if (block.type === "text") return { type: "output_text", text: block.text };
  throw invalid("a message of the assistant holds an image");
}

function textOf(item: WireItem): string {
  const parts = item["content"];
  if (!Array.isArray(parts)) return "";
  return parts.map((part) =>
    typeof part?.text === "string" ? part.text : "[an image]"
  ).join("\n");
}

function fold(role: string, text: string): string {
  const shown = text.slice(0, LIMITS.mcpSampleShownChars).split("\n")
    .slice(0, LIMITS.mcpSampleShownLines).join("\n");
  const hidden = text.length - shown.length;
  const more = hidden === 0 ? "" : `\n  [… ${hidden} more characters]`;
  return `${role}: ${shown.replaceAll("\n", "\n  ")}${more}`;
}

function invalid(why: string): McpRefusal {
  return new McpRefusal(INVALID_PARAMS, `Cannot ask the model: ${why}`);
}
