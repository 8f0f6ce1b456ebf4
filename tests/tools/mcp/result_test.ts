/** Answers of servers: what the model gets of them, and what a person's program sees. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { InputPart } from "../../../core/protocol/item.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import { asObject } from "../../../core/util/json/json.ts";
import { byteLength } from "../../../core/util/text/text.ts";
import {
  piecesOfResult,
  saveOutput,
  viewResult,
} from "../../../tools/mcp/result.ts";

// The smallest PNG header that has a size.
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function output(
  result: Parameters<typeof piecesOfResult>[0],
  more: { images?: boolean; tokens?: number; spool?: string } = {},
): Promise<string | readonly InputPart[]> {
  return await saveOutput(piecesOfResult(result), {
    model: {
      slug: "m",
      supportsImages: more.images ?? true,
      toolOutputTokens: more.tokens ?? 1_000,
    },
    spool: () => Promise.resolve(more.spool),
  });
}

Deno.test("buildOutput() joins texts as they are", async () => {
  const content = [{ type: "text", text: "a" }, { type: "text", text: "b\n" }];
  assert.equal(await output({ content }), "a\nb\n");
  assert.equal(await output({}), "");
  assert.equal(await output({ content: null }), "");
});

Deno.test("buildOutput() takes structured content for all text there is, and keeps pictures", async () => {
  const content = [
    { type: "text", text: "the same in words" },
    { type: "image", data: PNG, mimeType: "image/png" },
  ];
  assert.equal(
    await output({ content: [], structuredContent: { a: 1 } }),
    '{"a":1}',
  );
  assert.deepEqual(await output({ content, structuredContent: { a: 1 } }), [
    { type: "input_text", text: '{"a":1}' },
    { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
  ]);
});

Deno.test("buildOutput() names pictures by their bytes, whatever the server calls them", async () => {
  const content = [{ type: "image", data: PNG, mimeType: "image/tiff" }];
  assert.deepEqual(await output({ content }), [
    { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
  ]);
});

Deno.test("buildOutput() says in words what cannot be sent", async () => {
  const text = (content: unknown[]): Promise<unknown> => output({ content });
  assert.equal(
    await text([{
      type: "image",
      data: btoa("no image"),
      mimeType: "image/png",
    }]),
    "[image (image/png): 8 bytes that cannot be shown]",
  );
  assert.equal(
    await text([{ type: "audio", data: "AAAA", mimeType: "audio/wav" }]),
    "[audio (audio/wav): 3 bytes that cannot be shown]",
  );
  assert.equal(
    await text([{ type: "image", data: "%%%" }]),
    "[image (no type): its data is not base64]",
  );
  assert.equal(
    await output({ content: [{ type: "image", data: PNG }] }, {
      images: false,
    }),
    "[an image, which the model m does not take]",
  );
});

Deno.test("buildOutput() shows resources: their text, their picture, or where they are", async () => {
  assert.deepEqual(
    await output({
      content: [
        {
          type: "resource_link",
          uri: "x://1",
          name: "one",
          description: "first",
          mimeType: "text/plain",
        },
        { type: "resource", resource: { uri: "x://2", text: "inside" } },
        { type: "resource", resource: { uri: "x://3", blob: PNG } },
        {
          type: "resource",
          resource: { uri: "x://4", blob: "AA==", mimeType: "font/woff" },
        },
      ],
    }),
    [
      {
        type: "input_text",
        text: "[resource x://1 (one, first, text/plain)]\ninside\n" +
          "[x://4 (font/woff): 1 bytes that cannot be shown]",
      },
      { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
    ],
  );
});

Deno.test("buildOutput() hands on as JSON what is newer than us", async () => {
  const block = { type: "hologram", data: [1, 2] };
  assert.equal(await output({ content: [block] }), JSON.stringify(block));
});

Deno.test("buildOutput() cuts a long text in the middle and says where the full output is", async () => {
  const text = Array.from({ length: 5_000 }, (_, at) => `line ${at}\n`).join(
    "",
  );
  const content = [{ type: "text", text }];
  const cut = await output({ content }, { tokens: 100, spool: "/spool/1.txt" });
  assert.equal(typeof cut, "string");
  const first = String(cut).split("\n")[0] ?? "";
  assert.match(
    first,
    /^Output cut in the middle: kept \d+ bytes .*, omitted \d+ bytes/,
  );
  assert.ok(first.endsWith("the full output is in /spool/1.txt."));
  assert.ok(
    String(cut).includes("line 0\n") && String(cut).endsWith("line 4999\n"),
  );
  assert.ok(byteLength(String(cut)) < 100 * 4 + 500);
  const lost = await output({ content }, { tokens: 100 });
  assert.ok(String(lost).includes("the full output was not kept"));
});

Deno.test("buildOutput() sends no more pictures than a message may have", async () => {
  const content = Array.from(
    { length: LIMITS.imagesPerMessage + 2 },
    () => ({ type: "image", data: PNG }),
  );
  const parts = await output({ content });
  assert.ok(Array.isArray(parts));
  const images = parts.filter((part) => part.type === "input_image");
  assert.equal(images.length, LIMITS.imagesPerMessage);
  assert.ok(JSON.stringify(parts).includes("one image more than can be sent"));
});

Deno.test("viewResult() keeps what is small as it is, and bounds what is not", () => {
  const small = {
    content: [{ type: "text", text: "x" }],
    structuredContent: { a: 1 },
  };
  assert.deepEqual(viewResult(small), small);
  const long = "y".repeat(LIMITS.eventOutputBytes + 1);
  const view = asObject(viewResult({
    content: [
      { type: "text", text: long },
      { type: "image", data: long, mimeType: "image/png" },
      { type: "resource", resource: { uri: "x://1", blob: long } },
    ],
    structuredContent: { long },
  }));
  assert.deepEqual(view?.["content"], [
    { type: "text", text: long.slice(1) },
    { type: "image", data: "", mimeType: "image/png" },
    { type: "resource", resource: { uri: "x://1", blob: "" } },
  ]);
  assert.equal(view?.["structuredContent"], null);
});

Deno.test("piecesOfResult() and viewResult() take anything", () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue()),
      fc.jsonValue(),
      (content, structuredContent) => {
        const result = { content, structuredContent };
        assert.ok(Array.isArray(piecesOfResult(result)));
        assert.doesNotThrow(() => JSON.stringify(viewResult(result)));
      },
    ),
    { examples: [[[[{ toString: null }]], {}]] },
  );
});
