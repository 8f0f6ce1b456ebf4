/** Tests of core/std/streams.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { TextLineStream } from "@std/streams";

async function linesOf(
  chunks: readonly string[],
  bytesMax?: number,
): Promise<string[]> {
  const source = ReadableStream.from(chunks);
  const options = bytesMax === undefined ? {} : { bytesMax };
  return await Array.fromAsync(source.pipeThrough(new TextLineStream(options)));
}

Deno.test("TextLineStream cuts at LF and CRLF and keeps a lone CR", async () => {
  assert.deepEqual(await linesOf(["a\nb\r\nc\rd\n\ne"]), [
    "a",
    "b",
    "c\rd",
    "",
    "e",
  ]);
});

Deno.test("TextLineStream sees a CRLF that is split over two chunks", async () => {
  assert.deepEqual(await linesOf(["a\r", "\nb"]), ["a", "b"]);
});

Deno.test("TextLineStream reports no line for an empty rest", async () => {
  assert.deepEqual(await linesOf(["a\n"]), ["a"]);
  assert.deepEqual(await linesOf([]), []);
});

Deno.test("TextLineStream gives the same lines however the text is cut", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r", "😀") });
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.integer({ min: 1, max: 5 }),
      async (all, size) => {
        const chunks: string[] = [];
        for (let at = 0; at < all.length; at += size) {
          chunks.push(
            all.slice(at, at + size),
          );
        }
        assert.deepEqual(await linesOf(chunks), await linesOf([all]));
      },
    ),
  );
});

Deno.test("TextLineStream refuses a line over its limit, counted in UTF-8 bytes", async () => {
  assert.deepEqual(await linesOf(["éé\nabcd\n"], 4), ["éé", "abcd"]);
  await assert.rejects(linesOf(["éé", "é"], 4), {
    name: "RangeError",
    message: "Cannot read line: it is longer than 4 bytes",
  });
});
