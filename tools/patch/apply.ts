/** What an update makes of a file's bytes. Pure: contents in, contents out. */
import { ToolError } from "../../core/protocol/error.ts";
import { LineSeeker } from "./match.ts";
import type { ChangeLine, Chunk } from "./parse.ts";
import { type NewLine, parseTextFile, renderTextFile } from "./text.ts";

/** So many lines of the file, from `at` on, give way to `lines`. */
interface Replacement {
  readonly at: number;
  readonly removed: number;
  readonly lines: readonly string[];
}

/** The file after the chunks of an update; `path` is for messages. Throws ToolError. */
export function applyChunks(
  before: Uint8Array,
  chunks: readonly Chunk[],
  path: string,
): Uint8Array<ArrayBuffer> {
  const file = parseTextFile(before);
  const wanted = file.bom ? chunks.map(withoutMarks) : chunks;
  const replacements = findReplacements(file.texts, wanted, path);
  const lines: NewLine[] = [];
  let next = 0;
  for (const { at, removed, lines: put } of replacements) {
    while (next < at) lines.push(next++);
    for (const line of put) lines.push(line);
    next = at + removed;
  }
  while (next < file.texts.length) lines.push(next++);
  return renderTextFile(file, lines, path);
}

/** The content of a file that a patch adds: each line ends with LF. */
export function addedContent(
  lines: readonly string[],
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

// The byte order mark is kept apart from the first line; a model may have copied it.
function withoutMarks(chunk: Chunk): Chunk {
  const bare = (text: string): string => text.replace(/^\ufeff/, "");
  return {
    ...chunk,
    contexts: chunk.contexts.map(bare),
    lines: chunk.lines.map(({ tag, text }) => ({ tag, text: bare(text) })),
  };
}

// In order of position; what was found later in the patch but stands at the same place
// comes later there too, because the sort is stable.
function findReplacements(
  texts: readonly string[],
  chunks: readonly Chunk[],
  path: string,
): readonly Replacement[] {
  const seeker = new LineSeeker(texts);
  const replacements: Replacement[] = [];
  let cursor = 0;
  for (const chunk of chunks) {
    cursor = afterContexts(seeker, chunk.contexts, { from: cursor, path });
    if (chunk.lines.every((line) => line.tag === "add")) {
      // With nothing that says where, an insertion goes to the end of the file.
      const below = chunk.contexts.length > 0 && !chunk.endOfFile;
      replacements.push({
        at: below ? cursor : texts.length,
        removed: 0,
        lines: chunk.lines.map((line) => line.text),
      });
      continue;
    }
    const found = findChange(seeker, chunk, cursor);
    if (found === undefined) {
      const wanted = oldLines(chunk.lines).join("\n");
      throw new ToolError(
        `Failed to find expected lines in ${path}:\n${wanted}`,
      );
    }
    replacements.push(...found.replacements);
    cursor = found.end;
  }
  return replacements.sort((left, right) => left.at - right.at);
}

function afterContexts(
  seeker: LineSeeker,
  contexts: readonly string[],
  options: { readonly from: number; readonly path: string },
): number {
  let cursor = options.from;
  for (const context of contexts) {
    const at = seeker.find([context], { from: cursor, atEnd: false });
    if (at === undefined) {
      throw new ToolError(
        `Failed to find context '${context}' in ${options.path}`,
      );
    }
    cursor = at + 1;
  }
  return cursor;
}

interface Found {
  readonly replacements: readonly Replacement[];
  /** Index of the first line after the place. */
  readonly end: number;
}

function findChange(
  seeker: LineSeeker,
  chunk: Chunk,
  from: number,
): Found | undefined {
  const options = { from, atEnd: chunk.endOfFile };
  const at = seeker.find(oldLines(chunk.lines), options);
  if (at !== undefined) return replaceAt(at, chunk.lines);
  // A blank line before the next `@@` or at the end of the patch counts as context that
  // the file may not have.
  const shorter = withoutTrailingEmpty(chunk.lines);
  if (shorter === undefined) return undefined;
  const again = seeker.find(oldLines(shorter), options);
  return again === undefined ? undefined : replaceAt(again, shorter);
}

// One replacement for each run of changed lines. The context between them stays the
// file's own: a loose match does not rewrite it.
function replaceAt(start: number, lines: readonly ChangeLine[]): Found {
  const replacements: Replacement[] = [];
  let at = start;
  let removed = 0;
  let put: string[] = [];
  const endRun = (): void => {
    if (removed > 0 || put.length > 0) {
      replacements.push({ at, removed, lines: put });
    }
    at += removed;
    removed = 0;
    put = [];
  };
  for (const { tag, text } of lines) {
    if (tag === "add") put.push(text);
    else if (tag === "remove") removed++;
    else {
      endRun();
      at++;
    }
  }
  endRun();
  return { replacements, end: at };
}

function oldLines(lines: readonly ChangeLine[]): readonly string[] {
  return lines.filter((line) => line.tag !== "add").map((line) => line.text);
}

// Drops the last old line when it is empty, and the last new one when that is empty too.
function withoutTrailingEmpty(
  lines: readonly ChangeLine[],
): readonly ChangeLine[] | undefined {
  const oldAt = lines.findLastIndex((line) => line.tag !== "add");
  if (lines[oldAt]?.text !== "") return undefined;
  const shorter = dropSide(lines, oldAt, "add");
  const newAt = shorter.findLastIndex((line) => line.tag !== "remove");
  if (shorter[newAt]?.text !== "") return shorter;
  return dropSide(shorter, newAt, "remove");
}

// A context line is old and new at once: without one side the other is left.
function dropSide(
  lines: readonly ChangeLine[],
  at: number,
  left: "add" | "remove",
): readonly ChangeLine[] {
  return lines.flatMap((line, index) => {
    if (index !== at) return [line];
    return line.tag === "context" ? [{ tag: left, text: line.text }] : [];
  });
}
