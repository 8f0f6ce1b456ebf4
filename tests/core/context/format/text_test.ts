/** Text made to fit. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cutMiddle,
  fillIn,
  oneLine,
} from "../../../../core/context/format/text.ts";
import { byteLength } from "../../../../core/util/text/text.ts";
import { anyCharacter } from "../../../support/any_character.ts";

Deno.test("cutMiddle() leaves alone what fits", () => {
  assert.equal(cutMiddle("abcd", 4), "abcd");
});

Deno.test("cutMiddle() keeps start and end and says how much is gone", () => {
  assert.equal(
    cutMiddle("a".repeat(10) + "x".repeat(80) + "b".repeat(10), 20),
    `${"a".repeat(10)}…20 tokens truncated…${"b".repeat(10)}`,
  );
});

Deno.test("cutMiddle() keeps within its bytes and splits no character", () => {
  const text = fc.string({ unit: anyCharacter, maxLength: 200 });
  fc.assert(fc.property(text, fc.nat(200), (text, max) => {
    const cut = cutMiddle(text, max);
    assert.ok(!cut.includes("\uFFFD") || text.includes("\uFFFD"));
    const kept = cut.replace(/…\d+ tokens truncated…/, "");
    assert.ok(byteLength(kept) <= Math.max(max, 0) || cut === text);
    assert.equal(cut === text, byteLength(text) <= max);
  }));
});

Deno.test("oneLine() lets no text leave its line", () => {
  assert.equal(oneLine(" a\n\tb\u0000c\u2028d\u001b[31m "), "a b c d [31m");
});

Deno.test("fillIn() replaces each placeholder, values taken literally", () => {
  assert.equal(
    fillIn("{a} {b_c} {a} {1}", { a: "$& {b_c}", b_c: "2" }),
    "$& {b_c} 2 $& {b_c} {1}",
  );
});

Deno.test("fillIn() takes a missing value for a bug of ours", () => {
  assert.throws(
    () => fillIn("{a}", {}),
    /Broken invariant: no value for \{a\}$/,
  );
});
