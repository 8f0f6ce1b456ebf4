/** Earlier input: its lines in the file, browsing, searching. Pure. */
import * as z from "zod/mini";
import { parseJson } from "../../util/json/json.ts";

/** One message of the user. */
export interface HistoryEntry {
  readonly text: string;
  /** Folder it was typed in; absent in lines of other programs. */
  readonly cwd?: string;
}

// The fields of the history file that other tools share; `cwd` is added.
const HistoryLine = z.object({
  session_id: z.string(),
  ts: z.number(),
  text: z.string(),
  cwd: z.optional(z.string()),
});

/** The entries of a history file, oldest first; lines that are none are left out. */
export function parseHistory(text: string): readonly HistoryEntry[] {
  return text.split("\n").flatMap((line) => {
    const parsed = HistoryLine.safeParse(parseJson(line));
    if (!parsed.success || parsed.data.text === "") return [];
    const { text: said, cwd } = parsed.data;
    return [{ text: said, ...(cwd !== undefined && { cwd }) }];
  });
}

/** One line of the file, newline included. */
export function renderHistoryLine(
  entry: HistoryEntry,
  facts: { readonly threadId: string; readonly at: Date },
): string {
  return JSON.stringify({
    session_id: facts.threadId,
    ts: Math.floor(facts.at.getTime() / 1_000),
    text: entry.text,
    ...(entry.cwd !== undefined && { cwd: entry.cwd }),
  }) + "\n";
}

/** The newest whole lines that fit. */
export function trimHistory(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= bytesMax) return text;
  const from = bytes.length - bytesMax;
  const newline = bytes.indexOf(0x0a, from - 1);
  return newline < 0
    ? ""
    : new TextDecoder().decode(bytes.subarray(newline + 1));
}

/** The texts for Up, newest first, without duplicates. */
export function recallable(
  entries: readonly HistoryEntry[],
): readonly string[] {
  return [...new Set(entries.map(({ text }) => text).reverse())];
}

/** Texts holding the query, those of this folder first, each newest first. */
export function searchHistory(
  entries: readonly HistoryEntry[],
  query: string,
  cwd: string,
): readonly string[] {
  const wanted = query.toLowerCase();
  // A capital letter asks for exactly that.
  const isExact = query !== wanted;
  const found = entries.toReversed().filter(({ text }) =>
    (isExact ? text : text.toLowerCase()).includes(isExact ? query : wanted)
  );
  const here = found.filter((entry) => entry.cwd === cwd);
  const elsewhere = found.filter((entry) => entry.cwd !== cwd);
  return [...new Set([...here, ...elsewhere].map(({ text }) => text))];
}
