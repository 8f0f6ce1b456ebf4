/** Names for the tools of servers: short, unique, stable. Pure. */
import { LIMITS } from "../../core/protocol/limits.ts";
import { sha256Hex } from "../../core/util/sha256.ts";

export interface ToolIdentity {
  readonly server: string;
  readonly tool: string;
}

/** Hexadecimal digits that tell two names apart whose readable parts are equal. */
const HASH_DIGITS = 12;

/**
 * `mcp__server__tool` for each, in the same order. What a name may not hold becomes `_`;
 * names that are too long or would meet get a piece of a hash of what they stand for, so
 * that no name depends on the order in which servers answer.
 */
export function allocateToolNames(
  tools: readonly ToolIdentity[],
): readonly string[] {
  const plain = tools.map(({ server, tool }) =>
    `mcp__${sanitize(server)}__${sanitize(tool)}`
  );
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  return plain.map((name, at) => {
    const isUnique = counts.get(name) === 1;
    if (isUnique && name.length <= LIMITS.mcpToolNameChars) return name;
    const { server, tool } = tools[at] as ToolIdentity;
    const head = name.slice(0, LIMITS.mcpToolNameChars - HASH_DIGITS - 1);
    return `${head}_${sha256Hex(`${server}\n${tool}`).slice(0, HASH_DIGITS)}`;
  });
}

/** The order of text by its code units: the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sanitize(part: string): string {
  return part.replace(/[^A-Za-z0-9_-]/g, "_");
}
