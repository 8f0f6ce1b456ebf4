/** Tests of core/std/cli.ts. */
import assert from "node:assert/strict";
import { unicodeWidth } from "@std/cli";

Deno.test("unicodeWidth() adds up the columns of each character", () => {
  const widths: readonly (readonly [string, number])[] = [
    ["", 0],
    ["hello world", 11],
    ["天地玄黃宇宙洪荒", 16],
    ["ｆｕｌｌｗｉｄｔｈ", 18],
    ["голубой", 7],
    ["ｱｲｳ", 3],
    ["e\u0301", 1],
    ["\u200b\u0000", 0],
    ["한", 2],
    ["👨‍👩‍👧", 6],
  ];
  for (const [text, width] of widths) {
    assert.equal(unicodeWidth(text), width, JSON.stringify(text));
  }
});
