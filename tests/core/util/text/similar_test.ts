/** Tests of core/util/text/similar.ts. */
import assert from "node:assert/strict";
import { closestWord } from "../../../../core/util/text/similar.ts";

Deno.test("closestWord() finds the mistyped key", () => {
  const keys = ["model", "model_provider", "sandbox_mode", "approval_policy"];
  assert.equal(closestWord("sandbx_mode", keys), "sandbox_mode");
  assert.equal(closestWord("modle", keys), "model");
  assert.equal(closestWord("approvalpolicy", keys), "approval_policy");
  assert.equal(closestWord("MODEL", keys), "model");
  assert.equal(closestWord("weather", keys), undefined);
  assert.equal(closestWord("x", keys), undefined);
});

Deno.test("closestWord() allows for a third of the word, a swap of neighbours counting once", () => {
  assert.equal(closestWord("abdc", ["abcd"]), "abcd");
  assert.equal(closestWord("abcdef", ["bacdfe"]), "bacdfe");
  assert.equal(closestWord("abcdef", ["badcfe"]), undefined);
  assert.equal(closestWord("sitting", ["kitten"]), undefined);
  assert.equal(closestWord("sittings!", ["kittens!"]), "kittens!");
  assert.equal(closestWord("model", ["modes", "models", "model"]), "model");
});
