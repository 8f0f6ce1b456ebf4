/** Images by their bytes: what kind they are, how large, and their data URL. */

type ImageType = "image/png" | "image/jpeg" | "image/gif" | "image/webp";

interface ImageFacts {
  readonly type: ImageType;
  readonly width: number;
  readonly height: number;
}

/** What the bytes are, whatever the file is called; undefined when no image we can send. */
export function sniffImage(bytes: Uint8Array): ImageFacts | undefined {
  const facts = sniffPng(bytes) ?? sniffJpeg(bytes) ?? sniffGif(bytes) ??
    sniffWebp(bytes);
  return facts !== undefined && facts.width > 0 && facts.height > 0
    ? facts
    : undefined;
}

/**
 * The same for one that is to be sent. One that was cut off is none: a server would refuse
 * the request, and every later one.
 */
export function viewImage(bytes: Uint8Array): ImageFacts | undefined {
  const facts = sniffImage(bytes);
  return facts !== undefined && IS_WHOLE[facts.type](bytes) ? facts : undefined;
}

const IS_WHOLE: Readonly<Record<ImageType, (bytes: Uint8Array) => boolean>> = {
  "image/png": hasPngEnd,
  "image/jpeg": hasJpegEnd,
  "image/gif": hasGifImage,
  "image/webp": hasWebpEnd,
};

export function imageDataUrl(type: ImageType, bytes: Uint8Array): string {
  return `data:${type};base64,${bytes.toBase64()}`;
}

// PNG, W3C recommendation, sections 5.2 and 11.2.2: signature, then the IHDR chunk.
function sniffPng(bytes: Uint8Array): ImageFacts | undefined {
  if (!startsWith(bytes, 0, "\x89PNG\r\n\x1a\n")) return undefined;
  if (!startsWith(bytes, 12, "IHDR")) return undefined;
  return {
    type: "image/png",
    width: bigEndian(bytes, 16, 4),
    height: bigEndian(bytes, 20, 4),
  };
}

// Section 5.3: length, type, data, checksum; the last chunk is IEND, after the data.
function hasPngEnd(bytes: Uint8Array): boolean {
  let hasData = false;
  for (let at = 8; at + 12 <= bytes.length;) {
    if (startsWith(bytes, at + 4, "IEND")) return hasData;
    hasData ||= startsWith(bytes, at + 4, "IDAT");
    at += 12 + bigEndian(bytes, at, 4);
  }
  return false;
}

function sniffJpeg(bytes: Uint8Array): ImageFacts | undefined {
  const at = findFrame(bytes);
  return at === undefined ? undefined : {
    type: "image/jpeg",
    height: bigEndian(bytes, at + 5, 2),
    width: bigEndian(bytes, at + 7, 2),
  };
}

// JPEG, ITU-T T.81 annex B: segments are walked up to the first frame header.
function findFrame(bytes: Uint8Array): number | undefined {
  if (!startsWith(bytes, 0, "\xff\xd8\xff")) return undefined;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (isFrameHeader(marker)) return at;
    if (marker === 0xff) at += 1; // fill byte
    else if (isBareMarker(marker)) at += 2;
    else at += 2 + bigEndian(bytes, at + 2, 2);
  }
  return undefined;
}

// Its end comes after the frame header; a preview in front has its own.
function hasJpegEnd(bytes: Uint8Array): boolean {
  const frame = findFrame(bytes) ?? bytes.length;
  for (let at = bytes.length - 2; at > frame; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

// SOF0 to SOF15 without the three that share the range: DHT, JPG and DAC.
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 &&
    marker !== 0xc8 && marker !== 0xcc;
}

// TEM and the restart markers have no length field.
function isBareMarker(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

// GIF89a specification, sections 17 and 18: the logical screen.
function sniffGif(bytes: Uint8Array): ImageFacts | undefined {
  if (!startsWith(bytes, 0, "GIF87a") && !startsWith(bytes, 0, "GIF89a")) {
    return undefined;
  }
  return {
    type: "image/gif",
    width: littleEndian(bytes, 6, 2),
    height: littleEndian(bytes, 8, 2),
  };
}

// Sections 17 to 27: blocks up to the trailer; one whole picture is enough to show.
function hasGifImage(bytes: Uint8Array): boolean {
  const tableAt = 13;
  let at = tableAt + colorTableBytes(bytes[10] ?? 0);
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind !== 0x21 && kind !== 0x2c) return false;
    const head = kind === 0x21 ? 2 : 11 + colorTableBytes(bytes[at + 9] ?? 0);
    at += head;
    for (let size = bytes[at]; size !== 0; size = bytes[at]) {
      if (size === undefined) return false;
      at += 1 + size;
    }
    at += 1;
    if (kind === 0x2c) return true;
  }
  return false;
}

function colorTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

// WebP container, RFC 9649: the first chunk is VP8, VP8L or VP8X.
function sniffWebp(bytes: Uint8Array): ImageFacts | undefined {
  if (!startsWith(bytes, 0, "RIFF") || !startsWith(bytes, 8, "WEBP")) {
    return undefined;
  }
  const type = "image/webp";
  if (startsWith(bytes, 12, "VP8 ") && startsWith(bytes, 23, "\x9d\x01\x2a")) {
    return {
      type,
      width: littleEndian(bytes, 26, 2) & 0x3fff,
      height: littleEndian(bytes, 28, 2) & 0x3fff,
    };
  }
  if (startsWith(bytes, 12, "VP8L") && bytes[20] === 0x2f) {
    const size = littleEndian(bytes, 21, 4);
    return {
      type,
      width: (size & 0x3fff) + 1,
      height: ((size >>> 14) & 0x3fff) + 1,
    };
  }
  if (startsWith(bytes, 12, "VP8X") && bytes.length >= 30) {
    return {
      type,
      width: littleEndian(bytes, 24, 3) + 1,
      height: littleEndian(bytes, 27, 3) + 1,
    };
  }
  return undefined;
}

// Section 2.4: the size of the rest, which a file may exceed.
function hasWebpEnd(bytes: Uint8Array): boolean {
  return bytes.length - 8 >= littleEndian(bytes, 4, 4);
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

// A number that is cut counts as 0, and a size of 0 makes the whole thing no image.
function bigEndian(bytes: Uint8Array, at: number, count: number): number {
  if (at + count > bytes.length) return 0;
  let value = 0;
  for (let index = 0; index < count; index++) {
    value = value * 256 + (bytes[at + index] ?? 0);
  }
  return value;
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  if (at + count > bytes.length) return 0;
  let value = 0;
  for (let index = count - 1; index >= 0; index--) {
    value = value * 256 + (bytes[at + index] ?? 0);
  }
  return value;
}
