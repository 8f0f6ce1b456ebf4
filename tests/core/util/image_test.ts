/** Images are known by their bytes. Files were made by hand from the format documents. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  imageDataUrl,
  sniffImage,
  viewImage,
} from "../../../core/util/image.ts";

function bytes(...parts: readonly (string | readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string"
        ? [...part].map((char) => char.charCodeAt(0))
        : [...part]
    ),
  );
}

const PNG = bytes(
  "\x89PNG\r\n\x1a\n",
  [0, 0, 0, 13],
  "IHDR",
  [0, 0, 1, 2, 0, 0, 0, 7, 8, 6, 0, 0, 0],
);
const JPEG = bytes(
  [0xff, 0xd8],
  [0xff, 0xe0, 0, 6, 1, 2, 3, 4], // APP0
  [0xff, 0xff, 0xfe, 0, 3, 9], // fill byte, then a comment
  [0xff, 0xc4, 0, 4, 0, 0], // DHT shares the range of frame headers
  [0xff, 0xc2, 0, 17, 8, 0, 30, 1, 44],
);

Deno.test("sniffImage() reads kind and size of a PNG", () => {
  assert.deepEqual(sniffImage(PNG), {
    type: "image/png",
    width: 258,
    height: 7,
  });
});

Deno.test("sniffImage() walks the segments of a JPEG to its frame header", () => {
  assert.deepEqual(sniffImage(JPEG), {
    type: "image/jpeg",
    width: 300,
    height: 30,
  });
});

Deno.test("sniffImage() reads both kinds of GIF", () => {
  for (const version of ["GIF87a", "GIF89a"]) {
    assert.deepEqual(sniffImage(bytes(version, [44, 1, 5, 0, 0])), {
      type: "image/gif",
      width: 300,
      height: 5,
    });
  }
});

Deno.test("sniffImage() reads the three kinds of WebP", () => {
  const riff = ["RIFF", [0, 0, 0, 0], "WEBP"] as const;
  const size = [0, 0, 0, 0];
  const lossy = bytes(...riff, "VP8 ", size, [0, 0, 0], "\x9d\x01\x2a", [
    44,
    1,
    5,
    0,
  ]);
  // 14 bits of width - 1, 14 bits of height - 1, from the lowest bit on.
  const packed = (300 - 1) | ((5 - 1) << 14);
  const lossless = bytes(...riff, "VP8L", size, [
    0x2f,
    packed & 255,
    (packed >> 8) & 255,
    (packed >> 16) & 255,
    (packed >> 24) & 255,
  ]);
  const extended = bytes(...riff, "VP8X", size, [0, 0, 0, 0], [
    43,
    1,
    0,
    4,
    0,
    0,
  ]);
  for (const image of [lossy, lossless, extended]) {
    assert.deepEqual(sniffImage(image), {
      type: "image/webp",
      width: 300,
      height: 5,
    });
  }
});

Deno.test("sniffImage() takes nothing else for an image", () => {
  for (
    const other of [
      "",
      "hello",
      "%PDF-1.7",
      "<svg></svg>",
      "BM....",
      "RIFF....WAVE",
    ]
  ) {
    assert.equal(sniffImage(bytes(other)), undefined, other);
  }
});

Deno.test("sniffImage() never takes a cut header for an image, nor throws", () => {
  for (const [image, needed] of [[PNG, 24], [JPEG, JPEG.length]] as const) {
    for (let length = 0; length < needed; length++) {
      assert.equal(sniffImage(image.subarray(0, length)), undefined);
    }
    assert.ok(sniffImage(image.subarray(0, needed)));
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
    for (const start of [PNG.subarray(0, 8), JPEG.subarray(0, 3)]) {
      const facts = sniffImage(Uint8Array.from([...start, ...noise]));
      if (facts) assert.ok(facts.width > 0 && facts.height > 0);
    }
  }));
});

Deno.test("sniffImage() ends on a JPEG whose segment lengths lie", () => {
  assert.equal(
    sniffImage(bytes([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0])),
    undefined,
  );
});

Deno.test("viewImage() takes a PNG with its data and its end, and none that was cut off", () => {
  const data = bytes([0, 0, 0, 2], "IDAT", [9, 9, 1, 2, 3, 4]);
  const end = bytes([0, 0, 0, 0], "IEND", [1, 2, 3, 4]);
  const head = [...PNG, 1, 2, 3, 4];
  const whole = Uint8Array.from([...head, ...data, ...end]);
  assert.deepEqual(viewImage(whole), sniffImage(PNG));
  for (let length = 0; length < whole.length; length++) {
    assert.equal(viewImage(whole.subarray(0, length)), undefined);
  }
  assert.equal(viewImage(Uint8Array.from([...head, ...end])), undefined);
});

Deno.test("viewImage() takes no picture of another kind that was cut off", () => {
  const pixel = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
  const gif = bytes(
    "GIF89a",
    [1, 0, 1, 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6],
    [0x21, 0xf9, 4, 0, 0, 0, 0, 0],
    pixel,
  );
  const data = [0, 0, 0, 0, 0x9d, 1, 0x2a, 44, 1, 5, 0];
  const webp = bytes("RIFF", [22, 0, 0, 0], "WEBP", "VP8 ", data);
  const jpeg = Uint8Array.from([...JPEG, 1, 44, 0, 0xff, 0xd9]);
  for (const whole of [gif, jpeg]) {
    assert.deepEqual(viewImage(whole), sniffImage(whole));
    for (let length = 0; length < whole.length; length++) {
      assert.equal(viewImage(whole.subarray(0, length)), undefined);
    }
  }
  assert.equal(viewImage(webp), undefined);
  const rest = Uint8Array.from([...webp, 0, 0, 0]);
  assert.deepEqual(viewImage(rest), sniffImage(rest));
});

Deno.test("imageDataUrl() carries the bytes in base64", () => {
  assert.equal(
    imageDataUrl("image/png", bytes("abc")),
    "data:image/png;base64,YWJj",
  );
});

Deno.test("viewImage() takes no JPEG that ends within its scan, though a preview in it is whole", () => {
  const preview = [0xff, 0xe1, 0, 4, 0xff, 0xd9];
  const scan = [0xff, 0xda, 0, 2, 7, 7, 7];
  const cut = bytes([0xff, 0xd8], preview, [...JPEG.subarray(2)], scan);
  assert.equal(viewImage(cut), undefined);
  assert.equal(viewImage(bytes([...cut], [0xff, 0xd9, 0]))?.width, 300);
});
