/** The body of a request as text: what is fixed around the input items, made once. Pure. */
import type { TurnSettings } from "../protocol/settings.ts";
import type { JsonObject } from "../util/json/json.ts";

/** What is sent with every request of a generation. */
export interface RequestPrefix {
  readonly settings: TurnSettings;
  readonly instructions: string;
  /** In the order they are offered; their bytes are part of the cached prefix. */
  readonly tools: readonly JsonObject[];
  readonly threadId: string;
}

/** The JSON text, or the UTF-8 of it. */
export type RequestBody = string | Uint8Array<ArrayBuffer>;

/** The text of a body. */
export function bodyText(body: RequestBody): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body);
}

/** A body is `head + items joined by commas + tail`. */
export interface RequestParts {
  readonly head: string;
  readonly tail: string;
}

/**
 * The parts of a streamed request. All that providers cache by comes before the input, so
 * that one body without its tail is literally the beginning of the next.
 */
export function buildRequestParts(prefix: RequestPrefix): RequestParts {
  return buildParts(prefix, {
    ...(prefix.tools.length > 0 && { tool_choice: "auto" }),
    ...serviceTier(prefix),
    ...textOptions(prefix, { format: true }),
  });
}

/**
 * The parts of the request for a summary of the history: the same tools and instructions,
 * so that the largest request of a thread is still served from the cache, but no calls.
 */
export function buildSummaryParts(prefix: RequestPrefix): RequestParts {
  return buildParts(prefix, {
    ...(prefix.tools.length > 0 && { tool_choice: "none" }),
    ...serviceTier(prefix),
    ...textOptions(prefix, { format: false }),
  });
}

/** The parts of `POST /responses/compact`, which documents these fields and no others. */
export function buildCompactParts(prefix: RequestPrefix): RequestParts {
  return joinParts({
    model: prefix.settings.model.slug,
    instructions: prefix.instructions,
    prompt_cache_key: prefix.threadId,
  }, serviceTier(prefix));
}

/** The whole body; `items` are JSON texts. */
export function buildBody(
  parts: RequestParts,
  items: readonly string[],
): string {
  return `${parts.head}${items.join(",")}${parts.tail}`;
}

function buildParts(prefix: RequestPrefix, tail: JsonObject): RequestParts {
  return joinParts({
    ...promptFields(prefix),
    store: false,
    stream: true,
    ...(asksForCipher(prefix.settings.model) && {
      // Without the provider's store the reasoning has to travel with us.
      include: ["reasoning.encrypted_content"],
    }),
    prompt_cache_key: prefix.threadId,
  }, tail);
}

function asksForCipher(
  { supportsReasoning, sendsEncryptedReasoning = true }: TurnSettings["model"],
): boolean {
  return supportsReasoning && sendsEncryptedReasoning;
}

function joinParts(before: JsonObject, after: JsonObject): RequestParts {
  const end = JSON.stringify(after).slice(1);
  return {
    head: `${JSON.stringify(before).slice(0, -1)},"input":[`,
    tail: end === "}" ? "]}" : `],${end}`,
  };
}

function promptFields(prefix: RequestPrefix): JsonObject {
  const { settings, instructions, tools } = prefix;
  const reasoning = reasoningOptions(settings);
  return {
    model: settings.model.slug,
    instructions,
    ...(tools.length > 0 && {
      tools,
      parallel_tool_calls: settings.model.parallelToolCalls,
    }),
    ...(reasoning !== undefined && { reasoning }),
  };
}

function reasoningOptions(settings: TurnSettings): JsonObject | undefined {
  if (!settings.model.supportsReasoning) return undefined;
  const { reasoningEffort: effort, reasoningSummary: summary } = settings;
  const options = {
    ...(effort !== undefined && { effort }),
    ...(summary !== undefined && summary !== "none" && { summary }),
  };
  return Object.keys(options).length > 0 ? options : undefined;
}

function serviceTier(prefix: RequestPrefix): JsonObject {
  const tier = prefix.settings.serviceTier;
  return tier === undefined ? {} : { service_tier: tier };
}

function textOptions(
  prefix: RequestPrefix,
  wanted: { readonly format: boolean },
): JsonObject {
  const { model, verbosity, outputSchema } = prefix.settings;
  const text = {
    ...(model.supportsVerbosity && verbosity !== undefined && { verbosity }),
    ...(wanted.format && outputSchema !== undefined && {
      format: {
        type: "json_schema",
        name: "codex_output_schema",
        strict: true,
        schema: outputSchema,
      },
    }),
  };
  return Object.keys(text).length > 0 ? { text } : {};
}
