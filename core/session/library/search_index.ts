/** The searchable parts of a session: messages and commands. */
import { typedText, withoutImages } from "../../context/format/tags.ts";
import type { Files } from "../../protocol/host.ts";
import { viewItem, type WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { asObject, parseJsonObject } from "../../util/json/json.ts";
import { headBytes } from "../../util/text/text.ts";
import { readRawLines } from "../log/log_reader.ts";

/** How far a file is indexed: bytes of whole lines, and how many lines. */
export interface IndexedFile {
  readonly bytes: number;
  readonly line: number;
}

interface IndexedTexts {
  readonly texts: readonly { readonly body: string; readonly line: number }[];
  readonly end: IndexedFile;
}

/** Searchable texts behind `start`. A last line that is not whole yet waits. */
export async function indexSession(
  files: Files,
  path: string,
  start: IndexedFile = { bytes: 0, line: 0 },
): Promise<IndexedTexts> {
  const texts: { body: string; line: number }[] = [];
  let { bytes, line } = start;
  for await (const raw of readRawLines(files, path, start.bytes)) {
    if (!raw.hasNewline) break;
    line++;
    bytes += raw.bytes;
    const body = raw.text === undefined ? "" : parseText(raw.text);
    if (body !== "") texts.push({ body, line });
  }
  return { texts, end: { bytes, line } };
}

function parseText(line: string): string {
  const { type, payload } = parseJsonObject(line) ?? {};
  const item = asObject(payload);
  if (type !== "response_item" || typeof item?.["type"] !== "string") return "";
  return headBytes(searchable(item as WireItem), LIMITS.searchTextBytes);
}

function searchable(item: WireItem): string {
  const view = viewItem(item);
  if (view.type === "call") return `${view.name} ${view.input}`;
  if (view.type !== "message") return "";
  if (view.role === "assistant") return view.text;
  return typedText(item) === undefined ? "" : withoutImages(item);
}
