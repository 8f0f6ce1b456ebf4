import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseTextFile,
  renderTextFile,
  viewText,
} from "../../../tools/patch/text.ts";

function bytes(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (char) => char.charCodeAt(0));
}

Deno.test("parseTextFile() recognises encodings", () => {
  const kinds: readonly (readonly [string, string, boolean])[] = [
    ["a\n", "utf-8", false],
    ["", "utf-8", false],
    ["\xef\xbb\xbfa\n", "utf-8", true],
    ["\xef\xbb\xbf\xff\n", "utf-8", true],
    ["\xff\xfea\0", "utf-16le", true],
    ["\xfe\xff\0a", "utf-16be", true],
    ["\xff\xfea", "latin1", false],
    ["caf\xe9\n", "latin1", false],
    ["caf\xe9\ncaf\xc3\xa9\n", "utf-8", false],
  ];
  for (const [text, encoding, bom] of kinds) {
    const file = parseTextFile(bytes(text));
    assert.deepEqual([file.encoding, file.bom], [encoding, bom], text);
  }
});

Deno.test("parseTextFile() splits at LF, CRLF and CR and counts them", () => {
  const file = parseTextFile(bytes("a\r\nb\nc\rd\r\n\r\ne"));
  assert.deepEqual(file.texts, ["a", "b", "c", "d", "", "e"]);
  assert.deepEqual(file.eols, ["\r\n", "\n", "\r", "\r\n", "\r\n", ""]);
  assert.equal(file.eol, "\r\n");
});

Deno.test("renderTextFile() gives every byte back when no line is touched", () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom("\n", "\r\n", "\r", "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff")
      .map(bytes),
    fc.string({ unit: "grapheme", maxLength: 6 })
      .map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
      const content = bytes(
        chunks.map((part) => String.fromCharCode(...part)).join(""),
      );
      const file = parseTextFile(content);
      // The one thing that is added: a line end after an unfinished last line.
      const ended = file.eols.at(-1) === ""
        ? { ...file, eols: file.eols.with(-1, file.eol) }
        : file;
      const all = file.texts.map((_, at) => at);
      const rendered = renderTextFile(file, all, "f");
      assert.deepEqual(rendered, renderTextFile(ended, all, "f"));
      assert.deepEqual(rendered.subarray(0, content.length), content);
      if (file.eols.at(-1) !== "") assert.deepEqual(rendered, content);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("renderTextFile() writes new lines in the encoding of the file", () => {
  const render = (content: string): string => {
    const file = parseTextFile(bytes(content));
    return String.fromCharCode(...renderTextFile(file, ["\u00e9", 0], "f"));
  };
  assert.equal(render("a\n"), "\xc3\xa9\na\n");
  assert.equal(render("\xe9\n"), "\xe9\n\xe9\n");
  assert.equal(render("\xef\xbb\xbfa\r\n"), "\xef\xbb\xbf\xc3\xa9\r\na\r\n");
  assert.equal(render("\xff\xfea\0"), "\xff\xfe\xe9\0\n\0a\0\n\0");
});

Deno.test("viewText() shows any bytes", () => {
  assert.equal(viewText(bytes("\xef\xbb\xbfa\r\nb")), "a\r\nb");
  assert.equal(viewText(bytes("caf\xe9\n")), "caf\u00e9\n");
});
