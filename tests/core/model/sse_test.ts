/** Server-sent events in every form and any chunking. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { SseParser } from "../../../core/model/sse.ts";
import { ModelError } from "../../../core/protocol/error.ts";

function parse(
  bytes: Uint8Array<ArrayBuffer>,
  sizes: readonly number[] = [bytes.length || 1],
): string[] {
  const parser = new SseParser();
  const all: string[] = [];
  let turn = 0;
  for (let at = 0; at < bytes.length;) {
    const size = sizes[turn++ % sizes.length] ?? 1;
    all.push(
      ...parser.push(bytes.subarray(at, at + size)).map((one) => one.data),
    );
    at += size;
  }
  return [...all, ...parser.end().map((one) => one.data)];
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

Deno.test("SseParser gives the data of each message", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ["a message", "data: a\n\n", ["a"]],
    ["no space", "data:a\n\n", ["a"]],
    ["only one space goes", "data:  a \n\n", [" a "]],
    ["many lines", "data: a\ndata: b\ndata:\ndata: c\n\n", ["a\nb\n\nc"]],
    ["CR LF", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
    ["CR", "data: a\r\rdata: b\r\r", ["a", "b"]],
    ["mixed ends", "data: a\r\n\ndata: b\n\rdata: c\r\n\r\n", ["a", "b", "c"]],
    ["other fields", "event: x\nid: 1\nretry: 5\ndata: a\n\n", ["a"]],
    ["comments", ": keep\n\n:\ndata: a\n: more\n\n", ["a"]],
    ["look-alikes", "database: 1\ndat: 2\nData: 3\ndata: a\n\n", ["a"]],
    ["a field without colon", "data\n\n", []],
    ["empty data", "data:\n\n", []],
    ["empty first line", "data:\ndata: a\n\n", ["\na"]],
    ["byte order mark", "\ufeffdata: a\n\n", ["a"]],
    ["a mark inside", "data: \ufeffa\n\n", ["\ufeffa"]],
    ["no empty line at the end", "data: a\n\ndata: b\n", ["a", "b"]],
    ["no line end at the end", "data: a\n\ndata: b", ["a", "b"]],
    ["colons in the value", "data: a: b\n\n", ["a: b"]],
    ["separators inside", "data: a\u2028b\u0085c\n\n", ["a\u2028b\u0085c"]],
    ["many empty lines", "\n\n\ndata: a\n\n\n\n", ["a"]],
    ["nothing", "", []],
  ];
  for (const [name, text, expected] of cases) {
    assert.deepEqual(parse(utf8(text)), expected, name);
  }
});

Deno.test("SseParser gives the same messages in any chunking", () => {
  const piece = fc.constantFrom(
    "data: ",
    "data",
    ":",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "event: x",
    "a",
    "ü€😀",
    "\ufeff",
    '{"k":"v"}',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 }),
      (pieces, sizes) => {
        const bytes = utf8(pieces.join(""));
        assert.deepEqual(parse(bytes, sizes), parse(bytes));
        assert.deepEqual(parse(bytes, [1]), parse(bytes));
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("SseParser brings any lines through, whatever ends them", () => {
  const line = fc.string({ unit: "grapheme" })
    .map((text) => text.replace(/[\r\n]/g, ""));
  fc.assert(
    fc.property(
      fc.array(fc.array(line, { minLength: 1, maxLength: 4 })),
      fc.constantFrom("\n", "\r", "\r\n"),
      fc.integer({ min: 1, max: 9 }),
      (messages, end, size) => {
        const text = messages.map((lines) =>
          lines.map((each) => `data: ${each}${end}`).join("") + end
        ).join("");
        const expected = messages.map((lines) => lines.join("\n"))
          .filter((data) => data !== "");
        // A stream may begin with a mark that is none of ours.
        assert.deepEqual(parse(utf8(`:${end}${text}`), [size]), expected);
      },
    ),
  );
});

Deno.test("SseParser hands out a message as soon as its last byte is there", () => {
  const parser = new SseParser();
  const push = (text: string): readonly string[] =>
    parser.push(utf8(text)).map(({ data }) => data);
  assert.deepEqual(push("data: a\n"), []);
  assert.deepEqual(push("\n"), ["a"]);
  assert.deepEqual(push("data: b\r\n\r"), ["b"]);
  assert.deepEqual(push("\ndata: c\r\r"), ["c"]);
});

Deno.test("SseParser names a message by its own event line alone", () => {
  const parser = new SseParser();
  assert.deepEqual(
    parser.push(utf8("event: x\ndata: a\n\ndata: b\n\nevent: y\n\n")),
    [{ data: "a", event: "x" }, { data: "b", event: "" }],
  );
});

Deno.test("SseParser refuses a message beyond its limit, in one line or many", () => {
  const tooLong = [["data: ", ..."x".repeat(30)], Array(30).fill("data: x\n")];
  for (const pieces of tooLong) {
    const parser = new SseParser({ messageBytesMax: 20 });
    assert.throws(
      () => pieces.forEach((piece) => parser.push(utf8(piece))),
      (error: unknown) => error instanceof ModelError && !error.retryable,
    );
  }
  const many = new SseParser({ messageBytesMax: 20 });
  assert.equal(many.push(utf8("data: 0123456789\n\n".repeat(50))).length, 50);
});
