/** Emphasis, code, links inside one line of Markdown. Pure. */
import { type Span, span, type Style } from "./style.ts";

/** How far the end of a piece of emphasis, code or link is looked for. */
const REACH = 500;

interface InlineResult {
  readonly spans: readonly Span[];
  /** Text at the end whose style more text may change; empty when `isWhole`. */
  readonly held: string;
}

/**
 * The spans of a line. With `isWhole` false the line may go on: what has been given out
 * for a start of it stays as it is for the whole.
 */
export function parseInline(
  text: string,
  isWhole: boolean,
  styles: readonly Style[] = [],
): InlineResult {
  const spans: Span[] = [];
  const barren: Barren = new Map();
  let plain = 0;
  let at = 0;
  const flush = (to: number): void => {
    if (to > plain) spans.push(span(text.slice(plain, to), ...styles));
  };
  while (at < text.length) {
    const mark = MARKS.exec(text.slice(at))?.index;
    if (mark === undefined) break;
    at += mark;
    const isEndKnown = isWhole || text.length - at > REACH;
    const found = parseMark({ text, at, isEndKnown, styles, barren });
    if (found === "open") {
      flush(at);
      return { spans, held: text.slice(at) };
    }
    if (found === undefined) {
      at += runLength(text, at);
      continue;
    }
    flush(at);
    spans.push(...found.spans);
    at = found.end;
    plain = at;
  }
  flush(text.length);
  return { spans, held: "" };
}

const MARKS = /[\\`*_~[<]|https?:\/\//;

interface Found {
  readonly spans: readonly Span[];
  readonly end: number;
}

/** `open`: it may yet become something; undefined: it stands for itself. */
type Parsed = Found | "open" | undefined;

interface Place {
  readonly text: string;
  readonly at: number;
  readonly isEndKnown: boolean;
  readonly styles: readonly Style[];
  readonly barren: Barren;
}

/** Up to where nothing ends emphasis by its mark: thousands that never end are one walk. */
type Barren = Map<string, number>;

function parseMark(place: Place): Parsed {
  switch (place.text[place.at]) {
    case "\\":
      return parseEscape(place);
    case "`":
      return parseCode(place);
    case "[":
      return parseLink(place);
    case "<":
      return parseAutolink(place);
    case "h":
      return undefined;
    default:
      return parseEmphasis(place);
  }
}

function parseEscape({ text, at, isEndKnown, styles }: Place): Parsed {
  const next = text[at + 1];
  if (next === undefined) return isEndKnown ? undefined : "open";
  if (!/[!-/:-@[-`{-~]/.test(next)) return undefined;
  return { spans: [span(next, ...styles)], end: at + 2 };
}

function parseCode(
  { text, at, isEndKnown, styles }: Omit<Place, "barren">,
): Parsed {
  const ticks = runLength(text, at);
  if (at + ticks === text.length && !isEndKnown) return "open";
  const from = at + ticks;
  for (let end = text.indexOf("`", from); end >= 0 && end - at <= REACH;) {
    const run = runLength(text, end);
    if (run === ticks) {
      // The run may still grow.
      if (end + run === text.length && !isEndKnown) return "open";
      const code = text.slice(from, end);
      const inner = /^ .*[^ ].* $/.test(code) ? code.slice(1, -1) : code;
      return { spans: [span(inner, ...styles, "cyan")], end: end + run };
    }
    end = text.indexOf("`", end + run);
  }
  return isEndKnown ? undefined : "open";
}

function parseLink({ text, at, isEndKnown, styles }: Place): Parsed {
  const part = text.slice(at, at + REACH);
  const match =
    /^\[((?:\\.|[^\]\\[]|\[[^\]]*\])*)\]\(<?([^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)>?(?:\s+"[^"]*")?\)/
      .exec(part);
  if (match === null) {
    const isOver = isEndKnown || /^\[[^\]]*\][^(]/.test(part);
    return isOver ? undefined : "open";
  }
  const [whole, label = "", target = ""] = match;
  const inner = parseInline(label, true, [...styles, "underline"]).spans;
  const isSame = label === target || target.replace(/^mailto:/, "") === label;
  const tail = isSame || target === ""
    ? []
    : [span(` (${target})`, ...styles, "dim")];
  return { spans: [...inner, ...tail], end: at + whole.length };
}

function parseAutolink({ text, at, isEndKnown, styles }: Place): Parsed {
  const part = text.slice(at, at + REACH);
  const match = /^<([A-Za-z][A-Za-z0-9+.-]+:[^\s<>]*)>/.exec(part);
  if (match !== null) {
    const spans = [span(match[1] ?? "", ...styles, "underline")];
    return { spans, end: at + match[0].length };
  }
  const isOpen = /^<([A-Za-z][A-Za-z0-9+.-]*(:[^\s<>]*)?)?$/.test(part);
  return isOpen && !isEndKnown ? "open" : undefined;
}

// `**strong**`, `*emphasis*`, `_emphasis_`, `~~struck~~`. Narrower than CommonMark on
// purpose: `2 * 3`, `a_b_c` and `*.ts` stay as they are.
function parseEmphasis(place: Place): Parsed {
  const { text, at, isEndKnown, styles } = place;
  const char = text[at] ?? "";
  const run = runLength(text, at);
  if (at + run === text.length) return isEndKnown ? undefined : "open";
  const style = styleOf(char, run);
  if (style === undefined) return undefined;
  const before = text[at - 1] ?? " ";
  const after = text[at + run] ?? " ";
  if (/\s/.test(after)) return undefined;
  if (run === 1 && !/[\p{L}\p{N}"'`([]/u.test(after)) return undefined;
  if ((char === "_" || run === 1) && /[\p{L}\p{N}]/u.test(before)) {
    return undefined;
  }
  const end = findCloser(place, run);
  if (end === undefined) return isEndKnown ? undefined : "open";
  const inner = text.slice(at + run, end);
  const { spans } = parseInline(inner, true, [...styles, ...style]);
  return { spans, end: end + run };
}

function findCloser(
  { text, at, isEndKnown, barren }: Place,
  run: number,
): number | undefined {
  const char = text[at] ?? "";
  const mark = text.slice(at, at + run);
  let to = Math.max(at + run, barren.get(mark) ?? 0);
  while (to < text.length && to - at <= REACH) {
    if (text[to] === "\\") to += 2;
    else if (text[to] === "`") {
      const code = parseCode({ text, at: to, isEndKnown, styles: [] });
      if (code === "open") return undefined;
      to = code === undefined ? to + runLength(text, to) : code.end;
    } else if (text[to] === char) {
      const length = runLength(text, to);
      const next = text[to + length];
      if (next === undefined && !isEndKnown) return undefined;
      const isClosing = length === run && !/\s/.test(text[to - 1] ?? " ") &&
        (char !== "_" || !/[\p{L}\p{N}]/u.test(next ?? " "));
      if (isClosing) return to;
      to += length;
    } else to++;
  }
  barren.set(mark, to);
  return undefined;
}

function styleOf(char: string, run: number): readonly Style[] | undefined {
  if (char === "~") return run === 2 ? ["dim"] : undefined;
  if (run === 1) return ["italic"];
  if (run === 2) return ["bold"];
  return run === 3 ? ["bold", "italic"] : undefined;
}

function runLength(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end++;
  return end - at;
}
