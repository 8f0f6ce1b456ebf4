/** Lines of JSON: framing by LF alone, in any pieces. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeJsonLine,
  readLines,
  splitLines,
} from "../../../../core/util/json/jsonl.ts";
import { parseJson } from "../../../../core/util/json/json.ts";

function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
  sizes: readonly number[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  let turn = 0;
  return new ReadableStream({
    pull(controller): void {
      if (at >= bytes.length) return controller.close();
      const size = sizes[turn++ % sizes.length] ?? 1;
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

async function collect(
  lines: AsyncIterable<string>,
): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

Deno.test("encodeJsonLine() and readLines() give back any values in any chunking", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue(), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      async (values, sizes) => {
        const bytes = new TextEncoder().encode(
          values.map(encodeJsonLine).join(""),
        );
        const lines = await collect(
          readLines(streamOf(bytes, sizes), { lineBytesMax: 1_000_000 }),
        );
        assert.deepEqual(
          lines.map((line) => JSON.stringify(parseJson(line))),
          values.map((value) => JSON.stringify(value)),
        );
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("readLines() keeps U+2028 and a lone CR inside a line", async () => {
  const text = '"a\u2028b"\n"c\\r"\r\n\n  \n"last"';
  const bytes = new TextEncoder().encode(text);
  assert.deepEqual(
    await collect(readLines(streamOf(bytes, [3]), { lineBytesMax: 99 })),
    ['"a\u2028b"', '"c\\r"', '"last"'],
  );
});

Deno.test("readLines() refuses a line beyond its limit", async () => {
  const bytes = new TextEncoder().encode(`"${"x".repeat(50)}"\n`);
  await assert.rejects(
    collect(readLines(streamOf(bytes, [7]), { lineBytesMax: 20 })),
    RangeError,
  );
});

Deno.test("splitLines() tells a torn last line from whole ones", () => {
  assert.deepEqual(splitLines("a\nb\u2028c\nhal"), {
    lines: ["a", "b\u2028c"],
    torn: "hal",
  });
  assert.deepEqual(splitLines("a\n"), { lines: ["a"], torn: "" });
  assert.deepEqual(splitLines(""), { lines: [], torn: "" });
});

Deno.test("parseJson() says undefined for what is not JSON", () => {
  assert.equal(parseJson('{"a":'), undefined);
  assert.deepEqual(parseJson('{"a":1}'), { a: 1 });
  assert.equal(parseJson("null"), null);
});
