/** What the model gets of a command: cut from the middle, with exact counts, in words. */
import type {
  CapturedOutput,
  CommandResult,
} from "../../core/protocol/command.ts";
import {
  byteLength,
  countLines,
  headBytes,
  tailBytes,
  tokensOfBytes,
} from "../../core/util/text/text.ts";

interface CutText {
  /** Start, marker and end; the whole text when nothing is omitted. */
  readonly text: string;
  readonly keptBytes: number;
  readonly omittedBytes: number;
  readonly keptLines: number;
  readonly omittedLines: number;
}

export interface OutputOptions {
  /** Of the output itself; headers and markers come on top. */
  readonly tokensMax: number;
  readonly timeoutMs: number;
  /** Said to the model after the head lines, one line each. */
  readonly hints?: readonly string[];
}

/** Share of the limit that may go to error lines out of the omitted part. */
const ERROR_SHARE = 0.25;
const ERROR_LINE_BYTES = 500;
/** How far before the kept end error lines are looked for. */
const ERROR_WINDOW_BYTES = 64 * 1024;
/** Share of a half that may be given up so that a cut falls between two lines. */
const LINE_SNAP_SHARE = 0.25;
const ERROR_LINE =
  /\b(error|errors|failed|failure|fatal|panic|panicked|exception|traceback|assert(ion)?|undefined reference)\b|\bE\d{4}\b/i;

/** Builds the text of a finished command as the model reads it. */
export function buildCommandOutput(
  result: CommandResult,
  options: OutputOptions,
): string {
  const cut = cutOutput(result.output, options.tokensMax * 4);
  const seconds = (result.durationMs / 1000).toFixed(1);
  const notices = [
    ...(result.aborted ? [`Aborted by the user after ${seconds} s.`] : []),
    ...(result.timedOut ? [timeoutNotice(options.timeoutMs)] : []),
    ...(cut.omittedBytes > 0 ? [cutNotice(cut, result.output)] : []),
  ];
  const lines = [
    ...(notices.length > 0 ? [notices.join(" ")] : []),
    `Exit code: ${result.exitCode}`,
    `Wall time: ${seconds} seconds`,
    ...(cut.omittedBytes > 0
      ? [`Total output lines: ${result.output.totalLines}`]
      : []),
    ...[...result.notes, ...(options.hints ?? [])].map((note) =>
      `Note: ${note}`
    ),
    "Output:",
  ];
  return `${lines.join("\n")}\n${cut.text}`;
}

/**
 * Cuts captured output to `bytesMax` bytes of its own text: as much of the start as of
 * the end, whole lines where they fit, and error lines that stand shortly before the
 * kept end. The marker comes on top of the limit.
 */
export function cutOutput(output: CapturedOutput, bytesMax: number): CutText {
  const whole = output.tail === "";
  const headSize = byteLength(output.head);
  if (whole && headSize <= bytesMax) {
    return {
      text: output.head,
      keptBytes: headSize,
      omittedBytes: 0,
      keptLines: countLines(output.head),
      omittedLines: 0,
    };
  }
  const end = whole ? output.head : output.tail;
  const tail = snapTail(tailBytes(end, Math.ceil(bytesMax / 2)), end);
  const most = headBytes(output.head, Math.floor(bytesMax / 2));
  const omitted = end.slice(whole ? most.length : 0, end.length - tail.length);
  const errors = pickErrorLines(omitted, Math.floor(bytesMax * ERROR_SHARE));
  const rest = Math.max(0, Math.floor(bytesMax / 2) - byteLength(errors));
  const head = snapHead(headBytes(output.head, rest));
  return describeCut({ head, errors, tail, output, whole });
}

/** Cuts a text that is there as a whole; see cutOutput(). */
export function cutText(text: string, bytesMax: number): CutText {
  const output = {
    head: text,
    tail: "",
    totalBytes: byteLength(text),
    totalLines: countLines(text),
  };
  return cutOutput(output, bytesMax);
}

function describeCut({ head, errors, tail, output, whole }: {
  readonly head: string;
  readonly errors: string;
  readonly tail: string;
  readonly output: CapturedOutput;
  readonly whole: boolean;
}): CutText {
  const keptBytes = byteLength(head) + byteLength(errors) + byteLength(tail);
  // Bytes that were no UTF-8 weigh more decoded than they did; what is here counts.
  const totalBytes = whole ? byteLength(output.head) : output.totalBytes;
  const omittedBytes = Math.max(1, totalBytes - keptBytes);
  const keptLines = Math.min(
    output.totalLines,
    countLines(head) + countLines(errors) + countLines(tail),
  );
  const omittedLines = output.totalLines - keptLines;
  const marker =
    `[… omitted here: ${omittedBytes} bytes, ${omittedLines} lines, ` +
    `about ${tokensOfBytes(omittedBytes)} tokens …]`;
  const text = [
    head,
    head === "" || head.endsWith("\n") ? "" : "\n",
    marker,
    "\n",
    errors === "" ? "" : `[error lines from the omitted part:]\n${errors}[…]\n`,
    tail,
  ].join("");
  return { text, keptBytes, omittedBytes, keptLines, omittedLines };
}

// Back to the end of the last whole line, unless that would cost too much.
function snapHead(head: string): string {
  const at = head.lastIndexOf("\n") + 1;
  return at > 0 && at >= head.length * (1 - LINE_SNAP_SHARE)
    ? head.slice(0, at)
    : head;
}

// On to the start of the next whole line, unless that would cost too much. A tail
// that already begins a line stays as it is.
function snapTail(tail: string, end: string): string {
  const before = end.at(end.length - tail.length - 1);
  if (before === "\n" || tail.length === end.length) return tail;
  const at = tail.indexOf("\n") + 1;
  return at > 0 && at < tail.length && at <= tail.length * LINE_SNAP_SHARE
    ? tail.slice(at)
    : tail;
}

// The last lines that speak of an error, as many as fit; each ends in a newline.
function pickErrorLines(omitted: string, bytesMax: number): string {
  const lines = tailBytes(omitted, ERROR_WINDOW_BYTES).split("\n");
  const picked: string[] = [];
  let room = bytesMax;
  for (const line of lines.reverse()) {
    if (!ERROR_LINE.test(line)) continue;
    const text = `${headBytes(line, ERROR_LINE_BYTES)}\n`;
    room -= byteLength(text);
    if (room < 0) break;
    picked.unshift(text);
  }
  return picked.join("");
}

function timeoutNotice(timeoutMs: number): string {
  return `Timed out: the command was ended after ${timeoutMs} ms; ` +
    `to wait longer, call again with a larger "timeout_ms".`;
}

/** Says how much of an output is missing, and where all of it is. */
export function cutNotice(
  cut: CutText,
  { spoolPath, isSpoolCut = false, isSpoolEnd = false }: Pick<
    CapturedOutput,
    "spoolPath" | "isSpoolCut" | "isSpoolEnd"
  >,
): string {
  const where = spoolPath === undefined
    ? "the full output was not kept"
    : isSpoolEnd
    ? `the end of the output is in ${spoolPath}, what came before it in ${spoolPath}.before`
    : `the ${isSpoolCut ? "start of the" : "full"} output is in ${spoolPath}`;
  const kept = sizeText(cut.keptBytes, cut.keptLines);
  const omitted = sizeText(cut.omittedBytes, cut.omittedLines);
  return `Output cut in the middle: kept ${kept}, omitted ${omitted}; ${where}.`;
}

function sizeText(bytes: number, lines: number): string {
  return `${bytes} bytes (${lines} lines, about ${
    tokensOfBytes(bytes)
  } tokens)`;
}
