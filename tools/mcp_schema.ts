/** A server's parameter schema in the form the Responses API takes. Pure. */
import { LIMITS } from "../core/protocol/limits.ts";
import {
  asObject,
  canonicalJson,
  type Json,
  type JsonObject,
} from "../core/util/json.ts";

/** Keywords that are handed on as they are; those with schemas inside are treated apart. */
const PLAIN_KEYWORDS = [
  "default",
  "description",
  "exclusiveMaximum",
  "exclusiveMinimum",
  "format",
  "maxItems",
  "maxLength",
  "maximum",
  "minItems",
  "minLength",
  "minimum",
  "multipleOf",
  "pattern",
  "title",
  "uniqueItems",
];
const TYPES: ReadonlySet<string> = new Set([
  "array",
  "boolean",
  "integer",
  "null",
  "number",
  "object",
  "string",
]);
const ANYTHING: JsonObject = { type: "string" };

/**
 * The schema of a tool's parameters: an object with properties, all keys in one order,
 * without what the API refuses. Undefined when it is too large to be offered.
 */
export function buildParameters(schema: unknown): JsonObject | undefined {
  const top = withoutReference(asObject(schema) ?? {});
  // Servers that keep members in hash maps say them in another order each time.
  const text = canonicalJson(cleanObject(flattenTop(top), 0));
  return text.length <= LIMITS.mcpSchemaBytes
    ? asObject(JSON.parse(text))
    : undefined;
}

function withoutReference(schema: JsonObject): JsonObject {
  const reference = schema["$ref"];
  const match = typeof reference === "string"
    ? /^#\/(\$defs|definitions)\/([^/]+)$/.exec(reference)
    : null;
  if (match === null) return schema;
  const definitions = asObject(schema[match[1] ?? ""]);
  return { ...schema, ...asObject(definitions?.[match[2] ?? ""]) };
}

// The top must be one object: alternatives there become its properties, each optional
// unless all of them ask for it.
function flattenTop(schema: JsonObject): JsonObject {
  const parts = ["anyOf", "oneOf", "allOf"].flatMap((keyword) => {
    const list = schema[keyword];
    return Array.isArray(list) ? list.map((one) => asObject(one) ?? {}) : [];
  });
  if (parts.length === 0) return schema;
  const properties: Record<string, Json> = {};
  for (const one of [...parts, schema]) {
    Object.assign(properties, asObject(one["properties"]));
  }
  const isAll = Array.isArray(schema["allOf"]);
  const lists = parts.map((one) => texts(one["required"]));
  const shared = isAll
    ? lists.flat()
    : (lists[0] ?? []).filter((name) => lists.every((l) => l.includes(name)));
  const required = [...new Set([...texts(schema["required"]), ...shared])];
  return { ...schema, properties, required };
}

function cleanObject(schema: JsonObject, depth: number): JsonObject {
  const properties = cleanMap(schema["properties"], depth) ?? {};
  const required = texts(schema["required"])
    .filter((name) => Object.hasOwn(properties, name)).sort();
  const additional = schema["additionalProperties"];
  const definitions = definitionsOf(schema, depth);
  return {
    type: "object",
    ...plainKeywords(schema),
    properties,
    ...(required.length > 0 && { required }),
    ...(typeof additional === "boolean" &&
      { additionalProperties: additional }),
    ...(asObject(additional) !== undefined && {
      additionalProperties: clean(additional, depth + 1),
    }),
    ...definitions,
  };
}

function clean(schema: Json | undefined, depth: number): JsonObject {
  const object = asObject(schema);
  // `true` allows everything, `false` nothing: neither can be said to the API.
  if (object === undefined || depth > LIMITS.mcpSchemaDepth) return ANYTHING;
  const reference = object["$ref"];
  if (typeof reference === "string" && reference.startsWith("#/")) {
    return { ...plainKeywords(object), $ref: reference };
  }
  const alternatives = cleanList(object["anyOf"] ?? object["oneOf"], depth);
  const all = cleanList(object["allOf"], depth);
  if (alternatives !== undefined || all !== undefined) {
    return {
      ...plainKeywords(object),
      ...(alternatives !== undefined && { anyOf: alternatives }),
      ...(all !== undefined && { allOf: all }),
    };
  }
  const type = typeOf(object);
  const kinds = typeof type === "string" ? [type] : type;
  return {
    ...(kinds.includes("object") ? cleanObject(object, depth) : {}),
    ...(kinds.includes("array") && { items: itemsOf(object, depth) }),
    ...plainKeywords(object),
    ...enumOf(object),
    type,
  };
}

// Without a type the other keywords tell what is meant.
function typeOf(schema: JsonObject): string | readonly string[] {
  const { type } = schema;
  const listed = texts(typeof type === "string" ? [type] : type)
    .filter((one) => TYPES.has(one));
  const [first, ...others] = listed;
  if (first !== undefined) return others.length === 0 ? first : listed;
  const has = (...keys: readonly string[]): boolean =>
    keys.some((key) => schema[key] !== undefined);
  if (has("properties", "required", "additionalProperties")) return "object";
  if (has("items", "prefixItems", "minItems", "maxItems")) return "array";
  if (has("minimum", "maximum", "multipleOf")) return "number";
  const sample = valuesOf(schema)?.[0];
  if (typeof sample === "number" || typeof sample === "boolean") {
    return typeof sample;
  }
  return "string";
}

function itemsOf(schema: JsonObject, depth: number): JsonObject {
  const { items, prefixItems } = schema;
  const one = Array.isArray(items) ? items[0] : items;
  const first = Array.isArray(prefixItems) ? prefixItems[0] : undefined;
  return clean(one ?? first, depth + 1);
}

function enumOf(schema: JsonObject): JsonObject {
  const values = valuesOf(schema);
  return values === undefined ? {} : { enum: values };
}

function valuesOf(schema: JsonObject): readonly Json[] | undefined {
  const values = schema["enum"];
  if (Array.isArray(values) && values.length > 0) return values;
  return schema["const"] === undefined ? undefined : [schema["const"]];
}

function definitionsOf(schema: JsonObject, depth: number): JsonObject {
  const found: Record<string, Json> = {};
  for (const keyword of ["$defs", "definitions"]) {
    const map = cleanMap(schema[keyword], depth);
    if (map !== undefined) found[keyword] = map;
  }
  return found;
}

function cleanMap(
  value: Json | undefined,
  depth: number,
): JsonObject | undefined {
  const map = asObject(value);
  if (map === undefined) return undefined;
  return Object.fromEntries(
    Object.keys(map).map((key) => [key, clean(map[key], depth + 1)]),
  );
}

function cleanList(
  value: Json | undefined,
  depth: number,
): readonly JsonObject[] | undefined {
  return Array.isArray(value) && value.length > 0
    ? value.map((one) => clean(one, depth + 1))
    : undefined;
}

function plainKeywords(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    PLAIN_KEYWORDS.flatMap((key) =>
      schema[key] === undefined || schema[key] === null
        ? []
        : [[key, schema[key]]]
    ),
  );
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value)
    ? value.filter((one): one is string => typeof one === "string")
    : [];
}
