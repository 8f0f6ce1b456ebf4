/** Pictures made smaller, so that a server takes them. The only door to jpeg-js, which is imported lazily. */
import { sniffImage } from "./image.ts";

/** Three bytes a pixel, or four with how opaque it is. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** What a picture may have. */
export interface PictureSize {
  /** Pixels of its longer side. */
  readonly sideMax: number;
  readonly bytesMax: number;
}

interface ShrinkOptions extends PictureSize {
  /** Pixels that are decoded at all: they are in memory at once. */
  readonly pixelsMax: number;
  readonly decode: (
    bytes: Uint8Array<ArrayBuffer>,
    type: string,
  ) => Promise<Pixels>;
}

const QUALITY = 85;
const AGAIN_SHARE = 0.7;
const SIDE_MIN = 64;

/**
 * The picture as a JPEG within the limits; undefined when it is within them already. Throws
 * Error with the reason where it cannot be made smaller.
 */
export async function shrinkPicture(
  bytes: Uint8Array<ArrayBuffer>,
  { sideMax, bytesMax, pixelsMax, decode }: ShrinkOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // What is no picture by its first bytes is not ours to judge, as long as it is small.
  const { type = "", width = 0, height = 0 } = sniffImage(bytes) ?? {};
  if (Math.max(width, height) <= sideMax && bytes.length <= bytesMax) {
    return undefined;
  }
  if (width * height > pixelsMax) {
    throw new Error(
      `${width}x${height} pixels are more than can be made smaller here`,
    );
  }
  const pixels = await decode(bytes, type);
  const { encode } = await import("jpeg-js");
  for (let side = sideMax; side >= SIDE_MIN; side *= AGAIN_SHARE) {
    const { data } = encode(resize(pixels, Math.floor(side)), QUALITY);
    if (data.length <= bytesMax) return new Uint8Array(data);
  }
  throw new Error(`it does not fit into ${bytesMax} bytes`);
}

/** At most `side` pixels long: each one the mean of those it stands for, on white. */
function resize(pixels: Pixels, side: number): Required<Pixels> {
  const scale = Math.min(1, side / Math.max(pixels.width, pixels.height));
  const width = Math.max(1, Math.round(pixels.width * scale));
  const height = Math.max(1, Math.round(pixels.height * scale));
  const data = new Uint8Array(width * height * 4);
  const rowScale = pixels.height / height;
  const sum = new Float32Array(width * 3);
  const row = new Float32Array(width * 3);
  let at = 0;
  let y = 0;
  for (let from = 0; from < pixels.height; from++) {
    meanRow(pixels, from, row);
    // A row that lies over the edge of two counts for both, by its shares.
    for (let start = from; y < height && start < from + 1;) {
      const edge = (y + 1) * rowScale;
      const end = y === height - 1 ? from + 1 : Math.min(from + 1, edge);
      for (let i = 0; i < sum.length; i++) {
        sum[i] = (sum[i] ?? 0) + (row[i] ?? 0) * (end - start);
      }
      const isLast = from === pixels.height - 1 && end === from + 1;
      if (end === edge || isLast) {
        for (let i = 0; i < sum.length; i++) {
          data[at++] = Math.round((sum[i] ?? 0) / rowScale);
          if (i % 3 === 2) data[at++] = 255;
        }
        sum.fill(0);
        y++;
      }
      start = end;
    }
  }
  return { width, height, data };
}

// One row in the width of the target.
function meanRow(
  { width, height, data }: Pixels,
  y: number,
  row: Float32Array,
): void {
  const size = data.length / (width * height);
  const scale = width * 3 / row.length;
  for (let at = 0; at < row.length; at += 3) {
    const left = at / 3 * scale;
    const right = Math.min(width, left + scale);
    let [red, green, blue] = [0, 0, 0];
    for (let x = Math.floor(left); x < right; x++) {
      const share = Math.min(right, x + 1) - Math.max(left, x);
      const from = (y * width + x) * size;
      const solid = size === 4 ? (data[from + 3] ?? 255) / 255 : 1;
      const white = (1 - solid) * 255;
      red += share * ((data[from] ?? 0) * solid + white);
      green += share * ((data[from + 1] ?? 0) * solid + white);
      blue += share * ((data[from + 2] ?? 0) * solid + white);
    }
    row[at] = red / scale;
    row[at + 1] = green / scale;
    row[at + 2] = blue / scale;
  }
}
