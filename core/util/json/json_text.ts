/** Cuts parts out of JSON text as they were written. */

/** Where a member or element lies: `[start, end)` of its value, `from` of its key. */
interface JsonSpan {
  /** Decoded key; empty for an element of an array. */
  readonly key: string;
  readonly from: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The members of an object or the elements of an array at the top of a JSON text. The
 * text must be valid JSON; undefined when it is neither an object nor an array.
 */
export function jsonSpans(text: string): readonly JsonSpan[] | undefined {
  let at = skipSpace(text, 0);
  const isObject = text[at] === "{";
  if (!isObject && text[at] !== "[") return undefined;
  const spans: JsonSpan[] = [];
  for (at = skipSpace(text, at + 1); at < text.length;) {
    if (text[at] === "}" || text[at] === "]") return spans;
    const from = at;
    let key = "";
    if (isObject) {
      const keyEnd = stringEnd(text, at);
      key = JSON.parse(text.slice(at, keyEnd)) as string;
      at = skipSpace(text, skipSpace(text, keyEnd) + 1);
    }
    const end = valueEnd(text, at);
    spans.push({ key, from, start: at, end });
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return spans;
}

/** The text of one member's value, or undefined. The last of doubled keys counts. */
export function jsonMember(text: string, key: string): string | undefined {
  const span = jsonSpans(text)?.findLast((one) => one.key === key);
  return span === undefined ? undefined : text.slice(span.start, span.end);
}

/** The texts of the elements of an array; empty for anything else. */
export function jsonElements(text: string): readonly string[] {
  if (text[skipSpace(text, 0)] !== "[") return [];
  return (jsonSpans(text) ?? []).map(({ start, end }) =>
    text.slice(start, end)
  );
}

/** The object's text without one member; every other byte stays as it is. */
export function withoutJsonMember(text: string, key: string): string {
  const spans = jsonSpans(text) ?? [];
  const at = spans.findIndex((span) => span.key === key);
  const span = spans[at];
  if (span === undefined) return text;
  const next = spans[at + 1];
  if (next !== undefined) {
    return text.slice(0, span.from) + text.slice(next.from);
  }
  const before = spans[at - 1];
  return text.slice(0, before?.end ?? span.from) + text.slice(span.end);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? "x")) at++;
  return at;
}

function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0;) {
    let slashes = 0;
    while (text[at - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return at + 1;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}

function valueEnd(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return stringEnd(text, from);
  if (first !== "{" && first !== "[") {
    const scalar = /[,\]}\s]/g;
    scalar.lastIndex = from;
    return scalar.exec(text)?.index ?? text.length;
  }
  return nestEnd(text, from);
}

function nestEnd(text: string, from: number): number {
  const mark = /["{}[\]]/g;
  mark.lastIndex = from;
  let depth = 0;
  for (let hit = mark.exec(text); hit !== null; hit = mark.exec(text)) {
    if (hit[0] === '"') mark.lastIndex = stringEnd(text, hit.index);
    else if (hit[0] === "{" || hit[0] === "[") depth++;
    else if (--depth === 0) return hit.index + 1;
  }
  return text.length;
}
