/** The methods of Starlark's values, as starlark-rust 0.13 has them. */
import { intOf } from "./arguments.ts";
import { formatBraces } from "./format.ts";
import { boundTo, type Method, missing } from "./method.ts";
import { indexIn, listItems } from "./operators.ts";
import { STRING_METHODS } from "./string_methods.ts";
import { checkSize, StarlarkError } from "./bounds.ts";
import {
  Callable,
  Dict,
  isEqual,
  List,
  renderRepr,
  Tuple,
  type Value,
} from "./values.ts";

/** The method `name` of a value; undefined when it has none. */
export function methodOf(value: Value, name: string): Callable | undefined {
  if (typeof value === "string") {
    if (name === "format") {
      return new Callable(name, (given) => formatBraces(value, given));
    }
    return boundTo(value, name, STRING_METHODS);
  }
  if (value instanceof List) return boundTo(value, name, LIST_METHODS);
  if (value instanceof Dict) return boundTo(value, name, DICT_METHODS);
  return undefined;
}

export function methodNames(value: Value): readonly string[] {
  const table = typeof value === "string"
    ? { ...STRING_METHODS, format: 0 }
    : value instanceof List
    ? LIST_METHODS
    : value instanceof Dict
    ? DICT_METHODS
    : {};
  return Object.keys(table).sort();
}

const LIST_METHODS: Readonly<Record<string, Method<List>>> = {
  append: [["item"], (self, [item]) => {
    checkSize(self.change().push(item ?? null));
    return null;
  }],
  clear: [[], (self) => {
    self.change().length = 0;
    return null;
  }],
  extend: [["items"], (self, [items]) => {
    const more = listItems(items ?? null);
    checkSize(self.items.length + more.length);
    for (const item of more) self.change().push(item);
    return null;
  }],
  index: [["item", "start?", "end?"], (self, [item, start, end]) => {
    const from = intOf(start, "start", 0);
    const to = intOf(end, "end", self.items.length);
    return BigInt(positionIn(self, item ?? null, from, to));
  }],
  insert: [["index", "item"], (self, [index, item]) => {
    self.change().splice(intOf(index, "index"), 0, item ?? null);
    return null;
  }],
  pop: [["index?"], (self, [index]) => {
    const at = indexIn(index ?? -1n, self.items.length);
    return self.change().splice(at, 1)[0] ?? null;
  }],
  remove: [["item"], (self, [item]) => {
    self.change().splice(positionIn(self, item ?? null), 1);
    return null;
  }],
};

const DICT_METHODS: Readonly<Record<string, Method<Dict>>> = {
  clear: [[], (self) => {
    for (const key of self.keys()) self.delete(key);
    return null;
  }],
  get: [
    ["key", "default?"],
    (self, [key, fallback]) => self.get(key ?? null) ?? fallback ?? null,
  ],
  items: [
    [],
    (self) =>
      new List(
        [...self.entries.values()].map((entry) => new Tuple([...entry])),
      ),
  ],
  keys: [[], (self) => new List(self.keys())],
  pop: [["key", "default?"], (self, [key, fallback]) => {
    const value = self.get(key ?? null) ?? fallback;
    if (value === undefined) {
      throw new StarlarkError(
        `the key ${renderRepr(key ?? null)} is not there`,
      );
    }
    self.delete(key ?? null);
    return value;
  }],
  popitem: [[], (self) => {
    const [first] = self.entries.values();
    if (first === undefined) throw new StarlarkError("the dict is empty");
    self.delete(first[0]);
    return new Tuple([...first]);
  }],
  setdefault: [["key", "default?"], (self, [key, fallback]) => {
    const value = self.get(key ?? null);
    if (value !== undefined) return value;
    self.set(key ?? null, fallback ?? null);
    return fallback ?? null;
  }],
  update: [["pairs?"], (self, [pairs]) => {
    fillDict(self, pairs ?? new Dict());
    return null;
  }],
  values: [
    [],
    (self) => new List([...self.entries.values()].map(([, value]) => value)),
  ],
};

export function fillDict(dict: Dict, pairs: Value): void {
  if (pairs instanceof Dict) {
    for (const [key, value] of [...pairs.entries.values()]) {
      dict.set(key, value);
    }
    return;
  }
  for (const pair of listItems(pairs)) {
    const [key, value, ...more] = listItems(pair);
    if (key === undefined || value === undefined || more.length > 0) {
      throw new StarlarkError("a dict is made of pairs");
    }
    dict.set(key, value);
  }
}

function positionIn(self: List, item: Value, from = 0, to = Infinity): number {
  const at = self.items.findIndex((one, at) =>
    at >= from && at < to && isEqual(one, item)
  );
  if (at < 0) throw missing(item);
  return at;
}
