/** Tests of core/util/similar.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  closestWord,
  editDistance,
} from "../../../../core/util/text/similar.ts";

Deno.test("closestWord() finds the mistyped key", () => {
  const keys = ["model", "model_provider", "sandbox_mode", "approval_policy"];
  assert.equal(closestWord("sandbx_mode", keys), "sandbox_mode");
  assert.equal(closestWord("modle", keys), "model");
  assert.equal(closestWord("approvalpolicy", keys), "approval_policy");
  assert.equal(closestWord("MODEL", keys), "model");
  assert.equal(closestWord("weather", keys), undefined);
  assert.equal(closestWord("x", keys), undefined);
});

Deno.test("editDistance() counts a swap of neighbours as one", () => {
  assert.equal(editDistance("abcd", "abdc"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

Deno.test("editDistance() is symmetric, and zero only between equals", () => {
  const word = fc.string({
    maxLength: 8,
    unit: fc.constantFrom("a", "b", "c"),
  });
  fc.assert(fc.property(word, word, (left, right) => {
    const distance = editDistance(left, right);
    assert.equal(distance, editDistance(right, left));
    assert.equal(distance === 0, left === right);
    assert.ok(distance <= Math.max(left.length, right.length));
  }));
});
