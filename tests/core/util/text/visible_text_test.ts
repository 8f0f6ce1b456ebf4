/** Text that may not steer a terminal. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  visibleLine,
  visibleText,
} from "../../../../core/util/text/visible_text.ts";

Deno.test("visibleText() takes out what would steer a terminal and keeps the rest", () => {
  const cases: [string, string][] = [
    ["\x1b[31mred\x1b[0m", "red"],
    ["\x1b]0;title\x07text", "text"],
    ["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"],
    ["\x1bP1;2|payload\x1b\\after", "after"],
    ["\x9b2Jgone", "gone"],
    ["\x1bcreset \x1b(B", "reset "],
    ["a\r\nb\rc\td\x00\x07\x7f", "a\nb\nc\td"],
    ["abc\u202edcba\u2066", "abcdcba"],
    ["é 漢字 😀\n", "é 漢字 😀\n"],
    ["cut off \x1b]0;never ends", "cut off "],
  ];
  for (const [text, visible] of cases) assert.equal(visibleText(text), visible);
});

Deno.test("visibleText() never leaves a control character but tab and newline", () => {
  const steering = fc.constantFrom(
    "\x1b",
    "[",
    "]",
    "\x9b",
    "\x07",
    "\\",
    "m",
    "0;",
    "\r",
  );
  fc.assert(fc.property(
    fc.array(fc.oneof(steering, fc.string({ unit: "binary", maxLength: 3 }))),
    (parts) => {
      const text = visibleText(parts.join(""));
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    },
  ));
});

Deno.test("visibleLine() is one line within its length", () => {
  assert.equal(visibleLine(" a\n  b\tc "), "a b c");
  assert.equal(visibleLine("x".repeat(300)).length, 200);
  assert.equal(visibleLine("hello world", 8), "hello w…");
});
