import assert from "node:assert/strict";
import * as fc from "fast-check";
import { checksum64 } from "../../../core/util/checksum.ts";
import { sha256Hex } from "../../../core/util/sha256.ts";
import { anyCharacter } from "../../support/any_character.ts";

Deno.test("checksum64() tells every changed, missing and swapped character", () => {
  fc.assert(fc.property(
    fc.string({ minLength: 1, unit: anyCharacter }),
    fc.nat(),
    fc.integer({ min: 1, max: 0xffff }),
    (text, place, difference) => {
      const at = place % text.length;
      const unit = String.fromCharCode(text.charCodeAt(at) ^ difference);
      const changed = text.slice(0, at) + unit + text.slice(at + 1);
      assert.notEqual(checksum64(changed), checksum64(text));
      assert.notEqual(checksum64(text.slice(1)), checksum64(text));
      const turned = [...text].reverse().join("");
      if (turned !== text) {
        assert.notEqual(checksum64(turned), checksum64(text));
      }
    },
  ));
});

Deno.test("checksum64() is 16 hex digits that never change between versions", () => {
  assert.match(checksum64(""), /^[0-9a-f]{16}$/);
  // Logs on people's disks hold these.
  assert.equal(checksum64("rondo"), "3c97bf69522baaa7");
  assert.notEqual(checksum64("rondo "), checksum64("rondo"));
});

Deno.test("checksum64() has no equals among many short texts", () => {
  const seen = new Set<string>();
  for (let n = 0; n < 50_000; n++) seen.add(checksum64(`line ${n}`));
  assert.equal(seen.size, 50_000);
});

Deno.test("sha256Hex() gives the digests of the standard's examples", () => {
  assert.equal(
    sha256Hex("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  assert.equal(
    sha256Hex(new TextEncoder().encode("a".repeat(1_000_000))),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  );
});
