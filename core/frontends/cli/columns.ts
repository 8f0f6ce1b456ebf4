/** Text in 80 columns. Pure. */

/** Wide enough for every flag and narrow enough for every window. */
const WIDTH = 80;
/** Where the second column begins, unless the first one is longer. */
const SECOND = 30;

/** A title, and rows of two columns under it. */
export function columns(
  title: string,
  rows: readonly (readonly [string, string])[],
  second = SECOND,
): string {
  const entries = rows.map(([left, right]) => {
    const head = `  ${left}`;
    const lines = wrap(right, WIDTH - second);
    // A long first column pushes the second one to a line of its own.
    const first = head.length < second - 1
      ? (head.padEnd(second) + (lines.shift() ?? "")).trimEnd()
      : head;
    return [first, ...lines.map((line) => " ".repeat(second) + line)];
  });
  return [`${title}:`, ...entries.flat()].join("\n");
}

/** Paragraphs in 80 columns. */
export function wrapParagraphs(text: string): string {
  return text.split("\n\n").map((one) => wrap(one, WIDTH).join("\n"))
    .join("\n\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}
