/** Lines of a server out of bytes, in any pieces, and too long ones by their ends. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  findMessageId,
  type Frame,
  MessageFramer,
} from "../../../../tools/mcp/client/framing.ts";

const LIMITS = { messageBytesMax: 64, edgeBytes: 8 };
const encoder = new TextEncoder();

function frames(
  text: string,
  sizes: readonly number[],
  limits = LIMITS,
): Frame[] {
  const framer = new MessageFramer(limits);
  const bytes = encoder.encode(text);
  const found: Frame[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    // One buffer for all reads, as a stream may use it.
    const buffer = bytes.slice(at, at + size);
    found.push(...framer.push(buffer));
    buffer.fill(0);
    at += size;
  }
  const last = framer.end();
  return last === undefined ? found : [...found, last];
}

Deno.test("MessageFramer gives the same lines in any pieces", () => {
  const line = fc.string({ unit: "grapheme", maxLength: 20 })
    .map((text) => text.replace(/\n/g, "").trim());
  fc.assert(fc.property(
    fc.array(line),
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
    (lines, sizes) => {
      const wide = { messageBytesMax: 10_000, edgeBytes: 8 };
      const wanted = lines.filter((one) => one !== "")
        .map((text) => ({ type: "line", text }));
      assert.deepEqual(frames(lines.join("\n"), sizes, wide), wanted);
    },
  ));
});

Deno.test("MessageFramer keeps the two ends of a line that is too long, in any pieces", () => {
  fc.assert(fc.property(
    fc.integer({ min: 65, max: 500 }),
    fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }),
    (length, sizes) => {
      const long = Array.from({ length }, (_, at) => at % 10).join("");
      assert.deepEqual(frames(`a\n${long}\nb\n`, sizes), [
        { type: "line", text: "a" },
        {
          type: "oversize",
          bytes: length,
          head: long.slice(0, 8),
          tail: long.slice(-8),
        },
        { type: "line", text: "b" },
      ]);
    },
  ));
});

Deno.test("findMessageId() finds the id before or behind the result", () => {
  assert.equal(findMessageId('{"jsonrpc":"2.0","id":7,"result":{"con', ""), 7);
  assert.equal(findMessageId('{"id": 8, "jsonrpc":"2.0","resu', ""), 8);
  assert.equal(
    findMessageId('{"result":{"a', '"}]},"jsonrpc":"2.0","id":9}'),
    9,
  );
  assert.equal(
    findMessageId('{"result":{"a', '"}]},"id":10,"jsonrpc":"2.0"}'),
    10,
  );
});

Deno.test("findMessageId() takes no id of what is inside the result", () => {
  assert.equal(
    findMessageId('{"result":{"id":7,', '"x":{"a":1,"id":7}}}'),
    undefined,
  );
  assert.equal(
    findMessageId('{"method":"x","params":{"id":1', '"id":1}}'),
    undefined,
  );
});
