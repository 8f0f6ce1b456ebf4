/** Parameter schemas of MCP tools, in the form the Responses API takes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { asObject, type JsonObject } from "../../../core/util/json/json.ts";
import { buildParameters } from "../../../tools/mcp/schema.ts";

interface Case {
  readonly name: string;
  readonly schema: unknown;
  readonly wanted: JsonObject;
}

const CASES: readonly Case[] = [
  {
    name: "nothing at all",
    schema: undefined,
    wanted: { type: "object", properties: {} },
  },
  {
    name: "an object without properties",
    schema: { type: "object" },
    wanted: { type: "object", properties: {} },
  },
  {
    name: "keywords the API does not know",
    schema: {
      $schema: "http://json-schema.org/draft-07/schema#",
      $id: "x",
      type: "object",
      properties: { a: { type: "integer", examples: [1], $comment: "c" } },
    },
    wanted: { type: "object", properties: { a: { type: "integer" } } },
  },
  {
    name: "types that are missing",
    schema: {
      properties: {
        array: { items: { type: "number" } },
        bare: { description: "what" },
        choice: { enum: ["a", "b"] },
        number: { minimum: 1 },
        object: { properties: { x: { type: "string" } } },
        yes: { const: true },
      },
    },
    wanted: {
      type: "object",
      properties: {
        array: { items: { type: "number" }, type: "array" },
        bare: { description: "what", type: "string" },
        choice: { enum: ["a", "b"], type: "string" },
        number: { minimum: 1, type: "number" },
        object: { properties: { x: { type: "string" } }, type: "object" },
        yes: { enum: [true], type: "boolean" },
      },
    },
  },
  {
    name: "schemas that are booleans, and lists without items",
    schema: {
      type: "object",
      properties: {
        any: true,
        list: { type: "array" },
        tuple: { type: "array", items: [{ type: "integer" }] },
      },
    },
    wanted: {
      type: "object",
      properties: {
        any: { type: "string" },
        list: { items: { type: "string" }, type: "array" },
        tuple: { items: { type: "integer" }, type: "array" },
      },
    },
  },
  {
    name: "required names that are not there",
    schema: {
      type: "object",
      properties: { a: { type: "string" } },
      required: ["b", "a", 1],
    },
    wanted: {
      type: "object",
      properties: { a: { type: "string" } },
      required: ["a"],
    },
  },
  {
    name: "alternatives at the top: one object, what all ask for required",
    schema: {
      anyOf: [
        { properties: { a: { type: "string" } }, required: ["a", "c"] },
        { properties: { c: { type: "number" } }, required: ["c"] },
      ],
    },
    wanted: {
      type: "object",
      properties: { a: { type: "string" }, c: { type: "number" } },
      required: ["c"],
    },
  },
  {
    name: "all of several at the top",
    schema: {
      type: "object",
      allOf: [
        { properties: { a: { type: "string" } }, required: ["a"] },
        { properties: { b: { type: "string" } } },
      ],
    },
    wanted: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      required: ["a"],
    },
  },
  {
    name: "alternatives inside, oneOf as anyOf",
    schema: {
      properties: {
        v: { oneOf: [{ type: "string" }, { type: "null" }], title: "V" },
      },
    },
    wanted: {
      type: "object",
      properties: {
        v: { anyOf: [{ type: "string" }, { type: "null" }], title: "V" },
      },
    },
  },
  {
    name: "several types, unknown ones left out",
    schema: { properties: { v: { type: ["string", "null", "file"] } } },
    wanted: {
      type: "object",
      properties: { v: { type: ["string", "null"] } },
    },
  },
  {
    name: "references into the schema, out of it, and to nothing",
    schema: {
      type: "object",
      properties: {
        here: { $ref: "#/$defs/P" },
        lost: { $ref: "#/$defs/Q" },
        there: { $ref: "https://example.com/x.json" },
      },
      $defs: { P: { properties: { z: true } } },
    },
    wanted: {
      $defs: { P: { properties: { z: { type: "string" } }, type: "object" } },
      type: "object",
      properties: {
        here: { $ref: "#/$defs/P" },
        lost: { type: "string" },
        there: { type: "string" },
      },
    },
  },
  {
    name: "a top that is a reference",
    schema: {
      $ref: "#/definitions/Input",
      definitions: {
        Input: { type: "object", properties: { q: { type: "string" } } },
      },
    },
    wanted: {
      definitions: {
        Input: { properties: { q: { type: "string" } }, type: "object" },
      },
      type: "object",
      properties: { q: { type: "string" } },
    },
  },
  {
    name: "free properties: a switch, or a schema",
    schema: {
      properties: {
        map: { type: "object", additionalProperties: { type: "integer" } },
      },
      additionalProperties: false,
    },
    wanted: {
      type: "object",
      properties: {
        map: {
          additionalProperties: { type: "integer" },
          properties: {},
          type: "object",
        },
      },
      additionalProperties: false,
    },
  },
];

for (const { name, schema, wanted } of CASES) {
  Deno.test(`buildParameters() takes ${name}`, () => {
    assert.deepEqual(buildParameters(schema), wanted);
  });
}

Deno.test("buildParameters() says the same whatever order a server keeps its members in", () => {
  const one = {
    type: "object",
    properties: { a: { type: "string", title: "A" }, b: true },
  };
  const two = {
    properties: { b: true, a: { title: "A", type: "string" } },
    type: "object",
  };
  assert.equal(
    JSON.stringify(buildParameters(one)),
    JSON.stringify(buildParameters(two)),
  );
});

Deno.test("buildParameters() leaves out what is too large", () => {
  const text = "x".repeat(LIMITS.mcpSchemaBytes);
  assert.equal(
    buildParameters({ properties: { a: { description: text } } }),
    undefined,
  );
});

Deno.test("buildParameters() stops at a depth and in circles of references", () => {
  let deep: JsonObject = { type: "string" };
  for (let level = 0; level < 1_000; level++) {
    deep = { type: "object", properties: { x: deep } };
  }
  assert.ok(JSON.stringify(buildParameters(deep)).length < 2_000);
  const circle = { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } };
  assert.equal(buildParameters(circle)?.["type"], "object");
});

Deno.test("buildParameters() makes an object with typed properties of anything, and of its own result the same", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const first = buildParameters(value);
    assert.ok(first !== undefined);
    assert.equal(first["type"], "object");
    assert.ok(asObject(first["properties"]) !== undefined);
    assert.deepEqual(buildParameters(first), first);
  }));
});

Deno.test("buildParameters() makes typed schemas of made up ones, and keeps every name", () => {
  const schema = fc.letrec<{ node: JsonObject }>((tie) => ({
    node: fc.record({
      type: fc.constantFrom(
        "object",
        "array",
        "string",
        "number",
        7,
        undefined,
      ),
      description: fc.string(),
      properties: fc.dictionary(fc.string({ maxLength: 5 }), tie("node"), {
        maxKeys: 3,
      }),
      items: tie("node"),
      enum: fc.array(fc.string(), { maxLength: 2 }),
    }, { requiredKeys: [] }) as unknown as fc.Arbitrary<JsonObject>,
  })).node;
  fc.assert(fc.property(schema, (given) => {
    const built = buildParameters(given);
    const names = Object.keys(asObject(given["properties"]) ?? {}).sort();
    const kept = asObject(built?.["properties"]) ?? {};
    assert.deepEqual(Object.keys(kept).sort(), names);
    for (const one of Object.values(kept)) {
      assert.ok(asObject(one)?.["type"] !== undefined);
    }
  }));
});
