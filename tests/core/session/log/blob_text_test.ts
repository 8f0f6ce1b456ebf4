import assert from "node:assert/strict";
import * as fc from "fast-check";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import {
  BLANK_IMAGE,
  type BlobContents,
  findLost,
  parseBlobs,
  renderBlobs,
  sliceBlobText,
  takeBlobs,
  wholeText,
} from "../../../../core/session/log/blob_text.ts";
import { sniffImage } from "../../../../core/util/image.ts";
import { jsonSpans } from "../../../../core/util/json/json_text.ts";
import { anyCharacter } from "../../../support/any_character.ts";

const BIG = "QUJD".repeat(LIMITS.blobBytes / 4);
const IMAGE = `data:image/png;base64,${BIG}`;

Deno.test("leanText() takes out what is large and opaque, and leaves JSON", () => {
  const text = JSON.stringify({ a: IMAGE, b: [BIG, IMAGE], c: "said" });
  const { blobText, contents } = takeBlobs(text);
  assert.ok(blobText.text.length < 1_000);
  const parsed = JSON.parse(blobText.text);
  assert.equal(parsed.a, BLANK_IMAGE);
  assert.match(parsed.b[0], /^rondo-blob:[0-9a-f]{64}$/);
  assert.equal(parsed.c, "said");
  assert.equal(contents.size, 2);
  assert.equal(blobText.blobs.length, 3);
  assert.deepEqual(blobText.blobs.map(({ bytes }) => bytes), [
    IMAGE.length,
    BIG.length,
    IMAGE.length,
  ]);
});

Deno.test("leanText() leaves prose, small strings and numbers where they are", () => {
  const edge = "A".repeat(LIMITS.blobBytes - 1);
  const digits = "1".repeat(LIMITS.blobBytes + 1);
  for (
    const text of [
      JSON.stringify({ prose: "word ".repeat(LIMITS.blobBytes) }),
      JSON.stringify({ escaped: "A\n".repeat(LIMITS.blobBytes) }),
      JSON.stringify({ a: edge, b: edge }),
      `{"a":${digits},"b":[${digits}]}`,
      `{"a":[${digits}],"b":${digits}}`,
    ]
  ) {
    const { blobText, contents } = takeBlobs(text);
    assert.equal(blobText.text, text);
    assert.deepEqual(blobText.blobs, []);
    assert.equal(contents.size, 0);
  }
});

Deno.test("the image that stands for another is a valid one", () => {
  const base64 = BLANK_IMAGE.slice(BLANK_IMAGE.indexOf(",") + 1);
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  assert.deepEqual(sniffImage(bytes), {
    type: "image/png",
    width: 32,
    height: 32,
  });
});

const opaque = fc.tuple(
  fc.constantFrom("", "data:image/png;base64,", "data:audio/wav;base64,"),
  fc.constantFrom("A", "_-", "+/", "ab0=", "x,y:z;."),
  fc.integer({ min: -2, max: 3 }),
).map(([head, unit, more]) =>
  head + unit.repeat(Math.ceil((LIMITS.blobBytes + more) / unit.length))
);
const string = fc.oneof(
  { weight: 2, arbitrary: fc.string({ unit: anyCharacter }) },
  { weight: 3, arbitrary: opaque },
  // A JSON text inside of a string: its quotes are escaped.
  {
    weight: 1,
    arbitrary: opaque.map((text) => JSON.stringify({ "in": text })),
  },
  { weight: 1, arbitrary: opaque.map((text) => `"${text}`) },
  { weight: 1, arbitrary: opaque.map((text) => `${text}\\`) },
  fc.constant(BLANK_IMAGE),
  fc.constantFrom(`rondo-blob:${"0".repeat(64)}`, '","blobs":[', "\u2028"),
);
const value = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    string,
    fc.integer(),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(string, tie("tree"), { maxKeys: 3 }),
  ),
})).tree;

Deno.test("wholeText() gives back every text that leanText() made smaller", () => {
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1), (tree, indent) => {
      const text = JSON.stringify(tree, null, indent);
      const { blobText, contents } = takeBlobs(text);
      JSON.parse(blobText.text);
      assert.equal(wholeText(blobText, foundOf(contents)), text);
      const read = parseBlobs(
        renderBlobs(blobText.blobs),
        blobText.text.length,
      );
      assert.deepEqual(read, blobText.blobs);
    }),
    { numRuns: 400 },
  );
});

Deno.test("sliceLean() gives each element its own references", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), (elements) => {
      const text = JSON.stringify(elements);
      const { blobText, contents } = takeBlobs(text);
      const spans = jsonSpans(blobText.text) ?? [];
      const whole = spans.map(({ start, end }) =>
        wholeText(sliceBlobText(blobText, start, end), foundOf(contents))
      );
      assert.deepEqual(whole, elements.map((one) => JSON.stringify(one)));
    }),
    { numRuns: 200 },
  );
});

Deno.test("findLost() can do without an image, and without nothing else", () => {
  const image = takeBlobs(JSON.stringify({ a: IMAGE }));
  const both = takeBlobs(JSON.stringify({ a: IMAGE, b: BIG }));
  const [imageRef, otherRef] = both.blobText.blobs;
  const reason = "gone";
  const noImage = new Map([
    ...foundOf(both.contents),
    [imageRef!.sha256, { kind: "lost", reason } as const],
  ]);
  const nothing = new Map(noImage).set(otherRef!.sha256, {
    kind: "lost",
    reason,
  });
  assert.deepEqual(findLost(image.blobText, noImage), {
    lost: [{ ...image.blobText.blobs[0], reason }],
    isUsable: true,
  });
  assert.equal(findLost(both.blobText, noImage).isUsable, true);
  assert.equal(
    wholeText(both.blobText, noImage),
    JSON.stringify({ a: BLANK_IMAGE, b: BIG }),
  );
  assert.equal(findLost(both.blobText, nothing).isUsable, false);
  assert.equal(findLost(both.blobText, nothing).lost.length, 2);
});

Deno.test("parseBlobs() refuses what is none of ours", () => {
  const ref = renderBlobs([
    { at: 5, length: 3, bytes: 9, sha256: "a".repeat(64) },
  ]);
  assert.equal(parseBlobs(ref, 8)?.length, 1);
  assert.equal(parseBlobs(ref, 7), undefined);
  const twice = `[${ref.slice(1, -1)},${ref.slice(1, -1)}]`;
  for (const bad of [twice, ref.replace("a", "g"), '["x"]', '[{"at":1}]']) {
    assert.equal(parseBlobs(bad, 99), undefined);
  }
});

function foundOf(
  contents: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): BlobContents {
  const found = [...contents].map(([sha256, bytes]) =>
    [
      sha256,
      { kind: "found", text: new TextDecoder().decode(bytes) },
    ] as const
  );
  return new Map(found);
}
