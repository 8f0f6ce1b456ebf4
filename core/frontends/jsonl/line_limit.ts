/** One event, one line, never longer than its bound. Pure. */
import type { ExecEvent } from "../../contract/event.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { asObject, type Json } from "../../util/json/json.ts";
import { byteLength, headBytes, tailBytes } from "../../util/text/text.ts";

interface LineOptions {
  readonly bytesMax?: number;
  /** Where the whole text can be read; named in a line that was cut. */
  readonly fullTextPath?: string;
}

/** The line of an event, newline included. Texts are cut until it fits, and counted. */
export function renderLine(
  event: ExecEvent,
  options: LineOptions = {},
): string {
  const bytesMax = options.bytesMax ?? LIMITS.eventLineBytes;
  const whole = renderJson(event);
  // A UTF-16 unit is at most three bytes: most lines need no measuring.
  if (whole.length * 3 < bytesMax) return `${whole}\n`;
  const wholeBytes = byteLength(whole);
  if (wholeBytes < bytesMax) return `${whole}\n`;
  const path = options.fullTextPath;
  for (const step of STEPS) {
    const shrunk = shrinkEvent(event, step);
    const render = (truncatedBytes: number): string =>
      renderJson({
        ...shrunk,
        truncated_bytes: truncatedBytes,
        ...(path !== undefined && { full_text_path: path }),
      });
    // The largest the number can be, to know the length of what is left.
    const cutBytes = byteLength(render(wholeBytes));
    if (cutBytes < bytesMax) return `${render(wholeBytes - cutBytes)}\n`;
  }
  throw new Error(`Broken invariant: ${event.type} does not fit into a line`);
}

/** JSON text without the characters that some readers take for the end of a line. */
export function renderJson(value: unknown): string {
  return JSON.stringify(value).replace(
    LINE_BREAKS,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// Node's readline splits at U+2028 and U+2029, Python's splitlines() at U+0085 as well.
const LINE_BREAKS = /[\u0085\u2028\u2029]/g;

interface Step {
  readonly textBytes: number;
  readonly elements: number;
}

// Each step is about a quarter of the one before it.
const STEPS: readonly Step[] = [
  { textBytes: 64 * 1024, elements: 1_000 },
  { textBytes: 16 * 1024, elements: 250 },
  { textBytes: 4 * 1024, elements: 60 },
  { textBytes: 1024, elements: 15 },
  { textBytes: 128, elements: 4 },
];

// Fields whose value is any JSON: it is bounded as text, for its shape promises nothing.
const FREE_FIELDS: ReadonlySet<string> = new Set([
  "arguments",
  "action",
  "data",
  "structured_content",
  "approval_policy",
]);

function shrinkEvent(event: ExecEvent, step: Step): ExecEvent {
  return shrink(event as unknown as Json, step) as unknown as ExecEvent;
}

function shrink(value: Json, step: Step): Json {
  if (typeof value === "string") return cutText(value, step.textBytes);
  if (Array.isArray(value)) {
    return value.slice(0, step.elements).map((one) => shrink(one, step));
  }
  const object = asObject(value);
  if (object === undefined) return value;
  return Object.fromEntries(
    Object.entries(object).map((
      [key, one],
    ) => [key, shrinkField(key, one, step)]),
  );
}

function shrinkField(key: string, value: Json, step: Step): Json {
  if (key === "content" && Array.isArray(value)) {
    return value.slice(0, step.elements).map((part) => shrinkPart(part, step));
  }
  if (!FREE_FIELDS.has(key) || typeof value === "string") {
    return shrink(value, step);
  }
  const text = JSON.stringify(value);
  return byteLength(text) <= step.textBytes
    ? value
    : { truncated: cutText(text, step.textBytes) };
}

// A part of a tool result: a text is cut, anything else (an image) goes as a whole.
function shrinkPart(part: Json, step: Step): Json {
  const bytes = byteLength(JSON.stringify(part));
  if (bytes <= step.textBytes) return part;
  const object = asObject(part);
  const text = object?.["text"];
  if (typeof text === "string") {
    return { type: "text", text: cutText(text, step.textBytes) };
  }
  const type = object?.["type"];
  const name = typeof type === "string" ? headBytes(type, 32) : "part";
  return { type: "text", text: `[${name} of ${bytes} bytes, left out]` };
}

function cutText(text: string, bytesMax: number): string {
  const bytes = byteLength(text);
  if (bytes <= bytesMax) return text;
  const head = headBytes(text, Math.floor(bytesMax * 0.5));
  const tail = tailBytes(text, Math.floor(bytesMax * 0.25));
  const left = bytes - byteLength(head) - byteLength(tail);
  return `${head}\n[${left} bytes cut here]\n${tail}`;
}
