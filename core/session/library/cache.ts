/** What each request of a session took from the provider's cache. */
import type { CacheRow } from "../../contract/reports.ts";
import type { Usage } from "../../protocol/event.ts";
import type { Files } from "../../protocol/host.ts";
import type { JsonObject } from "../../util/json/json.ts";
import { LogChecker, type LogEntry, readRawLines } from "../log/log_reader.ts";
import { parseUsage } from "../log/payload.ts";

/** A row per answered request of a log of ours. Throws SessionError. */
export async function loadCacheTable(
  files: Files,
  path: string,
): Promise<readonly CacheRow[]> {
  const checker = new LogChecker();
  const rows: CacheRow[] = [];
  let after = "";
  for await (const raw of readRawLines(files, path)) {
    const entry = checker.accept(raw);
    if (entry === undefined) continue;
    if (entry.type === "compacted") after = "compacted";
    if (entry.type !== "event_msg") continue;
    const payload: JsonObject = JSON.parse(entry.payload);
    if (payload["type"] === "thread_rolled_back") after = "rolled back";
    if (payload["type"] !== "token_count") continue;
    rows.push(parseRow(payload, entry, { request: rows.length + 1, after }));
    after = "";
  }
  return rows;
}

/** The table as lines, a sum at the end. */
export function renderCacheTable(rows: readonly CacheRow[]): readonly string[] {
  if (rows.length === 0) return ["No request of this session was answered"];
  const head = ["#", "items", "input", "cached", "share", "output", ""];
  const table = [head, ...rows.map(cellsOf), sumOf(rows)];
  const widths = head.map((_, column) =>
    Math.max(...table.map((cells) => cells[column]?.length ?? 0))
  );
  return table.map((cells) =>
    cells.map((cell, column) =>
      column === head.length - 1 ? cell : cell.padStart(widths[column] ?? 0)
    ).join("  ").trimEnd()
  );
}

function parseRow(
  payload: JsonObject,
  entry: LogEntry,
  known: { readonly request: number; readonly after: string },
): CacheRow {
  const request = payload["request"] as JsonObject | undefined;
  const cause = request?.["cause"];
  return {
    request: known.request,
    cause: typeof cause === "string" ? cause : known.after,
    at: entry.timestamp,
    inputItems: Number(request?.["input_items"] ?? 0),
    usage: parseUsage(payload).last ?? null,
  };
}

function cellsOf({ request, inputItems, usage, cause }: CacheRow): string[] {
  if (usage === null) {
    return [String(request), String(inputItems), "-", "-", "-", "-", cause];
  }
  return [
    String(request),
    String(inputItems),
    String(usage.inputTokens),
    String(usage.cachedInputTokens),
    share(usage.cachedInputTokens, usage.inputTokens),
    String(usage.outputTokens),
    cause,
  ];
}

function sumOf(rows: readonly CacheRow[]): string[] {
  const sum = (pick: (usage: Usage) => number): number =>
    rows.reduce((total, { usage }) => total + (usage ? pick(usage) : 0), 0);
  const input = sum((usage) => usage.inputTokens);
  const cached = sum((usage) => usage.cachedInputTokens);
  const output = sum((usage) => usage.outputTokens);
  return [
    "all",
    "",
    String(input),
    String(cached),
    share(cached, input),
    String(output),
    "",
  ];
}

function share(part: number, whole: number): string {
  return whole === 0 ? "-" : `${Math.round(100 * part / whole)}%`;
}
