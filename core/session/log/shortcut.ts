/** Ways into a long log that do not lead through all of it: its index, its last compaction. */
import type { Files } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { VERSION } from "../../protocol/version.ts";
import { checksum64 } from "../../util/checksum.ts";
import { parseJsonObject } from "../../util/json/json.ts";
import { jsonMember } from "../../util/json/json_text.ts";
import { indexPathOf } from "./files.ts";
import { type Line, parseLine } from "./line.ts";
import {
  LogChecker,
  type LogEntry,
  type LogStart,
  readRawLines,
} from "./log_reader.ts";
import { parseBefore } from "./payload.ts";
import { compactedItems, type LoggedItem } from "./restore_items.ts";
import { type FoldState, loggedItem, ThreadFold } from "./thread_fold.ts";

/** Where a log is read from, and what is known of it up to there. */
export interface Shortcut {
  readonly fold: ThreadFold;
  readonly end: LogStart;
  /** Of all payloads that lines before that refer to. */
  readonly payloadBytes: number;
}

/** What an index says; it holds for one state of one file. */
interface Index extends Omit<Shortcut, "fold"> {
  readonly version: string;
  readonly mtimeMs: number;
  readonly state: Omit<FoldState, "turns">;
  /** Pairs of `StartedTurn`; settings that many turns have stand once in `settings`. */
  readonly turns: readonly (readonly [at: number, settings: number])[];
  readonly settings: readonly FoldState["settings"][];
  /** The lines that the items are in, with how many of each there are. */
  readonly lines: readonly Place[];
}

type Place = readonly [
  offset: number,
  bytes: number,
  line: number,
  items: number,
];

/** Lines this far apart are read in one go. */
const GAP_BYTES = 64 * 1024;

/**
 * Writes the index of a log that was closed in order. It only saves time: where it cannot be
 * written there is none, and one that was written half does not match its checksum.
 */
export async function writeIndex(
  files: Files,
  path: string,
  { fold, end, payloadBytes }: Shortcut,
): Promise<void> {
  try {
    const stat = await files.stat(path);
    if (stat?.size !== end.bytes) return;
    const { turns, ...state } = fold.state;
    const settings = [...new Set(turns.map((turn) => turn.settings))];
    const index: Index = {
      version: VERSION,
      mtimeMs: stat.mtimeMs,
      end,
      payloadBytes,
      state,
      turns: turns.map((turn) => [turn.at, settings.indexOf(turn.settings)]),
      settings,
      lines: placesOf(fold.items),
    };
    await writeIndexFile(files, path, index);
  } catch {
    // The log itself is whole.
  }
}

/** By the index of the log; undefined when there is none for the file as it is now. */
export async function openIndex(
  files: Files,
  path: string,
): Promise<Shortcut | undefined> {
  const index = await loadIndex(files, path);
  if (index === undefined) return undefined;
  const fold = await beginFold(files, path);
  const items = await loadItems(files, path, index.lines);
  if (fold === undefined || items === undefined) return undefined;
  const { end, payloadBytes, settings, state } = index;
  const turns = index.turns.map(([at, one]) => ({
    at,
    // JSON has null for what is undefined.
    settings: settings[one] ?? undefined,
  }));
  fold.takeOver({ ...state, turns }, items);
  return { fold, end, payloadBytes };
}

/** By the last compaction that says what lies before it; undefined when there is none. */
export async function findCompaction(
  files: Files,
  path: string,
): Promise<Shortcut | undefined> {
  const offset = await findLastCompacted(files, path);
  if (offset === undefined) return undefined;
  const line = await readLine(files, path, offset);
  if (line?.previous === undefined || line.type !== "compacted") return;
  const before = parseBefore(jsonMember(line.payload, "before"));
  const fold = await beginFold(files, path);
  if (before === undefined || fold === undefined) return undefined;
  fold.begin(before.carried);
  const { previous: check, ordinal = 0 } = line;
  const chain = { ordinal, check };
  const end = { bytes: offset, chain, lines: before.lines };
  return { fold, end, payloadBytes: before.payloadBytes };
}

/** Lets an index hold for its log, whose time alone was changed. */
export async function retimeIndex(files: Files, path: string): Promise<void> {
  const index = await readIndexFile(files, path);
  const stat = await files.stat(path);
  if (index === undefined || stat?.size !== index.end.bytes) return;
  await writeIndexFile(files, path, { ...index, mtimeMs: stat.mtimeMs })
    .catch(() => {});
}

async function writeIndexFile(
  files: Files,
  path: string,
  index: Index,
): Promise<void> {
  const json = JSON.stringify(index);
  const text = `${checksum64(json)}\n${json}`;
  await files.write(indexPathOf(path), text, { mode: 0o600 });
}

async function readIndexFile(
  files: Files,
  path: string,
): Promise<Index | undefined> {
  const text = await files.readText(indexPathOf(path)).catch(() => "");
  const at = text.indexOf("\n");
  const json = text.slice(at + 1);
  if (at < 0 || checksum64(json) !== text.slice(0, at)) return undefined;
  // Its checksum vouches for its form.
  const index = parseJsonObject(json) as unknown as Index;
  return index.version === VERSION ? index : undefined;
}

async function loadIndex(
  files: Files,
  path: string,
): Promise<Index | undefined> {
  const index = await readIndexFile(files, path);
  if (index === undefined) return undefined;
  const { bytes, chain } = index.end;
  const stat = await files.stat(path);
  if (stat?.size !== bytes || stat.mtimeMs !== index.mtimeMs) return undefined;
  const lastWords = `.${chain.check}"}\n`;
  const from = bytes - lastWords.length;
  const last = await files.readRange(path, from, lastWords.length);
  return new TextDecoder().decode(last) === lastWords ? index : undefined;
}

// The first line says whose thread it is. Undefined where it is damaged or a foreign one.
async function beginFold(
  files: Files,
  path: string,
): Promise<ThreadFold | undefined> {
  for await (const raw of readRawLines(files, path)) {
    const entry = new LogChecker().accept(raw);
    if (entry?.type !== "session_meta" || !entry.isProtected) return undefined;
    const fold = new ThreadFold();
    fold.add(entry);
    return fold;
  }
  return undefined;
}

function placesOf(items: readonly LoggedItem[]): readonly Place[] {
  const places: Place[] = [];
  for (const { offset, bytes, line } of items) {
    const last = places.at(-1);
    const isSame = last?.[0] === offset;
    if (isSame) places.pop();
    places.push([offset, bytes, line, isSame ? last[3] + 1 : 1]);
  }
  return places;
}

async function loadItems(
  files: Files,
  path: string,
  places: readonly Place[],
): Promise<readonly LoggedItem[] | undefined> {
  const items: LoggedItem[] = [];
  for (let at = 0; at < places.length;) {
    const near = nearPlaces(places, at);
    const [from = 0] = near[0] ?? [];
    const [last = 0, lastBytes = 0] = near.at(-1) ?? [];
    const bytes = await files.readRange(path, from, last + lastBytes - from);
    const text = new TextDecoder().decode(bytes);
    for (const place of near) {
      const start = place[0] - from;
      const end = start + place[1] - 1;
      // Where all is ASCII one call of the decoder serves all lines.
      const json = text.length === bytes.length
        ? text.slice(start, end)
        : new TextDecoder().decode(bytes.subarray(start, end));
      const found = itemsIn(parseLine(json, { isWhole: true }), place);
      if (found?.length !== place[3]) return undefined;
      items.push(...found);
    }
    at += near.length;
  }
  return items;
}

// Those that one read serves.
function nearPlaces(places: readonly Place[], first: number): readonly Place[] {
  const [from = 0] = places[first] ?? [];
  let next = first + 1;
  for (; next < places.length; next++) {
    const [end = 0, endBytes = 0] = places[next - 1] ?? [];
    const [offset = 0, bytes = 0] = places[next] ?? [];
    if (offset - end - endBytes > GAP_BYTES) break;
    if (offset + bytes - from > LIMITS.sessionChunkBytes) break;
  }
  return places.slice(first, next);
}

function itemsIn(
  line: Line,
  [offset, bytes, number, count]: Place,
): readonly LoggedItem[] | undefined {
  if (line.kind !== "fact") return undefined;
  const isProtected = line.previous !== undefined;
  const entry: LogEntry = { ...line, number, offset, bytes, isProtected };
  if (entry.type === "response_item") return [loggedItem(entry)];
  return entry.type === "compacted"
    ? compactedItems(loggedItem(entry), []).slice(0, count)
    : undefined;
}

const COMPACTED = new TextEncoder().encode(',"type":"compacted","payload":');
const COMMA = COMPACTED[0] ?? 0;
const NEWLINE = 10;
/** More than a line has before its payload. */
const HEAD_BYTES = 256;

// From the end, in pieces that are looked at as bytes: decoding them takes ten times as long.
async function findLastCompacted(
  files: Files,
  path: string,
): Promise<number | undefined> {
  const size = (await files.stat(path))?.size ?? 0;
  for (let end = size; end > 0;) {
    const from = Math.max(0, end - LIMITS.sessionChunkBytes);
    // The head of a line may lie across two pieces.
    const wanted = Math.min(size, end + HEAD_BYTES) - from;
    const at = lastCompacted(await files.readRange(path, from, wanted));
    if (at !== undefined) return from + at;
    end = from;
  }
  return undefined;
}

// Behind the time and the number of a line comes its type. No string of a line has a newline
// that is not escaped, so that each one ends a line.
function lastCompacted(bytes: Uint8Array): number | undefined {
  let last: number | undefined;
  for (let at = bytes.indexOf(NEWLINE); at >= 0;) {
    const start = at + 1;
    const ordinal = bytes.indexOf(COMMA, start) + 1;
    const type = bytes.indexOf(COMMA, ordinal);
    if (COMPACTED.every((byte, n) => bytes[type + n] === byte)) last = start;
    at = bytes.indexOf(NEWLINE, start);
  }
  return last;
}

async function readLine(
  files: Files,
  path: string,
  offset: number,
): Promise<Extract<Line, { kind: "fact" }> | undefined> {
  for await (const { text } of readRawLines(files, path, offset)) {
    const line = text === undefined ? undefined : parseLine(text);
    return line?.kind === "fact" ? line : undefined;
  }
  return undefined;
}
