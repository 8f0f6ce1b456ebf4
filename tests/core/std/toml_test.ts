/** Tests of core/std/toml.ts: where it is stricter or more exact than std. */
import assert from "node:assert/strict";
import { parse } from "@std/toml";

Deno.test("parse() says line and column of a mistake", () => {
  assert.throws(() => parse('a = 1\nb = "x'), {
    name: "SyntaxError",
    message: /^Parse error on line 2, column 5: /,
  });
});

Deno.test("parse() refuses a key that is given twice", () => {
  assert.throws(() => parse("a = 1\na = 2"), SyntaxError);
});

Deno.test("parse() gives tables without a prototype", () => {
  const table = parse('[__proto__]\nx = 1\n["a.b"]\ny = [1, "two"]');
  assert.equal(Object.getPrototypeOf(table), null);
  assert.deepEqual(Object.keys(table), ["__proto__", "a.b"]);
});
