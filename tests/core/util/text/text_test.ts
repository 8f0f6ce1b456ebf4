/** Text as files hold it. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { anyCharacter } from "../../../support/any_character.ts";
import { decodeText, splitText } from "../../../../core/util/text/text.ts";

function utf16(text: string, isBig: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) {
    view.setUint16(at * 2, text.charCodeAt(at), !isBig);
  }
  return bytes;
}

Deno.test("decodeText() reads UTF-8 and UTF-16, with a byte order mark and without", () => {
  const text = '{"a": "Grüße"}\n';
  for (const mark of ["", "\ufeff"]) {
    const written = mark + text;
    assert.equal(decodeText(new TextEncoder().encode(written)), text);
    assert.equal(decodeText(utf16(written, false)), text);
    assert.equal(decodeText(utf16(written, true)), text);
  }
  for (const short of ["", "a", "ab"]) {
    assert.equal(decodeText(new TextEncoder().encode(short)), short);
  }
  assert.equal(decodeText(new Uint8Array([0, 0, 65, 66])), "\0\0AB");
});

Deno.test("splitText() gives pieces that are the text, none longer than told, no pair in two", () => {
  fc.assert(fc.property(
    fc.string({ unit: anyCharacter, maxLength: 60 }),
    fc.integer({ min: 2, max: 9 }),
    (text, unitsMax) => {
      const pieces = splitText(text, unitsMax);
      assert.equal(pieces.join(""), text);
      assert.ok(pieces.every(({ length }) => length <= unitsMax));
      assert.ok(!text.isWellFormed() || pieces.every((p) => p.isWellFormed()));
    },
  ));
});
