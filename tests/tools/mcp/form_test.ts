import assert from "node:assert/strict";
import type { FormKind } from "../../../core/protocol/form.ts";
import type { JsonObject } from "../../../core/util/json/json.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { parseForm } from "../../../tools/mcp/form.ts";

function kind(property: JsonObject): FormKind | string {
  const form = parseForm({ type: "object", properties: { x: property } });
  return form.type === "unfit" ? form.why : form.fields[0]!.kind;
}

Deno.test("parseForm() keeps the order, titles and what is required", () => {
  const form = parseForm({
    type: "object",
    properties: {
      b: { type: "string", title: "The B", description: "About b" },
      a: { type: "boolean" },
    },
    required: ["a"],
  });
  assert.deepEqual(form, {
    type: "fields",
    fields: [
      {
        name: "b",
        title: "The B",
        description: "About b",
        isRequired: false,
        kind: { type: "text" },
      },
      {
        name: "a",
        title: "a",
        description: "",
        isRequired: true,
        kind: { type: "yes_no" },
      },
    ],
  });
  assert.deepEqual(parseForm({}), { type: "fields", fields: [] });
});

Deno.test("parseForm() knows every kind that the protocol allows", () => {
  assert.deepEqual(
    kind({
      type: "string",
      format: "email",
      minLength: 3,
      maxLength: 9,
      pattern: "^a",
      default: "a@b",
    }),
    {
      type: "text",
      format: "email",
      lengthMin: 3,
      lengthMax: 9,
      pattern: "^a",
      fallback: "a@b",
    },
  );
  assert.deepEqual(
    kind({ type: "integer", minimum: 1, maximum: 5, default: 0 }),
    { type: "number", isInteger: true, min: 1, max: 5, fallback: 0 },
  );
  assert.deepEqual(kind({ type: "number" }), {
    type: "number",
    isInteger: false,
  });
  assert.deepEqual(kind({ type: "boolean", default: false }), {
    type: "yes_no",
    fallback: false,
  });
  assert.deepEqual(kind({ type: "string", enum: ["a", "b"], default: "b" }), {
    type: "choice",
    choices: [{ value: "a", title: "a" }, { value: "b", title: "b" }],
    fallback: "b",
  });
});

Deno.test("parseForm() takes titles of choices in each way they are written", () => {
  const choices = [{ value: "a", title: "A!" }, { value: "b", title: "B!" }];
  const titled = [{ const: "a", title: "A!" }, { const: "b", title: "B!" }];
  assert.deepEqual(kind({ type: "string", oneOf: titled }), {
    type: "choice",
    choices,
  });
  assert.deepEqual(
    kind({ type: "string", enum: ["a", "b"], enumNames: ["A!", "B!"] }),
    { type: "choice", choices },
  );
  assert.deepEqual(
    kind({
      type: "array",
      minItems: 1,
      maxItems: 2,
      items: { anyOf: titled },
      default: ["a"],
    }),
    { type: "choices", choices, countMin: 1, countMax: 2, fallback: ["a"] },
  );
  assert.deepEqual(
    kind({ type: "array", items: { type: "string", enum: ["a"] } }),
    { type: "choices", choices: [{ value: "a", title: "a" }] },
  );
});

Deno.test("parseForm() says which field no form has", () => {
  for (
    const property of [
      { type: "object", properties: {} },
      { type: "array", items: { type: "string" } },
      { type: "string", enum: [] },
      { type: ["string", "null"] },
      "text",
    ]
  ) {
    assert.match(
      String(kind(property as unknown as JsonObject)),
      /^forms do not have the type of "x"$/,
    );
  }
});

Deno.test("parseForm() leaves a form that is too large", () => {
  const many = Object.fromEntries(
    Array.from(
      { length: LIMITS.mcpFormFields + 1 },
      (_, at) => [`f${at}`, { type: "string" }],
    ),
  );
  assert.deepEqual(parseForm({ properties: many }).type, "unfit");
  const description = "x".repeat(LIMITS.mcpFormBytes);
  assert.match(
    String(kind({ type: "string", description })),
    /takes more than \d+ bytes/,
  );
});
