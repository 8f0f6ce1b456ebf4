/** A JSON Schema as rows of a page: each member by its path, what it may be, and its words. Pure. */
import { asObject, type Json, type JsonObject } from "../../util/json/json.ts";

export interface SchemaRow {
  /** From the root; `NAME` stands for any key, `[]` for any element. */
  readonly path: readonly string[];
  readonly type: string;
  readonly isRequired: boolean;
  /** Holds without the key; absent when nothing does, or an empty table or list. */
  readonly fallback?: string;
  readonly text: string;
}

interface Place {
  readonly path: readonly string[];
  readonly isRequired: boolean;
}

/** All members below the schema, parents of others left out, in its own order. */
export function rowsOf(
  schema: JsonObject,
  { path, isRequired }: Place = { path: [], isRequired: true },
): readonly SchemaRow[] {
  const forms = formsOf(schema);
  const below = forms.flatMap((form) => rowsBelow(form, path));
  const isLeaf = forms.some((form) => !hasMembers(form));
  if (!isLeaf || path.length === 0) return below;
  const fallback = fallbackOf(schema["default"]);
  const row: SchemaRow = {
    path,
    type: typeOf(schema),
    isRequired,
    text: typeof schema["description"] === "string"
      ? schema["description"]
      : "",
    ...(fallback !== undefined && { fallback }),
  };
  return [row, ...below];
}

/** The forms of a union, of unions in it too; the schema itself when it is none. */
export function formsOf(schema: JsonObject): readonly JsonObject[] {
  const forms = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(forms)
    ? forms.flatMap((form) => formsOf(asObject(form) ?? {}))
    : [schema];
}

/** In a few words: `string`, `low, medium or high`, `integer or null`. */
function typeOf(schema: JsonObject): string {
  const forms = formsOf(schema);
  const words = [...new Set(forms.flatMap(wordsOf))];
  const last = words.pop() ?? "any value";
  return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
}

function rowsBelow(
  form: JsonObject,
  path: readonly string[],
): readonly SchemaRow[] {
  const required = form["required"];
  const names: readonly Json[] = Array.isArray(required) ? required : [];
  const members = Object.entries(asObject(form["properties"]) ?? {}).flatMap((
    [name, member],
  ) =>
    rowsOf(asObject(member) ?? {}, {
      path: [...path, name],
      isRequired: names.includes(name),
    })
  );
  return [
    ...members,
    ...rowsOfAny(form["additionalProperties"], [...path, "NAME"]),
    ...rowsOfAny(form["items"], [...path, "[]"]),
  ];
}

// Of what can have any name or number only the members count.
function rowsOfAny(
  value: Json | undefined,
  path: readonly string[],
): readonly SchemaRow[] {
  const schema = asObject(value);
  return schema === undefined
    ? []
    : formsOf(schema).flatMap((form) => rowsBelow(form, path));
}

function hasMembers(form: JsonObject): boolean {
  return rowsBelow(form, []).length > 0;
}

function wordsOf(form: JsonObject): readonly string[] {
  const { const: only, enum: words, type, items, additionalProperties } = form;
  if (only !== undefined) return [JSON.stringify(only)];
  if (Array.isArray(words)) return words.map(String);
  if (type === "array") {
    return [`list of ${typeOf(asObject(items) ?? {})}`];
  }
  if (type === "object") {
    const values = asObject(additionalProperties) ?? {};
    return Object.keys(values).length > 0
      ? [`table of ${typeOf(values)}`]
      : ["table"];
  }
  if (Array.isArray(type)) return type.map(String);
  return [typeof type === "string" ? type : "any value"];
}

function fallbackOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "object" && Object.keys(value).length === 0) {
    return undefined;
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A path as people write it: `skills.config[].path`. */
export function pathText(path: readonly string[]): string {
  return path.join(".").replaceAll(".[]", "[]");
}
