/** The text of a file that is new or gone, from its diff alone. Pure. */

/** The lines that a unified diff adds or takes away, without their marks. */
export function textOfDiff(diff: string): string {
  return diff.slice(diff.indexOf("\n@@") + 1).split("\n")
    .filter((line) => /^[+-]/.test(line))
    .map((line) => `${line.slice(1)}\n`).join("");
}
