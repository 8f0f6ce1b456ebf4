/** Patch text into hunks. Pure; whatever the text is, it throws nothing but ToolError. */
import { ToolError } from "../../core/protocol/error.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { byteLength } from "../../core/util/text/text.ts";
import { trimEndSpace, trimSpace } from "./match.ts";

export interface ChangeLine {
  readonly tag: "context" | "add" | "remove";
  readonly text: string;
}

/** One place of an update: where to look, and what becomes of the lines there. */
export interface Chunk {
  /** Lines that are looked for one after the other before the change itself. */
  readonly contexts: readonly string[];
  readonly lines: readonly ChangeLine[];
  /** The change must lie at the very end of the file. */
  readonly endOfFile: boolean;
}

export type Hunk =
  | {
    readonly type: "add";
    readonly path: string;
    readonly lines: readonly string[];
  }
  | { readonly type: "delete"; readonly path: string }
  | {
    readonly type: "update";
    readonly path: string;
    readonly moveTo?: string;
    readonly chunks: readonly Chunk[];
  };

export const BEGIN_PATCH = "*** Begin Patch";
const END_PATCH = "*** End Patch";
const ADD_FILE = "*** Add File: ";
const DELETE_FILE = "*** Delete File: ";
const UPDATE_FILE = "*** Update File: ";
const MOVE_TO = "*** Move to: ";
const END_OF_FILE = "*** End of File";
const NOT_LAST = `The last line of the patch must be '${END_PATCH}'`;

/** Lines between the markers; numbers count from the begin marker, which is line 1. */
interface Reader {
  readonly lines: readonly string[];
  at: number;
}

/** The hunks of a patch, in order. Throws ToolError that names the line. */
export function parsePatch(text: string): readonly Hunk[] {
  if (byteLength(text) > LIMITS.patchBytes) {
    throw new ToolError(
      `invalid patch: The patch is larger than ${LIMITS.patchBytes} bytes`,
    );
  }
  const reader: Reader = { lines: bodyLines(text), at: 0 };
  const hunks: Hunk[] = [];
  while (reader.at < reader.lines.length) {
    hunks.push(parseHunk(reader));
    if (hunks.length > LIMITS.patchFiles) {
      throw new ToolError(
        `invalid patch: The patch has more than ${LIMITS.patchFiles} files`,
      );
    }
  }
  return hunks;
}

function bodyLines(text: string): readonly string[] {
  // Carriage returns belong to the line end: the file decides which one is written.
  const lines = trimSpace(text).split("\n").map((line) =>
    line.replace(/\r+$/, "")
  );
  const inner = insideHeredoc(lines);
  const whole = inner !== undefined && boundaryProblem(lines) !== undefined
    ? inner
    : lines;
  const problem = boundaryProblem(whole);
  if (problem !== undefined) throw new ToolError(`invalid patch: ${problem}`);
  const body = whole.slice(1, -1);
  // The end marker may be said twice, but nothing may follow it.
  const end = body.findIndex((line) => trimEndSpace(line) === END_PATCH);
  if (end < 0) return body;
  const isOver = body.slice(end)
    .every((line) => ["", END_PATCH].includes(trimSpace(line)));
  if (isOver) return body.slice(0, end);
  throw new ToolError(`invalid patch: ${NOT_LAST}`);
}

function boundaryProblem(lines: readonly string[]): string | undefined {
  const first = trimSpace(lines[0] ?? "");
  const last = trimSpace(lines.at(-1) ?? "");
  if (first !== BEGIN_PATCH && (first !== "" || lines.length > 1)) {
    return `The first line of the patch must be '${BEGIN_PATCH}'`;
  }
  if (last === END_PATCH && lines.length > 1) return undefined;
  return NOT_LAST;
}

// Models wrap the patch into the heredoc they would have typed in a shell.
function insideHeredoc(lines: readonly string[]): string[] | undefined {
  if (lines.length < 4) return undefined;
  const opens = ["<<EOF", "<<'EOF'", '<<"EOF"'].includes(lines[0] ?? "");
  const closes = (lines.at(-1) ?? "").endsWith("EOF");
  return opens && closes ? lines.slice(1, -1) : undefined;
}

function parseHunk(reader: Reader): Hunk {
  const header = trimSpace(peek(reader) ?? "");
  const path = (prefix: string): string => header.slice(prefix.length);
  if (header.startsWith(ADD_FILE)) {
    reader.at++;
    return { type: "add", path: path(ADD_FILE), lines: parseAdded(reader) };
  }
  if (header.startsWith(DELETE_FILE)) {
    reader.at++;
    return { type: "delete", path: path(DELETE_FILE) };
  }
  if (header.startsWith(UPDATE_FILE)) {
    return parseUpdate(reader, path(UPDATE_FILE));
  }
  throw hunkError(
    reader,
    `'${header}' is not a hunk header, must be one of ` +
      `'${ADD_FILE}{path}', '${DELETE_FILE}{path}', '${UPDATE_FILE}{path}'`,
  );
}

function parseAdded(reader: Reader): string[] {
  const added: string[] = [];
  for (;;) {
    const line = peek(reader);
    if (line === undefined || !line.startsWith("+")) return added;
    added.push(line.slice(1));
    reader.at++;
  }
}

function parseUpdate(reader: Reader, path: string): Hunk {
  const headerAt = reader.at++;
  const moveTo = parseMove(reader);
  const chunks: Chunk[] = [];
  for (;;) {
    const line = peek(reader);
    if (line === undefined || isHeader(line)) break;
    // A blank line after an end-of-file marker (elsewhere it would be context), and such
    // a marker before any change.
    const isIdle = chunks.length > 0
      ? trimSpace(line) === ""
      : trimEndSpace(line) === END_OF_FILE;
    if (isIdle) reader.at++;
    else chunks.push(parseChunk(reader, chunks.length === 0));
  }
  if (chunks.length === 0) {
    reader.at = headerAt;
    throw hunkError(reader, `Update file hunk for path '${path}' is empty`);
  }
  return {
    type: "update",
    path,
    ...(moveTo === undefined ? {} : { moveTo }),
    chunks,
  };
}

function parseMove(reader: Reader): string | undefined {
  const line = trimEndSpace(peek(reader) ?? "");
  if (!line.startsWith(MOVE_TO)) return undefined;
  reader.at++;
  return line.slice(MOVE_TO.length);
}

function parseChunk(reader: Reader, isFirst: boolean): Chunk {
  const contexts: string[] = [];
  let marked = false;
  for (let line = peek(reader); line !== undefined; line = peek(reader)) {
    const context = seekMarker(line);
    if (context === undefined) break;
    if (context !== "") contexts.push(context);
    marked = true;
    reader.at++;
  }
  if (!marked && !isFirst) {
    throw hunkError(
      reader,
      `Expected '@@' before more lines of the update, got '${peek(reader)}'`,
    );
  }
  return { contexts, ...parseChanges(reader) };
}

// `@@` alone, or `@@ ` and a line to look for; undefined for any other line.
function seekMarker(line: string): string | undefined {
  if (trimEndSpace(line) === "@@") return "";
  return line.startsWith("@@ ") ? trimEndSpace(line.slice(3)) : undefined;
}

function parseChanges(reader: Reader): Pick<Chunk, "lines" | "endOfFile"> {
  const lines: ChangeLine[] = [];
  for (;;) {
    const line = peek(reader);
    const ends = line !== undefined && trimEndSpace(line) === END_OF_FILE;
    const change = line === undefined || ends ? undefined : changeLine(line);
    if (change !== undefined) {
      lines.push(change);
      reader.at++;
      continue;
    }
    if (lines.length > 0) {
      if (ends) reader.at++;
      return { lines, endOfFile: ends };
    }
    if (line === undefined || ends) {
      throw hunkError(reader, "The update has no lines after its '@@'");
    }
    throw hunkError(
      reader,
      `Unexpected line in an update: '${line}', must start with ` +
        "' ' (context), '+' (added) or '-' (removed)",
    );
  }
}

function changeLine(line: string): ChangeLine | undefined {
  const text = line.slice(1);
  switch (line[0]) {
    // Editors and models drop the one space of an empty context line.
    case undefined:
      return { tag: "context", text: "" };
    case " ":
      return { tag: "context", text };
    case "+":
      return { tag: "add", text };
    case "-":
      return { tag: "remove", text };
    default:
      return undefined;
  }
}

function isHeader(line: string): boolean {
  const text = trimSpace(line);
  return [ADD_FILE, DELETE_FILE, UPDATE_FILE].some((prefix) =>
    line.startsWith("*") && text.startsWith(prefix)
  );
}

function peek(reader: Reader): string | undefined {
  return reader.lines[reader.at];
}

function hunkError(reader: Reader, message: string): ToolError {
  return new ToolError(`invalid hunk at line ${reader.at + 2}, ${message}`);
}
