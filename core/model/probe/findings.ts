/** What a probe has found out, and how a server's answers are judged. Pure. */
import { LIMITS } from "../../protocol/limits.ts";
import { cutBytes } from "../../util/text/text.ts";
import type { Asked, ProbeAnswer } from "./asker.ts";

/** `unknown`: it could not be found out, and why is in the detail. */
export type Verdict = "supported" | "not_supported" | "unknown";

export type FindingName =
  | "endpoint"
  | "models"
  | "streaming"
  | "usage"
  | "function_tools"
  | "parallel_calls"
  | "tool_choice"
  | "custom_tools"
  | "developer_messages"
  | "reasoning"
  | "encrypted_reasoning"
  | "images"
  | "compact_endpoint"
  | "overflow_words"
  | "limits"
  | "cancellation";

export interface Finding {
  readonly name: FindingName;
  readonly verdict: Verdict;
  readonly detail: string;
}

/** What was asked for, was done. */
export function supported(name: FindingName, detail: string): Finding {
  return { name, verdict: "supported", detail };
}

export function notSupported(name: FindingName, detail: string): Finding {
  return { name, verdict: "not_supported", detail };
}

export function unknown(name: FindingName, detail: string): Finding {
  return { name, verdict: "unknown", detail };
}

/** By what became of the request for it; `judge` looks at an answer. */
export function judged(
  name: FindingName,
  asked: Asked,
  judge: (answer: ProbeAnswer) => Finding,
): Finding {
  if (asked.ok) return judge(asked);
  const words = briefly(asked.error.message);
  return asked.isRefusal ? notSupported(name, words) : unknown(name, words);
}

/** The beginning of a server's words, on one line. */
export function briefly(text: string): string {
  const line = text.replace(/\s+/g, " ").replace(/ \(url: [^()]*\)/, "");
  return cutBytes(line, LIMITS.probeDetailBytes);
}

/** How an answer travelled. */
export function judgeStream(
  { raw }: Pick<ProbeAnswer, "raw">,
  wireApi: "responses" | "chat",
): Finding {
  const name = "streaming";
  if (/^\s*\{/.test(raw)) {
    return notSupported(name, "the whole answer comes as one JSON text");
  }
  if (wireApi === "chat") {
    const isEnded = /data:\s*\[DONE\]/.test(raw);
    return supported(
      name,
      isEnded ? "chunks, then [DONE]" : "chunks, without [DONE]",
    );
  }
  const isNamed = !/"type"\s*:\s*"response\./.test(raw);
  if (isNamed) {
    return supported(name, "events whose type stands in the event: line only");
  }
  return /output_item\.done/.test(raw)
    ? supported(name, "events, each item with response.output_item.done")
    : supported(
      name,
      "events without response.output_item.done: items are taken from the end",
    );
}

/** What the server counts. */
export function judgeUsage({ usage, raw }: ProbeAnswer): Finding {
  const name = "usage";
  if (usage === null) {
    return notSupported(name, "no counts: tokens are estimated");
  }
  const { inputTokens, outputTokens } = usage;
  if (inputTokens === 0) {
    return notSupported(name, "counts of 0: tokens are estimated");
  }
  const cache = /cached?_|cache_/.test(raw)
    ? "with the cached part"
    : "without the cached part";
  return supported(name, `${inputTokens} in, ${outputTokens} out, ${cache}`);
}
