/** Pictures decoded by the runtime itself: PNG, JPEG, WebP, and the first frame of a GIF. */
import type { Pixels } from "../util/picture.ts";

/**
 * The colours of a picture, turned as its EXIF data say; `type` is its media type. All of
 * it is in memory at once: look at its size first. Throws what the runtime throws.
 */
export async function decodeImage(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
): Promise<Pixels> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type }));
  try {
    const { width, height } = bitmap;
    const data = bytesOf(bitmap);
    const size = data.length / (width * height);
    if (size === 3 || size === 4) return { width, height, data };
    // 16 bits for each colour: the upper 8 are all that a JPEG can hold.
    if (size !== 6 && size !== 8) {
      throw new TypeError("its colours are unknown");
    }
    return { width, height, data: data.filter((_, at) => at % 2 === 1) };
  } finally {
    bitmap.close();
  }
}

interface Internals {
  readonly getBitmapData?: (bitmap: ImageBitmap) => Uint8Array;
}

// Until every runtime that we build with has OffscreenCanvas, which shows them as well.
function bytesOf(bitmap: ImageBitmap): Uint8Array {
  const internals: Internals | undefined = Reflect.get(
    Deno,
    Reflect.get(Deno, "internal"),
  );
  const data = internals?.getBitmapData?.(bitmap);
  if (data === undefined) throw new TypeError("this runtime hides its pixels");
  return data;
}
