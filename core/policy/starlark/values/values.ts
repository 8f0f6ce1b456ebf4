/** Starlark's values: what they are called, how they read, compare and hash. */

import { StarlarkError, Walk } from "./bounds.ts";

/** An int is a bigint, a float a number, None is null. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | List
  | Tuple
  | Dict
  | Range
  | Callable;

/** Mutable; not while a loop goes through it. */
export class List {
  loops = 0;

  constructor(readonly items: Value[]) {
  }

  /** The items, to change them. */
  change(): Value[] {
    if (this.loops > 0) {
      throw new StarlarkError("a list cannot change while a loop reads it");
    }
    return this.items;
  }
}

export class Tuple {
  constructor(readonly items: readonly Value[]) {
  }
}

/** Keeps the order in which keys came; see `hashKey`. */
export class Dict {
  readonly entries = new Map<string, [Value, Value]>();
  loops = 0;

  get(key: Value): Value | undefined {
    return this.entries.get(hashKey(key))?.[1];
  }

  set(key: Value, value: Value): void {
    const hash = hashKey(key);
    if (this.loops > 0 && !this.entries.has(hash)) this.#refuse();
    const entry = this.entries.get(hash);
    if (entry !== undefined) entry[1] = value;
    else this.entries.set(hash, [key, value]);
  }

  delete(key: Value): void {
    if (this.loops > 0) this.#refuse();
    this.entries.delete(hashKey(key));
  }

  keys(): Value[] {
    return [...this.entries.values()].map(([key]) => key);
  }

  #refuse(): never {
    throw new StarlarkError("a dict cannot change while a loop reads it");
  }
}

export class Range {
  readonly start: number;
  readonly step: number;
  readonly length: number;

  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
  }

  at(index: number): bigint {
    return BigInt(this.start + index * this.step);
  }

  *items(): Generator<Value> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

export interface CallArguments {
  readonly plain: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** A function of the language, of the file, or of the host. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (given: CallArguments) => Value,
  ) {
  }
}

/** The type's name, as `type()` says it. */
export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float";
  if (typeof value === "string") return "string";
  if (value instanceof List) return "list";
  if (value instanceof Tuple) return "tuple";
  if (value instanceof Dict) return "dict";
  return value instanceof Range ? "range" : "function";
}

/** Whether a value counts as true. */
export function isTrue(value: Value): boolean {
  if (value instanceof List || value instanceof Tuple) {
    return value.items.length > 0;
  }
  if (value instanceof Dict) return value.entries.size > 0;
  if (value instanceof Range) return value.length > 0;
  return value instanceof Callable || Boolean(value);
}

/** A value as text: a string as it is. */
export function renderValue(value: Value): string {
  return typeof value === "string" ? value : renderRepr(value);
}

/** A value as it would be written in a file; throws StarlarkError for endless ones. */
export function renderRepr(value: Value, walk = new Walk()): string {
  const size = typeof value === "string" ? value.length : 0;
  return walk.visit(size, () => reprOf(value, walk));
}

function reprOf(value: Value, walk: Walk): string {
  const all = (items: readonly Value[]): string =>
    items.map((item) => renderRepr(item, walk)).join(", ");
  if (value === null) return "None";
  if (typeof value === "string") return renderString(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return renderFloat(value);
  if (value instanceof List) return `[${all(value.items)}]`;
  if (value instanceof Tuple) {
    return `(${all(value.items)}${value.items.length === 1 ? "," : ""})`;
  }
  if (value instanceof Dict) {
    const entries = [...value.entries.values()].map(([key, item]) =>
      `${renderRepr(key, walk)}: ${renderRepr(item, walk)}`
    );
    return `{${entries.join(", ")}}`;
  }
  if (value instanceof Callable) return value.name;
  const { start, step, length } = value;
  const stop = start + length * step;
  if (step !== 1) return `range(${start}, ${stop}, ${step})`;
  return start === 0 ? `range(${stop})` : `range(${start}, ${stop})`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

function renderString(text: string): string {
  // deno-lint-ignore no-control-regex
  const inner = text.replace(/["\\\x00-\x1f\x7f-\u{10ffff}]/gu, (char) => {
    const short = SHORT_ESCAPES[char];
    if (short !== undefined) return short;
    const code = (char.codePointAt(0) ?? 0).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4
      ? `\\u${code.padStart(4, "0")}`
      : `\\U${code.padStart(8, "0")}`;
  });
  return `"${inner}"`;
}

function renderFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "+inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e6)) {
    const [digits = "", power = "+0"] = value.toExponential(6).split("e");
    const sign = power.slice(0, 1);
    return `${Number(digits)}e${sign}${power.slice(1).padStart(2, "0")}`;
  }
  const text = size === 0 || size >= 1e-4 ? String(value) : value.toFixed(5);
  return text.includes(".") ? text : `${text}.0`;
}

/** Equality of the language: 1 == 1.0, but 1 != True. */
export function isEqual(left: Value, right: Value, walk = new Walk()): boolean {
  return left === right ||
    walk.visit(0, () => isSame(left, right, walk));
}

function isSame(left: Value, right: Value, walk: Walk): boolean {
  const isNumber = (value: Value): value is bigint | number =>
    typeof value === "bigint" || typeof value === "number";
  // deno-lint-ignore eqeqeq
  if (isNumber(left) && isNumber(right)) return left == right;
  if (left instanceof Range && right instanceof Range) {
    return left.start === right.start && left.length === right.length &&
      (left.step === right.step || left.length < 2);
  }
  if (left instanceof Dict && right instanceof Dict) {
    return left.entries.size === right.entries.size &&
      [...left.entries].every(([hash, [, value]]) => {
        const other = right.entries.get(hash);
        return other !== undefined && isEqual(value, other[1], walk);
      });
  }
  const isPair = left instanceof List && right instanceof List ||
    left instanceof Tuple && right instanceof Tuple;
  return isPair && left.items.length === right.items.length &&
    left.items.every((item, at) =>
      isEqual(item, right.items[at] ?? null, walk)
    );
}

/** Negative, zero or positive; throws StarlarkError for what has no order. */
export function compareValues(
  left: Value,
  right: Value,
  walk = new Walk(),
): number {
  const sort = (a: Value): string =>
    typeof a === "number" ? "int" : typeName(a);
  const type = sort(left);
  const isOrdered = ["int", "string", "bool", "list", "tuple"].includes(type);
  if (type !== sort(right) || !isOrdered) {
    throw new StarlarkError(
      `${typeName(left)} and ${typeName(right)} cannot be compared`,
    );
  }
  const hasItems = (value: Value): value is List | Tuple =>
    value instanceof List || value instanceof Tuple;
  if (!hasItems(left) || !hasItems(right)) {
    return isEqual(left, right) ? 0 : (left ?? 0) < (right ?? 0) ? -1 : 1;
  }
  for (const [at, item] of left.items.entries()) {
    const other = right.items[at];
    if (other === undefined) return 1;
    const order = walk.visit(0, () => compareValues(item, other, walk));
    if (order !== 0) return order;
  }
  return left.items.length - right.items.length;
}

function hashKey(key: Value): string {
  if (key instanceof Tuple) {
    return `tuple ${JSON.stringify(key.items.map(hashKey))}`;
  }
  if (key instanceof List || key instanceof Dict) {
    throw new StarlarkError(`a ${typeName(key)} cannot be a key`);
  }
  if (typeof key === "number" && Number.isInteger(key)) {
    return hashKey(BigInt(key));
  }
  return `${typeName(key)} ${renderValue(key)}`;
}
