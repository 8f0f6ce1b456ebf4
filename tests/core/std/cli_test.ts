/** Tests of core/std/cli.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { cutToWidth, displayWidth, stripAnsi } from "@std/cli";

Deno.test("displayWidth() counts columns, not characters", () => {
  const widths: readonly (readonly [string, number])[] = [
    ["", 0],
    ["plain", 5],
    ["\x1b[31mred\x1b[0m", 3],
    ["日本語", 6],
    ["한국", 4],
    ["ｱｲｳ", 3],
    ["ＡＢ", 4],
    ["e\u0301", 1],
    ["\u200b", 0],
    ["😀", 2],
    ["👨‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["❤", 1],
    ["1️⃣", 2],
    ["שלום", 4],
    ["─│", 2],
  ];
  for (const [text, width] of widths) {
    assert.equal(displayWidth(text), width, JSON.stringify(text));
  }
});

Deno.test("cutToWidth() never splits a character and never exceeds the columns", () => {
  assert.equal(cutToWidth("日本語", 3), "日");
  assert.equal(cutToWidth("abc", 2), "ab");
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.nat(10),
      (text, columns) => {
        const cut = cutToWidth(text, columns);
        assert.ok(text.startsWith(cut));
        assert.ok(displayWidth(cut) <= columns);
      },
    ),
  );
});

Deno.test("stripAnsi() removes colours and links", () => {
  assert.equal(
    stripAnsi("\x1b[1;32mok\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07"),
    "ok link",
  );
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
