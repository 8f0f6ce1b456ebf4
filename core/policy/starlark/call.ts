/** Gives the parameters of a Starlark function their values. */
import type { Lambda } from "./syntax/syntax.ts";
import { StarlarkError } from "./values/bounds.ts";
import {
  type CallArguments,
  Dict,
  Tuple,
  type Value,
} from "./values/values.ts";

/** By place and by name; *rest and **rest take what is left. Throws StarlarkError. */
export function bindParameters(
  { name, parameters }: Lambda,
  { plain, named }: CallArguments,
  fallbacks: ReadonlyMap<string, Value>,
): Map<string, Value> {
  const of = (kind: string): string | undefined =>
    parameters.find((parameter) => parameter.kind === kind)?.name;
  const placed = parameters.filter(({ kind }) => kind === "plain");
  const [rest, namedRest] = [of("rest"), of("namedRest")];
  const values = new Map<string, Value>(
    placed.slice(0, plain.length).map((
      one,
      at,
    ) => [one.name, plain[at] ?? null]),
  );
  if (plain.length > placed.length && rest === undefined) {
    throw new StarlarkError(
      `${name}() takes ${placed.length} arguments by place, not ${plain.length}`,
    );
  }
  const others = new Dict();
  for (const [key, value] of named) {
    const isKnown = parameters.some((one) =>
      one.name === key && (one.kind === "plain" || one.kind === "named")
    );
    if (values.has(key)) throw new StarlarkError(`"${key}" is given twice`);
    if (isKnown) values.set(key, value);
    else if (namedRest !== undefined) others.set(key, value);
    else throw new StarlarkError(`${name}() has no parameter "${key}"`);
  }
  for (const parameter of parameters) {
    if (parameter.kind !== "plain" && parameter.kind !== "named") continue;
    if (values.has(parameter.name)) continue;
    const fallback = fallbacks.get(parameter.name);
    if (fallback === undefined) {
      throw new StarlarkError(`${name}() needs "${parameter.name}"`);
    }
    values.set(parameter.name, fallback);
  }
  if (rest !== undefined) {
    values.set(rest, new Tuple(plain.slice(placed.length)));
  }
  if (namedRest !== undefined) values.set(namedRest, others);
  return values;
}
