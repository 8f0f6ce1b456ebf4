/** What a method of a Starlark value is, and how it gets its arguments. */
import { bindArguments } from "./arguments.ts";
import { StarlarkError } from "./bounds.ts";
import { Callable, renderRepr, type Value } from "./values.ts";

/** Parameters as bindArguments() takes them, and what the method does. */
export type Method<Self> = readonly [
  parameters: readonly string[],
  run: (self: Self, given: readonly (Value | undefined)[]) => Value,
];

/** The method `name` of `self`; undefined when its table has none. */
export function boundTo<Self>(
  self: Self,
  name: string,
  table: Readonly<Record<string, Method<Self>>>,
): Callable | undefined {
  const method = Object.hasOwn(table, name) ? table[name] : undefined;
  if (method === undefined) return undefined;
  const [parameters, run] = method;
  return new Callable(
    name,
    (given) => run(self, bindArguments(name, parameters, given)),
  );
}

export function missing(what: Value): StarlarkError {
  return new StarlarkError(`${renderRepr(what)} is not in there`);
}
