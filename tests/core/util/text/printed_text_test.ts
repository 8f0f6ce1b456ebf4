/** What a terminal showed, as lines. */
import assert from "node:assert/strict";
import { printedText } from "../../../../core/util/text/printed_text.ts";

Deno.test("printedText() keeps lines as they were last seen and notes a full screen", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a\r\nb\r\n", "a\nb\n"],
    ["10%\r50%\r100%\n", "100%\n"],
    ["long line\rshort\n", "shortline\n"],
    ["long line\r\x1b[Kshort\n", "short\n"],
    ["lx\bs\n", "ls\n"],
    ["\x1b[31mred\x1b[0m\n", "red\n"],
    [
      "before\n\x1b[?1049hdrawn\x1b[?1049lafter\n",
      "before\n[a full-screen program]\nafter\n",
    ],
    ["\x1b[?1049hdrawn and killed", "[a full-screen program]\n"],
    ["drawn\x1b[?1049lafter", "[a full-screen program]\nafter"],
  ];
  for (const [text, shown] of cases) {
    assert.equal(printedText(text), shown, JSON.stringify(text));
  }
});
