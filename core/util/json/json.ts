/** JSON as a type, and helpers for it. */

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Freezes a JSON value and everything inside it, in place. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) {
    return value;
  }
  Object.freeze(value);
  for (const child of Object.values(value)) deepFreeze(child);
  return value;
}

/** The JSON text of a value with object keys sorted: equal values, equal text. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const object = value as JsonObject;
  const members = Object.keys(object).sort().map((key) =>
    `${JSON.stringify(key)}:${canonicalJson(object[key] ?? null)}`
  );
  return `{${members.join(",")}}`;
}

/** The value of a JSON text, or undefined when it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The object of a JSON text, or undefined when it is anything else. */
export function parseJsonObject(text: string): JsonObject | undefined {
  return asObject(parseJson(text));
}

/** The object a value is, or undefined when it is anything else. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as JsonObject
    : undefined;
}

/** A value whose texts have no half of a surrogate pair: no encoder of UTF-8 takes one. */
export function wellFormed<T extends Json>(value: T): T {
  if (typeof value === "string") return value.toWellFormed() as T;
  if (Array.isArray(value)) return value.map(wellFormed) as unknown as T;
  const members = asObject(value);
  if (members === undefined) return value;
  return Object.fromEntries(
    Object.entries(members).map(([key, member]) => [
      key.toWellFormed(),
      wellFormed(member),
    ]),
  ) as T;
}
