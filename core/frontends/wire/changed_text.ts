/** The text of a file that is new or gone, from its diff alone. Pure. */

/** The lines that a unified diff adds or takes away, without their marks. */
export function textOfDiff(diff: string): string {
  return diff.slice(diff.indexOf("\n@@") + 1).split("\n")
    .filter((line) => /^[+-]/.test(line))
    .map((line) => `${line.slice(1)}\n`).join("");
}

/** A place of a file that a diff changes: its lines before and after, and where it begins. */
interface ChangedPlace {
  /** From 1, in the new text. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

const HUNK = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/** The places that a unified diff of one file changes, with the lines around them. */
export function placesOfDiff(diff: string): readonly ChangedPlace[] {
  const places: { line: number; before: string; after: string }[] = [];
  for (const text of diff.split("\n")) {
    const start = HUNK.exec(text)?.[1];
    if (start !== undefined) {
      // An empty side is named by the line before it.
      const line = Math.max(1, Number(start));
      places.push({ line, before: "", after: "" });
      continue;
    }
    const place = places.at(-1);
    if (place === undefined) continue;
    const line = `${text.slice(1)}\n`;
    if (/^[ -]/.test(text)) place.before += line;
    if (/^[ +]/.test(text)) place.after += line;
  }
  return places;
}
