/** Styled text for the terminal: spans, and the one place that writes colour codes. */

export type Style =
  | "bold"
  | "dim"
  | "italic"
  | "underline"
  | "red"
  | "green"
  | "yellow"
  | "blue"
  | "magenta"
  | "cyan";

/** Text in one style. Never holds control characters. */
export interface Span {
  readonly text: string;
  readonly styles: readonly Style[];
}

/** How text is put on this screen. */
export interface RenderOptions {
  readonly hasColor: boolean;
  /** Columns that may be used. */
  readonly width: number;
  /** Rows of the window, where they are known. */
  readonly rows?: number;
}

// ECMA-48, SGR parameters.
const CODES: Readonly<Record<Style, number>> = {
  bold: 1,
  dim: 2,
  italic: 3,
  underline: 4,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};

/** A span; without styles plain text. */
export function span(text: string, ...styles: readonly Style[]): Span {
  return { text, styles };
}

/** The text with its colour codes, where colours are wanted. */
export function paint(
  text: string,
  options: Pick<RenderOptions, "hasColor">,
  ...styles: readonly Style[]
): string {
  return options.hasColor ? paintStyles(text, styles) : text;
}

/** Spans one after the other. */
export function paintSpans(
  spans: readonly Span[],
  options: Pick<RenderOptions, "hasColor">,
): string {
  let line = "";
  for (const { text, styles } of spans) {
    line += options.hasColor ? paintStyles(text, styles) : text;
  }
  return line;
}

// A long answer has thousands of these.
function paintStyles(text: string, styles: readonly Style[]): string {
  const [first, second] = styles;
  if (first === undefined || text === "") return text;
  const codes = second === undefined
    ? CODES[first]
    : styles.map((style) => CODES[style]).join(";");
  return `\x1b[${codes}m${text}\x1b[0m`;
}

/** The text of spans without their styles. */
export function plainText(spans: readonly Span[]): string {
  return spans.map(({ text }) => text).join("");
}
