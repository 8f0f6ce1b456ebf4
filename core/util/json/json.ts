/** JSON as a type, and helpers for it. */

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Deeper than any program writes, and far from the end of the stack for whoever walks it. */
const NESTING_MAX = 1_000;

/** JSON that is nested so deeply that walking through it could overflow the stack. */
class NestingError extends SyntaxError {}

/** As JSON.parse, for texts of others. Throws SyntaxError; NestingError below 1,000 levels. */
export function checkedJson(text: string): unknown {
  if (isNestedTooDeeply(text)) {
    throw new NestingError(`nested in more than ${NESTING_MAX} levels`);
  }
  return JSON.parse(text);
}

function isNestedTooDeeply(text: string): boolean {
  if (text.length <= NESTING_MAX || !opensOften(text)) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = closingQuote(text, at);
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > NESTING_MAX) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
  return false;
}

// Most texts have fewer brackets than levels are allowed, which is seen at once.
function opensOften(text: string): boolean {
  let left = NESTING_MAX;
  for (const bracket of "[{") {
    let at = text.indexOf(bracket);
    for (; at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (left-- === 0) return true;
    }
  }
  return false;
}

function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at >= 0) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}

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
  if (!hasEndsOfJson(text.trim())) return undefined;
  try {
    return checkedJson(text) as Json;
  } catch {
    return undefined;
  }
}

// An error that is thrown and caught takes microseconds, in a megabyte of short lines seconds.
function hasEndsOfJson(text: string): boolean {
  switch (text[0]) {
    case "{":
      return text.endsWith("}") && (text[1] === '"' || /^\{\s*["}]/.test(text));
    case "[":
      return text.endsWith("]");
    case '"':
      return text.endsWith('"');
    default:
      // A number, true, false or null.
      return /^[-\dtfn]/.test(text) && /[\del]$/.test(text);
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

export type DeepReadonly<T> = T extends (infer E)[] ? readonly DeepReadonly<E>[]
  : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
  : T;
