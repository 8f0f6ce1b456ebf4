/** Tests of core/std/toml.ts. */
import assert from "node:assert/strict";
import { parse, stringify, TomlError } from "@std/toml";

Deno.test("parse() says line and column of a mistake", () => {
  assert.throws(
    () => parse('a = 1\nb = "x'),
    (error: unknown) =>
      error instanceof TomlError && error.line === 2 && error.column === 5,
  );
});

Deno.test("parse() refuses a key that is given twice", () => {
  assert.throws(() => parse("a = 1\na = 2"), TomlError);
});

Deno.test("parse() gives tables without a prototype", () => {
  const table = parse('[__proto__]\nx = 1\n["a.b"]\ny = [1, "two"]');
  assert.equal(Object.getPrototypeOf(table), null);
  assert.deepEqual(Object.keys(table), ["__proto__", "a.b"]);
});

Deno.test("stringify() writes what parse() reads", () => {
  const table = {
    top: 1,
    list: ["a", "b"],
    sub: { "odd key": { deep: true } },
  };
  assert.deepEqual(JSON.parse(JSON.stringify(parse(stringify(table)))), table);
});
