/** A tool's input schema as the Responses API accepts it. Pure. */
import { LIMITS } from "../../core/protocol/limits.ts";
import {
  asObject,
  canonicalJson,
  checkedJson,
  type Json,
  type JsonObject,
} from "../../core/util/json/json.ts";

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
  const text = canonicalJson(
    cleanObject(flattenTop(top), { depth: 0, root: top }),
  );
  return text.length <= LIMITS.mcpSchemaBytes
    ? asObject(checkedJson(text))
    : undefined;
}

function withoutReference(schema: JsonObject): JsonObject {
  return { ...schema, ...asObject(targetOf(schema, schema["$ref"])) };
}

// Undefined for a reference that leads nowhere, and for what is none.
function targetOf(
  root: JsonObject,
  reference: Json | undefined,
): Json | undefined {
  const [, place = "", name = ""] =
    /^#\/(\$defs|definitions)\/([^/]+)$/.exec(String(reference)) ?? [];
  const definitions = asObject(root[place]) ?? {};
  return Object.hasOwn(definitions, name) ? definitions[name] : undefined;
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

/** How deep a schema lies, and in what. */
interface Place {
  readonly depth: number;
  readonly root: JsonObject;
}

function deeper({ depth, root }: Place): Place {
  return { depth: depth + 1, root };
}

function cleanObject(schema: JsonObject, place: Place): JsonObject {
  const properties = cleanMap(schema["properties"], place) ?? {};
  const required = texts(schema["required"])
    .filter((name) => Object.hasOwn(properties, name)).sort();
  const additional = schema["additionalProperties"];
  const definitions = definitionsOf(schema, place);
  return {
    type: "object",
    ...plainKeywords(schema),
    properties,
    ...(required.length > 0 && { required }),
    ...(typeof additional === "boolean" &&
      { additionalProperties: additional }),
    ...(asObject(additional) !== undefined && {
      additionalProperties: clean(additional, deeper(place)),
    }),
    ...definitions,
  };
}

function clean(schema: Json | undefined, place: Place): JsonObject {
  const object = asObject(schema);
  // `true` allows everything, `false` nothing: neither can be said to the API.
  if (object === undefined || place.depth > LIMITS.mcpSchemaDepth) {
    return ANYTHING;
  }
  const reference = object["$ref"];
  // One that leads nowhere would make the API refuse the whole request.
  if (
    reference !== undefined && targetOf(place.root, reference) !== undefined
  ) {
    return { ...plainKeywords(object), $ref: reference };
  }
  const alternatives = cleanList(object["anyOf"] ?? object["oneOf"], place);
  const all = cleanList(object["allOf"], place);
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
    ...(kinds.includes("object") ? cleanObject(object, place) : {}),
    ...(kinds.includes("array") && { items: itemsOf(object, place) }),
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

function itemsOf(schema: JsonObject, place: Place): JsonObject {
  const { items, prefixItems } = schema;
  const one = Array.isArray(items) ? items[0] : items;
  const first = Array.isArray(prefixItems) ? prefixItems[0] : undefined;
  return clean(one ?? first, deeper(place));
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

function definitionsOf(schema: JsonObject, place: Place): JsonObject {
  const found: Record<string, Json> = {};
  for (const keyword of ["$defs", "definitions"]) {
    const map = cleanMap(schema[keyword], place);
    if (map !== undefined) found[keyword] = map;
  }
  return found;
}

function cleanMap(
  value: Json | undefined,
  place: Place,
): JsonObject | undefined {
  const map = asObject(value);
  if (map === undefined) return undefined;
  return Object.fromEntries(
    Object.keys(map).map((key) => [key, clean(map[key], deeper(place))]),
  );
}

function cleanList(
  value: Json | undefined,
  place: Place,
): readonly JsonObject[] | undefined {
  return Array.isArray(value) && value.length > 0
    ? value.map((one) => clean(one, deeper(place)))
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
