/** Tests of core/util/text/width.ts. */
import assert from "node:assert/strict";
import { displayWidth } from "../../../../core/util/text/width.ts";

Deno.test("displayWidth() counts columns, not characters", () => {
  const widths: readonly (readonly [string, number])[] = [
    ["", 0],
    ["plain", 5],
    ["\x1b[31mred\x1b[0m", 3],
    ["\x1b]8;;http://x\x07link\x1b]8;;\x07", 4],
    ["日本語", 6],
    ["サーバー", 8],
    ["データ・ベース", 14],
    ["㈱会社", 6],
    ["㍿", 2],
    ["㎏", 2],
    ["゛゜", 4],
    ["☰", 2],
    ["한국", 4],
    ["\u1112\u1161\u11ab", 2],
    ["ｱｲｳ", 3],
    ["ＡＢ", 4],
    ["e\u0301", 1],
    ["が", 2],
    ["か\u3099", 2],
    ["\u200b", 0],
    ["😀", 2],
    ["👍🏽", 2],
    ["👨‍👩‍👧", 2],
    ["🏳️‍🌈", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["❤", 1],
    ["1️⃣", 2],
    ["שלום", 4],
    ["กำ", 2],
    ["क्ष", 2],
    ["─│…", 3],
  ];
  for (const [text, width] of widths) {
    assert.equal(displayWidth(text), width, JSON.stringify(text));
  }
});

Deno.test("displayWidth() counts the quick characters as it counts them among others", () => {
  // Behind a wide character none is quick; the line end keeps them apart.
  const slowly = (text: string): number => displayWidth(`漢\n${text}`) - 2;
  for (let code = 0x20; code < 0x3000; code++) {
    const char = String.fromCodePoint(code);
    for (const text of [char, `a${char}`, `${char}a`]) {
      assert.equal(displayWidth(text), slowly(text), code.toString(16));
    }
  }
});
