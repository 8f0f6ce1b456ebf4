/** Text that may not steer a terminal. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  showHidden,
  showJson,
  showLine,
  shownText,
  visibleLine,
  visibleText,
} from "../../../../core/util/text/visible_text.ts";
import { anyCharacter } from "../../../support/any_character.ts";

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
    fc.array(
      fc.oneof(steering, fc.string({ unit: anyCharacter, maxLength: 3 })),
    ),
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

Deno.test("showHidden() spells out whatever takes no place on the screen", () => {
  const plain = "plain\ttext\n日本 é 👍🏽 ❤️ 👩‍💻 a-b";
  assert.equal(showHidden(plain), plain);
  const hidden = [
    "\x1b",
    "\r",
    "\x9b",
    "\u00a0",
    "\u00ad",
    "\u034f",
    "\u061c",
    "\u115f",
    "\u17b4",
    "\u180e",
    "\u2003",
    "\u200d",
    "\u2028",
    "\u202e",
    "\u2064",
    "\u2066",
    "\u206a",
    "\u2800",
    "\u3164",
    "\ufe0f",
    "\ufeff",
    "\uffa0",
    "\ufff9",
    "\u{1d173}",
    "\u{e0001}",
    "\u{e0041}",
    "\u{e01ef}",
    "\ud800",
  ];
  for (const char of hidden) {
    const name = `\\u{${char.codePointAt(0)?.toString(16)}}`;
    assert.equal(showHidden(`a${char}b`), `a${name}b`, name);
  }
  // A selector after an emoji is its style; a second one, or one after a letter, is not.
  assert.equal(showHidden("❤\ufe0f\ufe0f"), "❤\ufe0f\\u{fe0f}");
  assert.equal(showHidden("1\ufe0f"), "1\\u{fe0f}");
});

Deno.test("showHidden() leaves no format or ignorable character but those of emoji", () => {
  const odd = fc.integer({ min: 0, max: 0x10ffff }).map((code) =>
    String.fromCodePoint(code)
  );
  fc.assert(
    fc.property(fc.array(odd, { maxLength: 20 }), (chars) => {
      const shown = showHidden(`a${chars.join("a")}`);
      assert.doesNotMatch(
        shown,
        /(?!\p{Extended_Pictographic})a[\p{Cf}\p{Default_Ignorable_Code_Point}]/u,
      );
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("showLine() is one line; showJson() is the same value in visible characters", () => {
  assert.equal(showLine(" a\n  b\r\n c\u2028 "), "a b c\\u{2028}");
  const value = { "\u{e0041}": "\x9b2J\u202e ü 日" };
  const text = showJson(JSON.stringify(value));
  assert.equal(text, '{"\\udb40\\udc41":"\\u009b2J\\u202e ü 日"}');
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("shownText() takes out what steers a terminal and spells out what cannot be seen", () => {
  assert.equal(
    shownText("a\u200b\u3164\u{e0041}\u202e\x1b[31mb\r\n\tc"),
    "a\\u{200b}\\u{3164}\\u{e0041}b\n\tc",
  );
});
