/** What Starlark's operators do with values. */
import { LIMITS } from "../../../protocol/limits.ts";
import { formatPercent } from "./format.ts";
import { checkSize, StarlarkError } from "./bounds.ts";
import {
  compareValues,
  Dict,
  isEqual,
  isTrue,
  List,
  Range,
  renderRepr,
  Tuple,
  typeName,
  type Value,
} from "./values.ts";

const INT_BOUND = 1n << BigInt(LIMITS.starlark.intBits);

type Operators<T> = Readonly<Record<string, (left: T, right: T) => Value>>;

const COMPARISONS: Operators<Value> = {
  "==": isEqual,
  "!=": (left, right) => !isEqual(left, right),
  "<": (left, right) => compareValues(left, right) < 0,
  ">": (left, right) => compareValues(left, right) > 0,
  "<=": (left, right) => compareValues(left, right) <= 0,
  ">=": (left, right) => compareValues(left, right) >= 0,
  "in": isIn,
  "not in": (left, right) => !isIn(left, right),
};

const ON_INTS: Operators<bigint> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "//": (left, right) => (left - floorMod(left, right)) / right,
  "%": floorMod,
  "|": (left, right) => left | right,
  "&": (left, right) => left & right,
  "^": (left, right) => left ^ right,
  "<<": (left, right) => left << checkShift(right),
  ">>": (left, right) => left >> checkShift(right),
};

const ON_FLOATS: Operators<number> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "//": (left, right) => Math.floor(left / right),
  "%": (left, right) => left - right * Math.floor(left / right),
};

/** `left operator right`; throws StarlarkError. */
export function computeBinary(
  operator: string,
  left: Value,
  right: Value,
): Value {
  const result = COMPARISONS[operator]?.(left, right) ??
    computeInts(operator, left, right) ??
    computeFloats(operator, left, right) ??
    computeSequences(operator, left, right);
  if (result !== undefined) return result;
  throw new StarlarkError(
    `"${operator}" is not defined for ${typeName(left)} and ${typeName(right)}`,
  );
}

/** `-value`, `+value`, `~value`, `not value`; throws StarlarkError. */
export function computeUnary(operator: string, value: Value): Value {
  if (operator === "not") return !isTrue(value);
  if (typeof value === "bigint") {
    return operator === "-" ? -value : operator === "~" ? ~value : value;
  }
  if (typeof value === "number" && operator !== "~") {
    return operator === "-" ? -value : value;
  }
  throw new StarlarkError(
    `"${operator}" is not defined for ${typeName(value)}`,
  );
}

/** `list[index] = value`; throws StarlarkError. */
export function setItem(list: Value, index: Value, value: Value): void {
  if (list instanceof Dict) list.set(index, value);
  else if (list instanceof List) {
    list.change()[indexIn(index, list.items.length)] = value;
  } else throw new StarlarkError(`a ${typeName(list)} cannot be changed`);
}

export function lengthOf(value: Value): number {
  if (typeof value === "string") return [...value].length;
  if (value instanceof List || value instanceof Tuple) {
    return value.items.length;
  }
  if (value instanceof Dict) return value.entries.size;
  if (value instanceof Range) return value.length;
  throw new StarlarkError(`a ${typeName(value)} has no length`);
}

/** `value[index]`; throws StarlarkError. */
export function itemAt(value: Value, index: Value): Value {
  if (value instanceof Dict) {
    const item = value.get(index);
    if (item !== undefined) return item;
    throw new StarlarkError(`the key ${renderRepr(index)} is not there`);
  }
  const at = indexIn(index, lengthOf(value));
  if (typeof value === "string") return [...value][at] ?? "";
  if (value instanceof Range) return value.at(at);
  return (value as List | Tuple).items[at] ?? null;
}

/** An index from 0, counted from the end when negative. */
export function indexIn(index: Value, length: number): number {
  if (typeof index !== "bigint") {
    throw new StarlarkError(`an index is ${typeName(index)}, must be int`);
  }
  const at = Number(index) + (index < 0n ? length : 0);
  if (at >= 0 && at < length) return at;
  throw new StarlarkError(
    `the index ${index} is outside of 0 to ${length - 1}`,
  );
}

/** `value[start:stop:step]`; throws StarlarkError. */
export function sliceOf(value: Value, bounds: readonly Value[]): Value {
  const items = typeof value === "string"
    ? [...value]
    : value instanceof Dict
    ? undefined
    : listItems(value);
  if (items === undefined) throw new StarlarkError("a dict cannot be cut");
  const [first, last, stride] = bounds.map((bound) => {
    if (bound === null || typeof bound === "bigint") return bound;
    throw new StarlarkError(`a bound is ${typeName(bound)}, must be int`);
  });
  const step = Number(stride ?? 1n);
  if (step === 0) throw new StarlarkError("the step of a slice is 0");
  const size = items.length;
  const low = step > 0 ? 0 : -1;
  const clamp = (
    bound: bigint | null | undefined,
    fallback: number,
  ): number => {
    if (bound === null || bound === undefined) return fallback;
    const at = Number(bound) + (bound < 0n ? size : 0);
    return Math.min(Math.max(at, low), step > 0 ? size : size - 1);
  };
  const stop = clamp(last, step > 0 ? size : -1);
  const cut: Value[] = [];
  for (
    let at = clamp(first, step > 0 ? 0 : size - 1);
    step > 0 ? at < stop : at > stop;
    at += step
  ) cut.push(items[at] ?? null);
  if (typeof value === "string") return cut.join("");
  return value instanceof Tuple ? new Tuple(cut) : new List(cut);
}

function isIn(item: Value, list: Value): boolean {
  if (typeof list === "string") {
    if (typeof item === "string") return list.includes(item);
  } else if (list instanceof List || list instanceof Tuple) {
    return list.items.some((one) => isEqual(one, item));
  } else if (list instanceof Dict) return list.get(item) !== undefined;
  else if (list instanceof Range) {
    const at = (Number(item) - list.start) / list.step;
    return typeof item === "bigint" && Number.isInteger(at) && at >= 0 &&
      at < list.length;
  }
  throw new StarlarkError(
    `"in" is not defined for ${typeName(item)} and ${typeName(list)}`,
  );
}

function computeInts(
  operator: string,
  left: Value,
  right: Value,
): Value | undefined {
  if (typeof left !== "bigint" || typeof right !== "bigint") return undefined;
  const result = ON_INTS[operator]?.(left, right);
  if (typeof result !== "bigint") return result;
  if (result < INT_BOUND && result > -INT_BOUND) return result;
  throw new StarlarkError(
    `a number has more than ${LIMITS.starlark.intBits} bits`,
  );
}

function checkShift(bits: bigint): bigint {
  if (bits >= 0n && bits <= BigInt(LIMITS.starlark.intBits)) return bits;
  throw new StarlarkError(`a shift by ${bits} bits`);
}

// The sign is the divisor's.
function floorMod(left: bigint, right: bigint): bigint {
  if (right === 0n) throw new StarlarkError(`division by zero: ${left} by 0`);
  const rest = left % right;
  return rest !== 0n && rest < 0n !== right < 0n ? rest + right : rest;
}

function computeFloats(
  operator: string,
  left: Value,
  right: Value,
): Value | undefined {
  if (typeof left !== "number" && typeof left !== "bigint") return undefined;
  if (typeof right !== "number" && typeof right !== "bigint") return undefined;
  const [a, b] = [Number(left), Number(right)];
  if (["/", "//", "%"].includes(operator) && b === 0) {
    throw new StarlarkError(`division by zero: ${left} by ${right}`);
  }
  return ON_FLOATS[operator]?.(a, b);
}

function computeSequences(
  operator: string,
  left: Value,
  right: Value,
): Value | undefined {
  if (operator === "*") return repeat(left, right) ?? repeat(right, left);
  if (operator === "%" && typeof left === "string") {
    return formatPercent(left, right);
  }
  if (operator === "|" && left instanceof Dict && right instanceof Dict) {
    const merged = new Dict();
    for (const { entries } of [left, right]) {
      for (const [key, value] of entries.values()) merged.set(key, value);
    }
    return merged;
  }
  if (operator !== "+") return undefined;
  if (typeof left === "string" && typeof right === "string") {
    return left + right;
  }
  if (left instanceof List && right instanceof List) {
    return new List([...left.items, ...right.items]);
  }
  if (left instanceof Tuple && right instanceof Tuple) {
    return new Tuple([...left.items, ...right.items]);
  }
  return undefined;
}

function repeat(value: Value, times: Value): Value | undefined {
  if (typeof times !== "bigint") return undefined;
  const count = Number(times > 0n ? times : 0n);
  if (typeof value === "string") {
    checkSize(value.length * count);
    return value.repeat(count);
  }
  if (!(value instanceof List) && !(value instanceof Tuple)) return undefined;
  checkSize(value.items.length * count);
  const items = Array.from({ length: count }, () => value.items).flat();
  return value instanceof List ? new List(items) : new Tuple(items);
}

/** All items of a value that can be gone through. */
export function listItems(value: Value): Value[] {
  if (value instanceof Range) checkSize(value.length);
  return [...itemsOf(value)];
}

/** What a loop goes through; throws StarlarkError for what has no items. */
export function itemsOf(value: Value): Iterable<Value> {
  if (value instanceof List || value instanceof Tuple) return value.items;
  if (value instanceof Dict) return value.keys();
  if (value instanceof Range) return value.items();
  const hint = typeof value === "string" ? ", use .elems()" : "";
  throw new StarlarkError(`a loop cannot go through ${typeName(value)}${hint}`);
}
