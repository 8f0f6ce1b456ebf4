/** What a server says of its models by itself: `GET /models`. */
import * as z from "zod/mini";
import { errorText } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { checkedJson } from "../../util/json/json.ts";
import { closestWord } from "../../util/text/similar.ts";
import type { TransportOptions } from "../transport.ts";
import { buildHeaders, endpointUrl } from "../transport.ts";
import type { Meter } from "./asker.ts";
import { type Finding, notSupported, supported, unknown } from "./findings.ts";

export interface ListedModels {
  readonly finding: Finding;
  /** Of the model that was asked for. */
  readonly windowTokens?: number;
  readonly outputTokens?: number;
}

const Count = z.catch(z.optional(z.number().check(z.positive())), undefined);
// vLLM `max_model_len`, llama.cpp `meta.n_ctx`, OpenRouter and LM Studio `context_length`,
// Mistral `max_context_length`, Groq `context_window`.
const Row = z.object({
  id: z.string(),
  max_model_len: Count,
  context_length: Count,
  context_window: Count,
  loaded_context_length: Count,
  max_context_length: Count,
  max_output_tokens: Count,
  max_completion_tokens: Count,
  meta: z.catch(z.optional(z.object({ n_ctx: Count })), undefined),
  top_provider: z.catch(
    z.optional(
      z.object({ context_length: Count, max_completion_tokens: Count }),
    ),
    undefined,
  ),
});
const List = z.object({ data: z.array(z.unknown()) });

/** The list, as far as there is one; a server without it may be a good one. */
export async function loadModels(
  options: TransportOptions,
  { model, meter }: { readonly model: string; readonly meter: Meter },
): Promise<ListedModels> {
  const { host, provider, httpClient } = options;
  const name = "models";
  const done = new AbortController();
  const late = new AbortController();
  host.sleep(LIMITS.reachMs, done.signal).then(() => late.abort(), () => {});
  try {
    meter.count++;
    const headers = buildHeaders(
      options,
      { accept: "application/json", threadId: "probe" },
      await options.auth.token(),
    );
    const response = await host.fetch(endpointUrl(provider, "/models"), {
      headers,
      signal: late.signal,
      redirect: "manual",
      ...(httpClient !== undefined && { client: httpClient }),
    });
    const text = await response.text();
    if (response.status === 404) {
      return { finding: notSupported(name, "GET /models answers 404") };
    }
    if (!response.ok) {
      return {
        finding: unknown(name, `GET /models answers ${response.status}`),
      };
    }
    const rows = parseRows(text);
    return rows === undefined
      ? { finding: notSupported(name, "GET /models answers without a list") }
      : judgeRows(rows, model);
  } catch (error) {
    return { finding: unknown(name, errorText(error)) };
  } finally {
    done.abort();
  }
}

function parseRows(text: string): readonly z.infer<typeof Row>[] | undefined {
  try {
    const list = List.safeParse(checkedJson(text));
    return list.data?.data.flatMap((row) => Row.safeParse(row).data ?? []);
  } catch {
    return undefined;
  }
}

function judgeRows(
  rows: readonly z.infer<typeof Row>[],
  model: string,
): ListedModels {
  const row = rows.find(({ id }) => id === model);
  const names = rows.map(({ id }) => id);
  if (row === undefined) {
    const close = closestWord(model, names) ?? names[0];
    const like = close === undefined ? "" : `, but for example "${close}"`;
    return {
      finding: unknown(
        "models",
        `"${model}" is not among the ${rows.length} of GET /models${like}`,
      ),
    };
  }
  const windowTokens = row.loaded_context_length ?? row.max_model_len ??
    row.meta?.n_ctx ?? row.context_length ??
    row.top_provider?.context_length ?? row.context_window ??
    row.max_context_length;
  const outputTokens = row.max_output_tokens ?? row.max_completion_tokens ??
    row.top_provider?.max_completion_tokens;
  return {
    finding: supported("models", `"${model}" is one of ${rows.length}`),
    ...(windowTokens !== undefined && { windowTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
  };
}
