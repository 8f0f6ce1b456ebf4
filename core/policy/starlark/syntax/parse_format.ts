/** Reads Starlark's f-strings: `f"{name} {value!r}"`. */
import type { ExpressionCursor } from "./parse_lambda.ts";
import type { Expression } from "./syntax.ts";
import { parseEscape, type Source, sourceError, type Token } from "./tokens.ts";

/** The parts of an f-string: text, and the values between braces. */
export function parseFormat(
  cursor: ExpressionCursor,
  { text, start, end }: Token,
): Expression {
  const quote = /("""|'''|"|')$/.exec(cursor.source.text.slice(start, end));
  const stop = end - (quote?.[0].length ?? 1);
  const isRaw = /^fr/.test(cursor.source.text.slice(start));
  const parts: (string | { value: Expression; repr: boolean })[] = [];
  for (let at = stop - text.length; at < stop;) {
    const two = cursor.source.text.slice(at, at + 2);
    const char = two[0] ?? "";
    if (two === "{{" || two === "}}") {
      parts.push(char);
      at += 2;
    } else if (char === "{") at = parseHole(cursor, parts, at, stop);
    else if (char === "}") {
      throw sourceError(
        cursor.source,
        at,
        `"}" in an f-string must be doubled`,
      );
    } else if (char === "\\") {
      const escape = parseEscape(cursor.source, at, isRaw);
      parts.push(escape.value);
      at = escape.next;
    } else parts.push(cursor.source.text[at++] ?? "");
  }
  return { type: "format", parts, at: start };
}

// One `{value}` or `{value!r}` of an f-string; returns the offset behind it.
function parseHole(
  cursor: ExpressionCursor,
  parts: (string | { value: Expression; repr: boolean })[],
  start: number,
  stop: number,
): number {
  const end = closingBrace(cursor.source, start, stop);
  const [value, repr] = cursor.inside(start + 1, end, () => {
    const value = cursor.expression();
    return [value, cursor.takeMark("!") && cursor.name() === "r"];
  });
  parts.push({ value, repr });
  return end + 1;
}

function closingBrace(
  source: Source,
  start: number,
  stop: number,
): number {
  const text = source.text.slice(start, stop);
  let depth = 0;
  for (const match of text.matchAll(/"[^"]*"|'[^']*'|[{}]/g)) {
    if (match[0] === "{") depth++;
    if (match[0] === "}" && --depth === 0) return start + match.index;
  }
  throw sourceError(source, start, `"{" in an f-string is not closed`);
}
