/** The methods of Starlark's strings, as starlark-rust 0.13 has them. */
import { type Method, missing } from "./method.ts";
import { intOf, textOf } from "./arguments.ts";
import { listItems } from "./operators.ts";
import { checkSize, StarlarkError } from "./bounds.ts";
import { List, Tuple, type Value } from "./values.ts";

// Each word with a capital.
function titled(text: string): string {
  return text.replace(
    /\p{L}+/gu,
    (word) => (word[0] ?? "").toUpperCase() + word.slice(1).toLowerCase(),
  );
}

function is(test: (text: string) => boolean): Method<string> {
  return [[], (self) => test(self)];
}

export const STRING_METHODS: Readonly<Record<string, Method<string>>> = {
  capitalize: [
    [],
    (self) => (self[0] ?? "").toUpperCase() + self.slice(1).toLowerCase(),
  ],
  codepoints: [
    [],
    (self) =>
      new Tuple([...self].map((char) => BigInt(char.codePointAt(0) ?? 0))),
  ],
  count: [
    ["part"],
    (self, [part]) => BigInt(self.split(textOf(part, "part")).length - 1),
  ],
  elems: [[], (self) => new Tuple([...self])],
  endswith: [
    ["suffix"],
    (self, [suffix]) =>
      anyOf(suffix, "suffix").some((one) => self.endsWith(one)),
  ],
  find: searched("first", false),
  index: searched("first", true),
  isalnum: is((self) => /^[\p{L}\p{N}]+$/u.test(self)),
  isalpha: is((self) => /^\p{L}+$/u.test(self)),
  isdigit: is((self) => /^\p{Nd}+$/u.test(self)),
  islower: is((self) => /\p{L}/u.test(self) && self === self.toLowerCase()),
  isspace: is((self) => /^\s+$/.test(self)),
  istitle: is((self) => /\p{L}/u.test(self) && titled(self) === self),
  isupper: is((self) => /\p{L}/u.test(self) && self === self.toUpperCase()),
  join: [["parts"], (self, [parts]) => {
    const texts = listItems(parts ?? null).map((part) => textOf(part, "parts"));
    checkSize(
      texts.reduce((size, text) => size + text.length + self.length, 0),
    );
    return texts.join(self);
  }],
  lower: [[], (self) => self.toLowerCase()],
  lstrip: [
    ["chars?"],
    (self, [chars]) => stripped(self, chars, { start: true }),
  ],
  partition: [["sep"], (self, [sep]) => {
    const text = textOf(sep, "sep");
    const at = self.indexOf(text);
    return new Tuple(at < 0 ? [self, "", ""] : around(self, at, text));
  }],
  removeprefix: [["prefix"], (self, [prefix]) => {
    const text = textOf(prefix, "prefix");
    return self.startsWith(text) ? self.slice(text.length) : self;
  }],
  removesuffix: [["suffix"], (self, [suffix]) => {
    const text = textOf(suffix, "suffix");
    return self.endsWith(text)
      ? self.slice(0, self.length - text.length)
      : self;
  }],
  replace: [["old", "new", "count?"], replaced],
  rfind: searched("last", false),
  rindex: searched("last", true),
  rpartition: [["sep"], (self, [sep]) => {
    const text = textOf(sep, "sep");
    const at = self.lastIndexOf(text);
    return new Tuple(at < 0 ? ["", "", self] : around(self, at, text));
  }],
  rsplit: split(true),
  rstrip: [["chars?"], (self, [chars]) => stripped(self, chars, { end: true })],
  split: split(false),
  splitlines: [["keepends?"], (self, [keepEnds]) => {
    const lines = self.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
    return new List(
      keepEnds === true
        ? lines
        : lines.map((line) => line.replace(/\r?\n$|\r$/, "")),
    );
  }],
  startswith: [
    ["prefix"],
    (self, [prefix]) =>
      anyOf(prefix, "prefix").some((one) => self.startsWith(one)),
  ],
  strip: [
    ["chars?"],
    (self, [chars]) => stripped(self, chars, { start: true, end: true }),
  ],
  title: [[], titled],
  upper: [[], (self) => self.toUpperCase()],
};

// Offsets count characters, from the start of the whole string.
function searched(
  which: "first" | "last",
  isRequired: boolean,
): Method<string> {
  return [["part", "start?", "end?"], (self, [part, start, end]) => {
    const text = textOf(part, "part");
    const cut = [...self].slice(
      intOf(start, "start", 0),
      intOf(end, "end", self.length),
    ).join("");
    const at = which === "first" ? cut.indexOf(text) : cut.lastIndexOf(text);
    if (at >= 0) {
      const before = [...cut.slice(0, at)].length;
      return BigInt(before + Math.max(0, intOf(start, "start", 0)));
    }
    if (isRequired) throw missing(text);
    return -1n;
  }];
}

function anyOf(value: Value | undefined, name: string): readonly string[] {
  if (!(value instanceof Tuple)) return [textOf(value, name)];
  return value.items.map((item) => textOf(item, name));
}

function around(text: string, at: number, part: string): readonly string[] {
  return [text.slice(0, at), part, text.slice(at + part.length)];
}

function stripped(
  text: string,
  chars: Value | undefined,
  where: { readonly start?: boolean; readonly end?: boolean },
): string {
  const all = [...text];
  const set = typeof chars === "string" ? new Set(chars) : undefined;
  const isStripped = (char = ""): boolean =>
    set === undefined ? /^\s$/.test(char) : set.has(char);
  let [from, to] = [0, all.length];
  while (where.start && from < to && isStripped(all[from])) from++;
  while (where.end && from < to && isStripped(all[to - 1])) to--;
  return all.slice(from, to).join("");
}

// Without a separator at runs of white space, which leave no empty parts.
function split(fromEnd: boolean): Method<string> {
  return [["sep?", "maxsplit?"], (self, [sep, limit]) => {
    const most = intOf(limit, "maxsplit", -1);
    const isBlank = sep === undefined || sep === null;
    const text = isBlank ? " " : textOf(sep, "sep");
    if (text === "") throw new StarlarkError("the separator is empty");
    const parts = isBlank
      ? self.split(/\s+/).filter((part) => part !== "")
      : self.split(text);
    if (most < 0 || parts.length <= most + 1) return new List(parts);
    if (!fromEnd) {
      return new List([...parts.slice(0, most), parts.slice(most).join(text)]);
    }
    const at = parts.length - most;
    return new List([parts.slice(0, at).join(text), ...parts.slice(at)]);
  }];
}

function replaced(
  text: string,
  [old, fresh, count]: readonly (Value | undefined)[],
): string {
  const [from, to] = [textOf(old, "old"), textOf(fresh, "new")];
  const parts = text.split(from);
  const most = intOf(count, "count", -1);
  const times = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1);
  checkSize(text.length + times * to.length);
  const head = parts.slice(0, times + 1).join(to);
  return [head, ...parts.slice(times + 1)].join(from);
}
