/** The functions that every Starlark file has, as Codex 0.171 offers them. */
import { bindArguments, intOf, textOf, wrongType } from "./arguments.ts";
import { fillDict, methodNames, methodOf } from "./methods.ts";
import { lengthOf, listItems } from "./operators.ts";
import { checkSize, StarlarkError } from "./bounds.ts";
import {
  Callable,
  type CallArguments,
  compareValues,
  Dict,
  isTrue,
  List,
  Range,
  renderRepr,
  renderValue,
  Tuple,
  typeName,
  type Value,
} from "./values.ts";

type Run = (given: readonly (Value | undefined)[]) => Value;

/** Of functions with fixed arguments: their parameters, and what they do. */
const FIXED: Readonly<Record<string, readonly [readonly string[], Run]>> = {
  abs: [["x"], ([x]) => {
    if (typeof x === "bigint") return x < 0n ? -x : x;
    if (typeof x === "number") return Math.abs(x);
    throw wrongType(x, "x", "a number");
  }],
  all: [["items"], ([items]) => listItems(items ?? null).every(isTrue)],
  any: [["items"], ([items]) => listItems(items ?? null).some(isTrue)],
  bool: [["x?"], ([x]) => isTrue(x ?? null)],
  chr: [["x"], ([x]) => {
    const code = intOf(x, "x");
    if (code >= 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    throw new StarlarkError(`${code} is not a character`);
  }],
  dir: [["x"], ([x]) => new List([...methodNames(x ?? null)])],
  enumerate: [["items", "start?"], ([items, start]) => {
    const from = intOf(start, "start", 0);
    return new List(
      listItems(items ?? null).map((item, at) =>
        new Tuple([BigInt(from + at), item])
      ),
    );
  }],
  fail: [["message?"], ([message]) => {
    throw new StarlarkError(renderValue(message ?? ""));
  }],
  float: [["x?"], ([x]) => {
    const value = typeof x === "string" && x.trim() === "" ? NaN : Number(x);
    if (x === undefined) return 0;
    if (Number.isFinite(value) && x !== null && typeof x !== "object") {
      return value;
    }
    throw wrongType(x, "x", "a number");
  }],
  getattr: [["x", "name", "default?"], ([x, name, fallback]) => {
    const method = methodOf(x ?? null, textOf(name, "name")) ?? fallback;
    if (method !== undefined) return method;
    throw new StarlarkError(`a ${typeName(x ?? null)} has no "${name}"`);
  }],
  hasattr: [
    ["x", "name"],
    ([x, name]) => methodOf(x ?? null, textOf(name, "name")) !== undefined,
  ],
  hash: [["x"], ([x]) => {
    const hash = [...textOf(x, "x")].reduce(
      (sum, char) => Math.imul(sum, 31) + (char.codePointAt(0) ?? 0) | 0,
      0,
    );
    return BigInt(hash);
  }],
  int: [["x?", "base?"], toInt],
  len: [["x"], ([x]) => BigInt(lengthOf(x ?? null))],
  list: [["items?"], ([items]) => new List(listItems(items ?? new List([])))],
  ord: [["x"], ([x]) => {
    const [char, ...more] = textOf(x, "x");
    if (char !== undefined && more.length === 0) {
      return BigInt(char.codePointAt(0) ?? 0);
    }
    throw wrongType(x, "x", "one character");
  }],
  range: [["start", "stop?", "step?"], ([start, stop, step]) => {
    const stride = intOf(step, "step", 1);
    if (stride === 0) throw new StarlarkError("the step of a range is 0");
    return stop === undefined
      ? new Range(0, intOf(start, "stop"), 1)
      : new Range(intOf(start, "start"), intOf(stop, "stop"), stride);
  }],
  repr: [["x"], ([x]) => sized(renderRepr(x ?? null))],
  reversed: [
    ["items"],
    ([items]) => new List(listItems(items ?? null).reverse()),
  ],
  str: [["x?"], ([x]) => x === undefined ? "" : sized(renderValue(x))],
  tuple: [["items?"], ([items]) => new Tuple(listItems(items ?? new List([])))],
  type: [["x"], ([x]) => typeName(x ?? null)],
};

/** Of functions with free arguments. */
const FREE: Readonly<Record<string, (given: CallArguments) => Value>> = {
  dict: ({ plain, named }) => {
    const dict = new Dict();
    if (plain[0] !== undefined) fillDict(dict, plain[0]);
    for (const [key, value] of named) dict.set(key, value);
    return dict;
  },
  max: (given) => extreme("max", given, 1),
  min: (given) => extreme("min", given, -1),
  sorted: ({ plain, named }) => {
    const [items, key, reverse] = bindArguments(
      "sorted",
      ["items", "key?", "reverse?"],
      { plain: plain.slice(0, 1), named },
    );
    const list = keyed(listItems(items ?? null), key);
    const sign = isTrue(reverse ?? false) ? -1 : 1;
    list.sort((left, right) => sign * compareValues(left.key, right.key));
    return new List(list.map(({ item }) => item));
  },
  zip: ({ plain }) => {
    const lists = plain.map(listItems);
    const length = Math.min(...lists.map((list) => list.length));
    return new List(
      Array.from(
        { length: plain.length === 0 ? 0 : length },
        (_none, at) => new Tuple(lists.map((list) => list[at] ?? null)),
      ),
    );
  },
};

/** All functions of the language, by name, and its three constants. */
export function builtins(): Map<string, Value> {
  const table = new Map<string, Value>([
    ["None", null],
    ["True", true],
    ["False", false],
  ]);
  for (const [name, [parameters, run]] of Object.entries(FIXED)) {
    table.set(
      name,
      new Callable(
        name,
        (given) => run(bindArguments(name, parameters, given)),
      ),
    );
  }
  for (const [name, run] of Object.entries(FREE)) {
    table.set(name, new Callable(name, run));
  }
  return table;
}

function sized(text: string): string {
  checkSize(text.length);
  return text;
}

function toInt([x, base]: readonly (Value | undefined)[]): Value {
  if (typeof x === "boolean") return x ? 1n : 0n;
  if (x === undefined) return 0n;
  if (typeof x === "bigint") return x;
  if (typeof x === "number" && Number.isFinite(x)) return BigInt(Math.trunc(x));
  const radix = intOf(base, "base", 10);
  const text = textOf(x, "x").toLowerCase();
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  const prefix = { 16: "0x", 8: "0o", 2: "0b" }[radix] ?? "";
  const body = text.slice(sign.length);
  const digits = body.startsWith(prefix) ? body.slice(prefix.length) : body;
  const values = [...digits].map((digit) => parseInt(digit, 36));
  const isNumber = values.length > 0 && values.length < 300 &&
    values.every((value) => value < radix);
  if (!isNumber) {
    throw new StarlarkError(
      `${renderRepr(x)} is not a number of base ${radix}`,
    );
  }
  const value = values.reduce(
    (sum, digit) => sum * BigInt(radix) + BigInt(digit),
    0n,
  );
  return sign === "-" ? -value : value;
}

function keyed(
  items: readonly Value[],
  key: Value | undefined,
): { item: Value; key: Value }[] {
  if (key === undefined || key === null) {
    return items.map((item) => ({ item, key: item }));
  }
  if (!(key instanceof Callable)) throw wrongType(key, "key", "a function");
  return items.map((item) => ({
    item,
    key: key.call({ plain: [item], named: new Map() }),
  }));
}

function extreme(
  name: string,
  { plain, named }: CallArguments,
  sign: number,
): Value {
  const [first] = plain;
  const items = plain.length === 1 ? listItems(first ?? null) : [...plain];
  const [best, ...rest] = keyed(items, named.get("key"));
  if (best === undefined) throw new StarlarkError(`${name}() of nothing`);
  return rest.reduce(
    (one, next) => sign * compareValues(next.key, one.key) > 0 ? next : one,
    best,
  ).item;
}
