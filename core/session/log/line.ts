/** Lines of a session log: the envelope of each fact, and whether it is whole. */
import { asObject, parseJsonObject } from "../../util/json/json.ts";
import { checksum64 } from "../../util/checksum.ts";
import { byteLength } from "../../util/text/text.ts";
import { jsonMember } from "../../util/json/json_text.ts";
import {
  type BlobRef,
  type BlobText,
  parseBlobs,
  renderBlobs,
} from "./blob_text.ts";

/** What a line carries. `payload` is JSON text, spliced in and cut out byte for byte. */
export interface LineBody {
  readonly type:
    | "session_meta"
    | "response_item"
    | "turn_context"
    | "event_msg"
    | "compacted";
  readonly payload: string;
  /** What was taken out of the payload. */
  readonly blobs?: readonly BlobRef[];
}

/** The state of the checksum chain: the next line's ordinal and what it is chained to. */
export interface Chain {
  readonly ordinal: number;
  readonly check: string;
}

/** A line as it was found. */
export type Line =
  | {
    readonly kind: "fact";
    readonly type: string;
    readonly payload: string;
    /** What was taken out of the payload. */
    readonly blobs: readonly BlobRef[];
    readonly timestamp: string;
    /** Absent in files of programs that write none. */
    readonly ordinal: number | undefined;
    /** Of the line before; absent in a line of a foreign program. */
    readonly previous: string | undefined;
    /** What the next line is chained to. */
    readonly check: string;
  }
  /** Not a line of a session log, or one whose checksum says that it was changed. */
  | { readonly kind: "bad"; readonly reason: string };

/** Before the first line. */
export const CHAIN_START: Chain = Object.freeze({
  ordinal: 0,
  check: "0000000000000000",
});

const HEAD =
  /^\{"timestamp":"([^"\\]*)","ordinal":(\d{1,15}),"type":"([a-z_]+)","payload":/;
const TAIL = /,"check":"([0-9a-f]{16})\.([0-9a-f]{16})"\}$/;
// `,"check":"` + 16 + `.` + 16 + `"}`
const TAIL_LENGTH = 45;
const BLOBS = ',"blobs":';
const FOREIGN_MEMBERS = new Set([
  "timestamp",
  "ordinal",
  "type",
  "payload",
  "metadata",
]);

/** A line as it goes to the file, LF included. */
export interface WrittenLine extends Required<LineBody> {
  readonly text: string;
  readonly bytes: number;
  readonly timestamp: string;
  /** After it. */
  readonly chain: Chain;
}

/** Renders lines that are written together. */
export function renderLines(
  bodies: readonly Required<LineBody>[],
  timestamp: string,
  from: Chain,
): readonly WrittenLine[] {
  let chain = from;
  return bodies.map((body) => {
    const line = renderLine(body, timestamp, chain);
    chain = line.chain;
    return { ...body, ...line, timestamp, bytes: byteLength(line.text) };
  });
}

/** Renders one line, its LF included, and the chain after it. */
export function renderLine(
  body: LineBody,
  timestamp: string,
  chain: Chain,
): { readonly text: string; readonly chain: Chain } {
  const { type, payload, blobs = [] } = body;
  const refs = blobs.length === 0 ? "" : BLOBS + renderBlobs(blobs);
  const covered = `{"timestamp":"${timestamp}","ordinal":${chain.ordinal},` +
    `"type":"${type}","payload":${payload}${refs},"check":"${chain.check}`;
  const check = checksum64(covered);
  return {
    text: `${covered}.${check}"}\n`,
    chain: { ordinal: chain.ordinal + 1, check },
  };
}

interface LineOptions {
  /**
   * Lines of ours were seen before it, so that one with odd members is a damaged one of ours
   * rather than a foreign one.
   */
  readonly isOurs?: boolean;
  /** It is known to be as it was written: its checksum is not taken. */
  readonly isWhole?: boolean;
}

/** Parses one line without its LF. */
export function parseLine(line: string, options: LineOptions = {}): Line {
  const { isOurs = true, isWhole = false } = options;
  const tail = TAIL.exec(line.slice(-TAIL_LENGTH));
  if (tail === null) return parseForeignLine(line, isOurs);
  const [, previous = "", check = ""] = tail;
  // Up to the dot: what renderLine() took the checksum of.
  if (!isWhole && checksum64(line.slice(0, -19)) !== check) {
    return { kind: "bad", reason: "its checksum does not match" };
  }
  const head = HEAD.exec(line);
  if (head === null) return { kind: "bad", reason: "its form is unknown" };
  const [start, timestamp = "", ordinal = "0", type = ""] = head;
  const blobText = splitBlobs(line.slice(start.length, -TAIL_LENGTH));
  if (blobText === undefined) {
    return { kind: "bad", reason: "its form is unknown" };
  }
  return {
    kind: "fact",
    type,
    timestamp,
    payload: blobText.text,
    blobs: blobText.blobs,
    ordinal: Number(ordinal),
    previous,
    check,
  };
}

// A payload is an object: what ends like an array are references behind it, and nothing
// in them looks like their beginning.
function splitBlobs(text: string): BlobText | undefined {
  if (!text.endsWith("]")) return { text, blobs: [] };
  const at = text.lastIndexOf(BLOBS);
  const blobs = parseBlobs(text.slice(at + BLOBS.length), at);
  return blobs && { text: text.slice(0, at), blobs };
}

function parseForeignLine(line: string, inOwnLog: boolean): Line {
  const object = parseJsonObject(line);
  if (object === undefined) return { kind: "bad", reason: "it is not JSON" };
  if (
    inOwnLog && Object.keys(object).some((key) => !FOREIGN_MEMBERS.has(key))
  ) {
    return { kind: "bad", reason: "its checksum is damaged" };
  }
  const type = object["type"];
  if (typeof type !== "string" || asObject(object["payload"]) === undefined) {
    return { kind: "bad", reason: "it is not a line of a session log" };
  }
  const { timestamp, ordinal } = object;
  return {
    kind: "fact",
    type,
    timestamp: typeof timestamp === "string" ? timestamp : "",
    payload: jsonMember(line, "payload") ?? "{}",
    blobs: [],
    ordinal: Number.isSafeInteger(ordinal) ? Number(ordinal) : undefined,
    previous: undefined,
    check: checksum64(line),
  };
}
