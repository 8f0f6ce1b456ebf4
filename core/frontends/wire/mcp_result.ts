/** What a server of MCP answered, in one form whatever it sent. Pure. */
import { asObject, type Json } from "../../util/json/json.ts";

interface McpResult {
  readonly content: readonly Json[];
  readonly structured: Json;
}

/** Null where there is no result. Servers and older logs spell it both ways. */
export function viewMcpResult(result: Json): McpResult | null {
  if (result === null) return null;
  const object = asObject(result);
  const content = object?.["content"];
  if (object === undefined || !Array.isArray(content)) {
    const text = typeof result === "string" ? result : JSON.stringify(result);
    return { content: [{ type: "text", text }], structured: null };
  }
  const structured = object["structured_content"] ??
    object["structuredContent"] ?? null;
  return { content, structured };
}
