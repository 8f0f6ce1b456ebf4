/** Web search: runs on the server; here is only its entry in the list of tools. */
import type { JsonObject } from "../core/util/json/json.ts";

/** `cached` searches the provider's index, `live` the web itself. */
export type WebSearchMode = "disabled" | "cached" | "live";

/** The entry for a mode, with what the server takes besides; undefined when not offered. */
export function webSearchSpec(
  mode: WebSearchMode,
  options: JsonObject = {},
): JsonObject | undefined {
  if (mode === "disabled") return undefined;
  const isLive = mode === "live";
  return { type: "web_search", external_web_access: isLive, ...options };
}
