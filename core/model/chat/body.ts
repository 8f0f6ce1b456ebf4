/** The body of a request for chat completions, made of the body for Responses. Pure. */
import type { WireItem } from "../../protocol/item.ts";
import { asObject, type Json, type JsonObject } from "../../util/json/json.ts";
import { toMessages } from "./messages.ts";

interface ChatBody {
  /** The JSON text. */
  readonly text: string;
  /** Fields in it that a server may refuse, and that a request can do without. */
  readonly optional: readonly string[];
  /** Tools that take free text: here they are functions with the one argument `input`. */
  readonly customTools: ReadonlySet<string>;
}

/**
 * The same request on the other wire. What a cache goes by stands before the messages, and
 * the messages before what changes: a body without its tail begins the next one here, too.
 * What few servers know (`store`, `include`, `prompt_cache_key`, hosted tools) is left
 * out; of the rest, what stands in `refused`.
 */
export function buildChatBody(
  responsesBody: string,
  refused: ReadonlySet<string> = new Set(),
): ChatBody {
  const body = JSON.parse(responsesBody) as JsonObject;
  const items = objectsIn(body["input"]) as readonly WireItem[];
  const offered = objectsIn(body["tools"]);
  const tools = offered.flatMap(functionTool);
  const hasTools = tools.length > 0;
  const isAuto = body["tool_choice"] === "auto";
  const before = without(refused, {
    reasoning_effort: asObject(body["reasoning"])?.["effort"],
    verbosity: asObject(body["text"])?.["verbosity"],
    service_tier: body["service_tier"],
    parallel_tool_calls: hasTools ? body["parallel_tool_calls"] : undefined,
  });
  const after = without(refused, {
    stream_options: { include_usage: true },
    tool_choice: hasTools && !isAuto ? body["tool_choice"] : undefined,
    max_tokens: body["max_output_tokens"],
  });
  const tokensMax = body["max_output_tokens"];
  const isNewName = tokensMax !== undefined && refused.has("max_tokens");
  return {
    text: JSON.stringify({
      model: body["model"] ?? "",
      ...before,
      ...(hasTools && { tools }),
      messages: toMessages(String(body["instructions"] ?? ""), items),
      stream: true,
      ...after,
      // What OpenAI's reasoning models take in its place.
      ...(isNewName && { max_completion_tokens: tokensMax }),
      ...responseFormat(asObject(asObject(body["text"])?.["format"])),
    }),
    optional: [...Object.keys(before), ...Object.keys(after)],
    customTools: new Set(
      offered.flatMap(({ type, name }) =>
        type === "custom" ? [String(name)] : []
      ),
    ),
  };
}

function without(
  refused: ReadonlySet<string>,
  fields: Readonly<Record<string, Json | undefined>>,
): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined || refused.has(name) ? [] : [[name, value] as const]
    ),
  );
}

function functionTool(tool: JsonObject): JsonObject[] {
  const { type, name = "", description = "", parameters, strict } = tool;
  switch (type) {
    case "function":
      return [{
        type,
        function: {
          name,
          ...(description !== "" && { description }),
          parameters: parameters ?? { type: "object", properties: {} },
          ...(strict === true && { strict }),
        },
      }];
    case "custom":
      return [{
        type: "function",
        function: { name, description, parameters: INPUT_SCHEMA },
      }];
    default:
      return [];
  }
}

const INPUT_SCHEMA = {
  type: "object",
  properties: {
    input: {
      type: "string",
      description: "The whole input of the tool, as its description says",
    },
  },
  required: ["input"],
  additionalProperties: false,
};

function responseFormat(format: JsonObject | undefined): JsonObject {
  if (format === undefined) return {};
  const { type, ...json_schema } = format;
  return { response_format: { type: type ?? "json_schema", json_schema } };
}

function objectsIn(value: Json | undefined): readonly JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.map(asObject).filter((one) => one !== undefined);
}
