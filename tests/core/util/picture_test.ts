/** Tests of core/util/picture.ts, with the decoder of the runtime. */
import assert from "node:assert/strict";
import { decodeImage } from "../../../core/host/image.ts";
import { sniffImage } from "../../../core/util/image.ts";
import { type PictureSize, shrinkPicture } from "../../../core/util/picture.ts";
import { bigPng, plainPng } from "../../support/big_png.ts";
import { WIDE_PICTURES } from "../../support/wide_pictures.ts";

const BLUE = [32, 64, 128];

function shrink(
  bytes: Uint8Array<ArrayBuffer>,
  limits: Partial<PictureSize> = {},
  decode = decodeImage,
): ReturnType<typeof shrinkPicture> {
  return shrinkPicture(bytes, {
    sideMax: 2_048,
    bytesMax: 1_000_000,
    pixelsMax: 10_000_000,
    decode,
    ...limits,
  });
}

Deno.test("a picture of any kind becomes a JPEG of the wanted size and its colour", async () => {
  const jpeg = await shrink(plainPng(3_000, 2), { sideMax: 2_999 });
  assert.ok(jpeg !== undefined);
  for (
    const bytes of [
      plainPng(3_000, 2),
      jpeg,
      ...Object.values(WIDE_PICTURES).map((text) =>
        Uint8Array.fromBase64(text)
      ),
    ]
  ) {
    const smaller = await shrink(bytes, { sideMax: 1_000 });
    assert.ok(smaller !== undefined);
    assert.deepEqual(sniffImage(smaller), {
      type: "image/jpeg",
      width: 1_000,
      height: 1,
    });
    const { data } = await decodeImage(smaller, "image/jpeg");
    BLUE.forEach((value, at) =>
      assert.ok(Math.abs((data[1_500 + at] ?? 0) - value) < 8, `${data[at]}`)
    );
  }
});

Deno.test("a picture within the limits is not touched, nor looked into", async () => {
  const never = (): never => assert.fail("it was decoded");
  assert.equal(await shrink(bigPng(5_000), {}, never), undefined);
});

Deno.test("a small file of very many pixels is never decoded", async () => {
  const never = (): never => assert.fail("it was decoded");
  await assert.rejects(
    shrink(plainPng(50_000, 50_000, 1), {}, never),
    /50000x50000 pixels are more than can be made smaller/,
  );
});

Deno.test("each pixel of a smaller picture is the mean of those it stands for, on white", async () => {
  const decode = (): ReturnType<typeof decodeImage> =>
    Promise.resolve({
      width: 200,
      height: 200,
      // Stripes of black and white; the right half is see-through.
      data: Uint8Array.from({ length: 200 * 200 * 4 }, (_, at) => {
        const x = Math.floor(at / 4) % 200;
        if (at % 4 === 3) return x < 100 ? 255 : 0;
        return x % 2 * 255;
      }),
    });
  const bytes = await shrink(
    plainPng(3_000, 3_000, 1),
    { sideMax: 100 },
    decode,
  );
  assert.ok(bytes !== undefined);
  const { data } = await decodeImage(bytes, "image/jpeg");
  const near = (x: number, value: number): void =>
    assert.ok(Math.abs((data[(50 * 100 + x) * 3] ?? 0) - value) < 8);
  near(20, 127);
  near(80, 255);
});

Deno.test("a picture of too many bytes gets smaller until it fits, or is given up", async () => {
  let state = 1;
  const noise = (): ReturnType<typeof decodeImage> =>
    Promise.resolve({
      width: 400,
      height: 400,
      data: Uint8Array.from({ length: 400 * 400 * 3 }, () => {
        state = Math.imul(state, 1_103_515_245) + 12_345;
        return state >>> 16;
      }),
    });
  const limits = { bytesMax: 30_000, sideMax: 400 };
  const smaller = await shrink(plainPng(3_000, 3_000, 1), limits, noise);
  assert.ok(smaller !== undefined && smaller.length <= 30_000);
  assert.ok((sniffImage(smaller)?.width ?? 0) < 400);
  await assert.rejects(
    shrink(plainPng(3_000, 3_000, 1), { ...limits, bytesMax: 100 }, noise),
    /does not fit into 100 bytes/,
  );
});

Deno.test("what the runtime cannot decode is told", async () => {
  await assert.rejects(shrink(bigPng(2_000_000)));
});
