/** Estimates of tokens. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  estimateItemsTokens,
  estimateItemTokens,
} from "../../../../core/context/format/tokens.ts";
import { message, textMessage } from "../../../../core/protocol/item.ts";

Deno.test("estimateItemTokens() counts the bytes of the JSON text by four", () => {
  const item = textMessage("user", "ä".repeat(100));
  const bytes = new TextEncoder().encode(JSON.stringify(item)).length;
  assert.equal(estimateItemTokens(item), Math.ceil(bytes / 4));
  assert.equal(estimateItemTokens(item, '"four"'), 2);
});

Deno.test("estimateItemTokens() takes three quarters of a ciphertext less its overhead", () => {
  for (const type of ["reasoning", "compaction"]) {
    const with4000 = { type, encrypted_content: "x".repeat(4000) };
    const without = { type, encrypted_content: "" };
    const bare = JSON.stringify(without).length;
    assert.equal(
      estimateItemTokens(with4000),
      Math.ceil((bare + 3000 - 650) / 4),
    );
    const short = { type, encrypted_content: "x".repeat(400) };
    assert.equal(estimateItemTokens(short), Math.ceil(bare / 4));
  }
});

Deno.test("estimateItemTokens() counts an inline image of no known size as 7373 bytes, wherever it is", () => {
  const url = `data:image/png;base64,${"A".repeat(400_000)}`;
  const image = { type: "input_image" as const, image_url: url };
  const output = {
    type: "function_call_output",
    call_id: "c",
    output: [image],
  };
  for (const item of [message("user", [image]), output]) {
    const rest = JSON.stringify(item).length - url.length;
    assert.equal(estimateItemTokens(item), Math.ceil((rest + 7373) / 4));
  }
});

Deno.test("estimateItemTokens() counts the patches of an image, not its bytes, to a limit", () => {
  const png = (width: number, height: number) => {
    const bytes = new Uint8Array(33);
    bytes.set([0x89, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82]);
    new DataView(bytes.buffer).setUint32(16, width);
    new DataView(bytes.buffer).setUint32(20, height);
    return `data:image/png;base64,${bytes.toBase64()}`;
  };
  const tokens = (image_url: string) => {
    const item = message("user", [{ type: "input_image", image_url }]);
    const rest = JSON.stringify(item).length - image_url.length;
    return estimateItemTokens(item) - Math.ceil(rest / 4);
  };
  assert.equal(tokens(png(65, 32)), 3);
  assert.equal(tokens(png(100_000, 100_000)), 10_000);
  assert.ok(Math.abs(tokens("data:image/png;base64,%%%") - 1844) < 2);
});

Deno.test("estimateItemTokens() leaves images elsewhere at the length of their address", () => {
  const item = message("user", [
    { type: "input_image", image_url: "https://example.com/a.png" },
  ]);
  assert.equal(
    estimateItemTokens(item),
    Math.ceil(JSON.stringify(item).length / 4),
  );
});

Deno.test("estimateItemTokens() is never negative and grows with the text", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
    const less = estimateItemTokens(textMessage("user", a));
    const more = estimateItemTokens(textMessage("user", a + b));
    assert.ok(0 < less && less <= more);
  }));
});

Deno.test("estimateItemsTokens() is the sum", () => {
  const item = textMessage("user", "hello");
  assert.equal(estimateItemsTokens([]), 0);
  assert.equal(
    estimateItemsTokens([item, item]),
    2 * estimateItemTokens(item),
  );
});
