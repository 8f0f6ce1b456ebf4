/** Text as files hold it. */
import assert from "node:assert/strict";
import { decodeText } from "../../../../core/util/text/text.ts";

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
