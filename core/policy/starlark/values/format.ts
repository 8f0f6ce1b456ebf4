/** Starlark's two ways to put values into text. */
import { checkSize, StarlarkError } from "./bounds.ts";
import {
  type CallArguments,
  renderRepr,
  renderValue,
  Tuple,
  typeName,
  type Value,
} from "./values.ts";

/** `%s %r %d %x %X %o %%`, of a tuple or of one value; throws StarlarkError. */
export function formatPercent(format: string, given: Value): string {
  const values = given instanceof Tuple ? [...given.items] : [given];
  let size = format.length;
  const text = format.replace(/%(.?)/gsu, (_all, kind: string) => {
    if (kind === "%") return "%";
    const value = values.shift();
    if (value === undefined) {
      throw new StarlarkError(`the format "${format}" has too few values`);
    }
    const one = formatOne(kind, value);
    checkSize(size += one.length);
    return one;
  });
  if (values.length === 0) return text;
  throw new StarlarkError(`the format "${format}" has too many values`);
}

function formatOne(kind: string, value: Value): string {
  if (kind === "s") return renderValue(value);
  if (kind === "r") return renderRepr(value);
  const base = { d: 10, x: 16, X: 16, o: 8 }[kind];
  const isNumber = typeof value === "bigint" ||
    (kind === "d" && typeof value === "number" && Number.isFinite(value));
  if (base === undefined || !isNumber) {
    throw new StarlarkError(
      `the format %${kind} is not defined for ${typeName(value)}`,
    );
  }
  const int = typeof value === "bigint" ? value : BigInt(Math.trunc(value));
  const digits = int.toString(base);
  return kind === "X" ? digits.toUpperCase() : digits;
}

/** `{}`, `{0}`, `{name}`, each with `!r` or `!s`; throws StarlarkError. */
export function formatBraces(format: string, given: CallArguments): string {
  let next = 0;
  const text = format.replace(
    /\{\{|\}\}|\{([^{}!]*)(?:!([rs]))?\}|[{}]/g,
    (all, key: string | undefined, conversion: string | undefined) => {
      if (all === "{{" || all === "}}") return all[0] ?? "";
      if (key === undefined) {
        throw new StarlarkError(`the format "${format}" has a lone "${all}"`);
      }
      const value = key === ""
        ? given.plain[next++]
        : /^\d+$/.test(key)
        ? given.plain[Number(key)]
        : given.named.get(key);
      if (value === undefined) {
        throw new StarlarkError(
          `the format "${format}" has no value for ${all}`,
        );
      }
      return conversion === "r" ? renderRepr(value) : renderValue(value);
    },
  );
  checkSize(text.length);
  return text;
}
