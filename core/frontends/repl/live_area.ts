/** The live lines below the conversation, put together from their parts. Pure. */
import { visibleLine } from "../../util/text/visible_text.ts";
import type { EditorView } from "../editor/view.ts";
import type { LiveArea } from "./screen.ts";
import { paint, type RenderOptions } from "../render/style.ts";
import { cutText } from "../render/wrap.ts";

interface LiveParts {
  /** The unfinished end of the answer. */
  readonly preview: readonly string[];
  /** Answers of an open question; empty without one. */
  readonly question: readonly string[];
  /** Column of the cursor in the last line of the question, when it belongs there. */
  readonly cursor?: number;
  /** Newest output of what runs. */
  readonly tail: string;
  readonly status: string;
  readonly steers: readonly string[];
  readonly queue: readonly string[];
  /** A note that goes away by itself. */
  readonly notice: string;
  readonly editor: EditorView;
}

/** Lines of one list that are shown; the rest is counted. */
const LISTED = 3;

/** All parts from top to bottom; no more rows than the window has. */
export function composeLive(
  parts: LiveParts,
  options: RenderOptions,
  rowsMax: number,
): LiveArea {
  const above = [
    ...parts.preview,
    ...parts.question,
    ...(parts.tail === "" ? [] : [fit(`  ${parts.tail}`, options)]),
    ...(parts.status === "" ? [] : [parts.status]),
    ...listLines("steering", parts.steers, options),
    ...listLines("next", parts.queue, options),
    ...(parts.notice === "" ? [] : [fit(parts.notice, options)]),
  ];
  const below = above.length - parts.preview.length - parts.question.length;
  const room = Math.max(0, rowsMax - parts.editor.lines.length);
  // What is nearest to the input matters most.
  const shown = above.slice(Math.max(0, above.length - room));
  const lines = [...shown, ...parts.editor.lines];
  const asked = shown.length - below - 1;
  if (parts.cursor !== undefined && asked >= 0) {
    return { lines, row: asked, column: Math.min(parts.cursor, options.width) };
  }
  return {
    lines,
    row: shown.length + parts.editor.row,
    column: parts.editor.column,
  };
}

function listLines(
  name: string,
  texts: readonly string[],
  options: RenderOptions,
): readonly string[] {
  const lines = texts.slice(0, LISTED).map((text) =>
    fit(`  ${name}: ${visibleLine(text, 1_000)}`, options)
  );
  const more = texts.length - lines.length;
  return more === 0
    ? lines
    : [...lines, fit(`  … ${more} more ${name}`, options)];
}

function fit(text: string, options: RenderOptions): string {
  return paint(cutText(text, options.width), options, "dim");
}
