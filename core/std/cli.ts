/** `@std/cli` as far as it is used; std's own code reads a table that npm does not have. */
import { eastAsianWidth } from "get-east-asian-width";

// Combining and invisible characters, and the vowels and finals that complete a Hangul block.
const NO_COLUMN =
  /[\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}\u1160-\u11ff]/u;

/** Columns that the characters take in a terminal, each counted on its own. */
export function unicodeWidth(str: string): number {
  let columns = 0;
  for (const char of str) {
    if (!NO_COLUMN.test(char)) columns += eastAsianWidth(char.codePointAt(0)!);
  }
  return columns;
}
