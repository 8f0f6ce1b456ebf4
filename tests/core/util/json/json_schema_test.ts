/** JSON Schema as a check: what is said of a wrong value, what of a wrong schema. */
import assert from "node:assert/strict";
import { buildSchemaCheck } from "../../../../core/util/json/json_schema.ts";

Deno.test("buildSchemaCheck() finds nothing wrong with a value that fits", () => {
  const check = buildSchemaCheck({ type: "array", items: { type: "string" } });
  assert.deepEqual(check(["a", "b"]), []);
  assert.deepEqual(check([]), []);
});

Deno.test("buildSchemaCheck() names every place and what must be there", () => {
  const check = buildSchemaCheck({
    type: "object",
    properties: {
      kind: { enum: ["a", "b"] },
      list: { type: "array", items: { type: "integer" } },
    },
    required: ["kind", "list"],
    additionalProperties: false,
  });
  assert.deepEqual(check({ kind: "c", list: [1, "x"], more: 1 }), [
    'the whole value: must NOT have additional properties ("more")',
    '/kind: must be equal to one of the allowed values (["a","b"])',
    "/list/1: must be integer",
  ]);
  assert.deepEqual(check(4), ["the whole value: must be object"]);
  // The check is asked again: nothing of an earlier value is left.
  assert.deepEqual(check({ kind: "a", list: [] }), []);
});

Deno.test("buildSchemaCheck() says a bounded part of many problems", () => {
  const check = buildSchemaCheck({ type: "array", items: { type: "integer" } });
  const problems = check(Array.from({ length: 50 }, () => "x".repeat(9_999)));
  assert.equal(problems.length, 11);
  assert.equal(problems.at(-1), "and 40 more problems");
  const long = buildSchemaCheck({ const: "y".repeat(9_999) });
  assert(long(1).every((text) => text.length <= 300));
});

Deno.test("buildSchemaCheck() reads a word by the dialect that is named", () => {
  const tuple = { items: [{ type: "integer" }], additionalItems: false };
  const draft7 = "http://json-schema.org/draft-07/schema#";
  assert.equal(
    buildSchemaCheck({ $schema: draft7, ...tuple })([1, 2]).length,
    1,
  );
  const modern = { prefixItems: [{ type: "integer" }], items: false };
  assert.equal(buildSchemaCheck(modern)([1, 2]).length, 1);
  const loose = { $schema: draft7, ...modern, items: true };
  assert.deepEqual(buildSchemaCheck(loose)(["x", 2]), []);
});

Deno.test("buildSchemaCheck() throws with the reason when the schema is none", () => {
  for (
    const [schema, why] of [
      [{ type: "wibble" }, /type/],
      [{ $ref: "#/nowhere" }, /#\/nowhere/],
      [{ pattern: "(" }, /regular expression/i],
      [{ $schema: "http://json-schema.org/draft-04/schema#" }, /draft-04/],
      [{ $ref: "https://example.org/other.json" }, /other\.json/],
    ] as const
  ) {
    assert.throws(() => buildSchemaCheck(schema), why);
  }
});
