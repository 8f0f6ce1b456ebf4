/** What a list says of a session, from the start and the end of its file alone. */
import type { SessionListing } from "../../contract/reports.ts";
import { typedText, withoutImages } from "../../context/format/tags.ts";
import type { Files, FileStat, Host } from "../../protocol/host.ts";
import type { WireItem } from "../../protocol/item.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ThreadMeta } from "../../protocol/log.ts";
import {
  asObject,
  type JsonObject,
  parseJsonObject,
} from "../../util/json/json.ts";
import { splitLines } from "../../util/json/jsonl.ts";
import { visibleLine } from "../../util/text/visible_text.ts";
import { parseMeta } from "../log/payload.ts";
import type { SessionFile } from "../log/files.ts";

export type SessionSummary = SessionListing["sessions"][number];

const HEAD_STEP = 64 * 1024;

/** Reads what a list shows; undefined for a file that holds no session yet. */
export async function loadSummary(
  host: Host,
  file: SessionFile,
  names: ReadonlyMap<string, string>,
): Promise<SessionSummary | undefined> {
  const stat = await host.files.stat(file.path);
  if (stat === undefined || stat.size === 0) return undefined;
  const head = await loadHead(host.files, file.path, stat);
  const name = await loadLastName(host.files, file.path, stat) ??
    names.get(file.id);
  return {
    id: head.meta?.id ?? file.id,
    ...(name !== undefined && { name }),
    title: head.title,
    cwd: head.meta?.cwd ?? "",
    createdAt: head.meta?.createdAt ?? file.createdAt,
    updatedAt: new Date(stat.mtimeMs).toISOString(),
    path: file.path,
    sizeBytes: stat.size,
    isArchived: file.isArchived,
    provider: head.meta?.provider ?? "",
    program: head.meta?.program ?? "",
    version: head.meta?.version ?? "",
  };
}

interface Head {
  readonly meta: ThreadMeta | undefined;
  readonly title: string;
}

// The first request comes after instructions and context of unknown length: more is
// read until it has come.
async function loadHead(
  files: Files,
  path: string,
  stat: FileStat,
): Promise<Head> {
  for (let bytes = HEAD_STEP;; bytes *= 4) {
    const data = await files.readRange(path, 0, bytes);
    const { lines } = splitLines(new TextDecoder().decode(data));
    const head = viewHead(lines);
    const isAll = bytes >= stat.size || bytes >= LIMITS.sessionHeadBytes;
    if (head.title !== "" || isAll) return head;
  }
}

function viewHead(lines: readonly string[]): Head {
  let meta: ThreadMeta | undefined;
  for (const line of lines) {
    const { type, payload } = parseJsonObject(line) ?? {};
    if (type === "session_meta") meta ??= parseMeta(payload);
    if (type !== "response_item") continue;
    const title = titleOf(asObject(payload));
    if (title !== undefined) return { meta, title };
  }
  return { meta, title: "" };
}

function titleOf(item: JsonObject | undefined): string | undefined {
  if (typeof item?.["type"] !== "string") return undefined;
  const message = item as WireItem;
  if (typedText(message) === undefined) return undefined;
  return visibleLine(withoutImages(message)) || "(image)";
}

async function loadLastName(
  files: Files,
  path: string,
  stat: FileStat,
): Promise<string | undefined> {
  const from = Math.max(0, stat.size - LIMITS.sessionTailBytes);
  const data = await files.readRange(path, from, LIMITS.sessionTailBytes);
  const { lines } = splitLines(new TextDecoder().decode(data));
  const line = lines.findLast((one) =>
    one.includes('"payload":{"type":"thread_name_updated"')
  );
  if (line === undefined) return undefined;
  const payload = asObject(parseJsonObject(line)?.["payload"]);
  const name = payload?.["thread_name"];
  return typeof name === "string" && name !== "" ? name : undefined;
}
