/** Bytes of a terminal become keys, whatever pieces they come in. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Key } from "../../../../core/frontends/editor/key.ts";
import { KeyParser } from "../../../../core/frontends/editor/key_parser.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function parse(...chunks: readonly string[]): readonly Key[] {
  const parser = new KeyParser();
  return [
    ...chunks.flatMap((chunk) => parser.push(bytes(chunk))),
    ...parser.flush(),
  ];
}

function names(text: string): string[] {
  return parse(text).map((key) =>
    key.type === "press" ? key.name : `${key.type}:${key.text}`
  );
}

Deno.test("KeyParser names control keys, sequences and modifiers", () => {
  const cases: readonly (readonly [string, string[]])[] = [
    ["a", ["text:a"]],
    ["\r", ["enter"]],
    ["\t", ["tab"]],
    ["\x03", ["ctrl-c"]],
    ["\x1a", ["ctrl-z"]],
    ["\x1f", ["ctrl-_"]],
    ["\x7f", ["backspace"]],
    ["\x1b", ["escape"]],
    ["\x1b\r", ["alt-enter"]],
    ["\x1bb", ["alt-b"]],
    ["\x1b\x7f", ["alt-backspace"]],
    ["\x1b[A", ["up"]],
    ["\x1bOA", ["up"]],
    ["\x1b[1;5D", ["ctrl-left"]],
    ["\x1b[1;3C", ["alt-right"]],
    ["\x1b[1;2A", ["shift-up"]],
    ["\x1b[3~", ["delete"]],
    ["\x1b[3;5~", ["ctrl-delete"]],
    ["\x1b[Z", ["shift-tab"]],
    ["\x1b[13;2u", ["shift-enter"]],
    ["\x1b[99;5u", ["ctrl-c"]],
    ["\x1b[27;2;13~", ["shift-enter"]],
    ["\x1b\x1b[A", ["alt-up"]],
    ["ä日", ["text:ä日"]],
  ];
  for (const [input, expected] of cases) {
    assert.deepEqual(names(input), expected, JSON.stringify(input));
  }
});

Deno.test("KeyParser drops answers of the terminal and unknown sequences", () => {
  assert.deepEqual(names("a\x1b[?1;2cb"), ["text:a", "text:b"]);
  assert.deepEqual(names("\x1b]11;rgb:0/0/0\x07x"), ["text:x"]);
  assert.deepEqual(names("\x1b[200;;1qx"), ["text:x"]);
});

Deno.test("KeyParser takes a bracketed paste as one text, commands in it included", () => {
  assert.deepEqual(parse("\x1b[200~one\r\ntwo\x03\x1b[31mred\r\x1b[201~\r"), [
    { type: "paste", text: "one\ntwored\n" },
    { type: "press", name: "enter" },
  ]);
});

Deno.test("KeyParser takes a fast piece with a line end inside for a paste", () => {
  assert.deepEqual(parse("line number one\rline number two\r"), [
    { type: "paste", text: "line number one\nline number two\n" },
  ]);
  assert.deepEqual(names("a whole message\r"), [
    "text:a whole message",
    "enter",
  ]);
});

Deno.test("KeyParser waits for the rest of a sequence", () => {
  const parser = new KeyParser();
  assert.deepEqual(parser.push(bytes("\x1b")), []);
  assert.equal(parser.isPending, true);
  assert.deepEqual(parser.push(bytes("[1;")), []);
  assert.deepEqual(parser.push(bytes("5C")), [{
    type: "press",
    name: "ctrl-right",
  }]);
  assert.equal(parser.isPending, false);
});

Deno.test("KeyParser says the same however the bytes of a paste are cut", () => {
  const whole = bytes("\x1b[200~日本 text\nmore\x1b[201~\x1b[A");
  const expected: readonly Key[] = [
    { type: "paste", text: "日本 text\nmore" },
    { type: "press", name: "up" },
  ];
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: whole.length }), { maxLength: 6 }),
    (cuts) => {
      const parser = new KeyParser();
      const places = [...new Set([0, ...cuts, whole.length])].sort((a, b) =>
        a - b
      );
      const keys = places.slice(1).flatMap((to, at) =>
        parser.push(whole.subarray(places[at], to))
      );
      assert.deepEqual([...keys, ...parser.flush()], expected);
    },
  ));
});
