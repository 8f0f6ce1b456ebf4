/** Takes the arguments of a call: by place and by name, each of its type. */
import { StarlarkError } from "./bounds.ts";
import { type CallArguments, typeName, type Value } from "./values.ts";

/**
 * The values of `parameters`, in that order; "name?" may be missing and is undefined
 * then. Throws StarlarkError for what is missing, unknown or there twice.
 */
export function bindArguments(
  callee: string,
  parameters: readonly string[],
  { plain, named }: CallArguments,
): readonly (Value | undefined)[] {
  if (plain.length > parameters.length) {
    throw new StarlarkError(
      `${callee}() takes ${parameters.length} arguments, not ${plain.length}`,
    );
  }
  const names = parameters.map((parameter) => parameter.replace("?", ""));
  for (const name of named.keys()) {
    const at = names.indexOf(name);
    if (at < 0) {
      throw new StarlarkError(
        `${callee}() has no "${name}", must be one of ${names.join(", ")}`,
      );
    }
    if (at < plain.length) throw new StarlarkError(`"${name}" is given twice`);
  }
  return parameters.map((parameter, at) => {
    const name = names[at] ?? "";
    const value = plain[at] ?? named.get(name);
    if (at < plain.length) return plain[at] ?? null;
    if (value !== undefined || parameter.endsWith("?")) return value;
    throw new StarlarkError(`${callee}() needs "${name}"`);
  });
}

/** A string, or StarlarkError that names the parameter. */
export function textOf(value: Value | undefined, name: string): string {
  if (typeof value === "string") return value;
  throw wrongType(value, name, "a string");
}

/** An int as a number; `fallback` when it is missing or None. */
export function intOf(
  value: Value | undefined,
  name: string,
  fallback?: number,
): number {
  if (typeof value === "bigint") return Number(value);
  const isMissing = value === undefined || value === null;
  if (isMissing && fallback !== undefined) return fallback;
  throw wrongType(value, name, "an int");
}

/** The error of a value that is of another type than it must be. */
export function wrongType(
  value: Value | undefined,
  name: string,
  wanted: string,
): StarlarkError {
  const found = value === undefined ? "missing" : typeName(value);
  return new StarlarkError(`"${name}" is ${found}, must be ${wanted}`);
}
