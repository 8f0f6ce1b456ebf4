/** What a request is made of, as a table of parts with their sizes. */
import { viewItem, type WireItem } from "../protocol/item.ts";
import type { PromptPrefix } from "../session/state/request_prefix.ts";
import type { Entry } from "../session/state/transcript.ts";
import { parseJsonObject } from "../util/json/json.ts";
import { byteLength, estimateTokens } from "../util/text/text.ts";

interface PromptRow {
  readonly what: string;
  readonly bytes: number;
  readonly tokens: number;
}

/** Instructions, tools, items; then what would be said before the next message. */
export function promptRows(
  prefix: Pick<PromptPrefix, "instructions" | "toolTexts">,
  entries: readonly Entry[],
  next: readonly WireItem[] = [],
): readonly PromptRow[] {
  return [
    measure("instructions", prefix.instructions),
    // Not every tool that can be called is offered.
    ...prefix.toolTexts.map((text, at) =>
      measure(`tools[${at}] ${toolName(text)}`, text)
    ),
    ...entries.map(({ item, json, tokens }, at) => ({
      what: `input[${at}] ${kindOf(item)}`,
      bytes: byteLength(json),
      tokens,
    })),
    ...next.map((item) =>
      measure(`to come: ${kindOf(item)}`, JSON.stringify(item))
    ),
  ];
}

/** The rows as lines with a sum at their end. */
export function renderPromptTable(
  rows: readonly PromptRow[],
): readonly string[] {
  const sum = rows.reduce((all, row) => ({
    what: "all",
    bytes: all.bytes + row.bytes,
    tokens: all.tokens + row.tokens,
  }), { what: "all", bytes: 0, tokens: 0 });
  return [["part", "bytes", "tokens"], ...[...rows, sum].map(cellsOf)]
    .map(([what = "", bytes = "", tokens = ""]) =>
      `${what.padEnd(36)} ${bytes.padStart(9)} ${tokens.padStart(8)}`
    );
}

function cellsOf({ what, bytes, tokens }: PromptRow): string[] {
  return [what.slice(0, 36), String(bytes), `~${tokens}`];
}

function toolName(text: string): string {
  const { name, type } = parseJsonObject(text) ?? {};
  return String(name ?? type);
}

function kindOf(item: WireItem): string {
  const view = viewItem(item);
  return view.type === "message" ? view.role : view.type;
}

function measure(what: string, text: string): PromptRow {
  return { what, bytes: byteLength(text), tokens: estimateTokens(text) };
}
