/** Images of a wanted size, in bytes or in pixels, the same each time. */
import { crc32, deflateSync } from "node:zlib";

const START = "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUo";

/** A PNG file whose data are bytes that no two seeds have in common. */
export function bigPng(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const png = new Uint8Array(bytes);
  let state = seed;
  for (let at = 0; at < bytes; at++) {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    png[at] = state >>> 16;
  }
  const chunk = (name: string, at: number, length: number): void => {
    new DataView(png.buffer).setUint32(at, length);
    png.set(new TextEncoder().encode(name), at + 4);
  };
  png.set(Uint8Array.from(atob(START), (char) => char.charCodeAt(0)));
  chunk("IDAT", 33, bytes - 57);
  chunk("IEND", bytes - 12, 0);
  return png;
}

/** A PNG of one colour that anyone can decode; `rows` is what is there of its height. */
export function plainPng(
  width: number,
  height: number,
  rows = height,
): Uint8Array<ArrayBuffer> {
  const line = new Uint8Array(1 + width * 3);
  for (let at = 1; at < line.length; at++) {
    line[at] = [32, 64, 128][(at - 1) % 3] ?? 0;
  }
  const data = new Uint8Array(line.length * rows);
  for (let row = 0; row < rows; row++) data.set(line, row * line.length);
  const size = new DataView(new ArrayBuffer(13));
  size.setUint32(0, width);
  size.setUint32(4, height);
  size.setUint16(8, 0x0802); // 8 bits, RGB
  return new Uint8Array([
    0x89,
    ...new TextEncoder().encode("PNG\r\n\x1a\n"),
    ...chunkOf("IHDR", new Uint8Array(size.buffer)),
    ...chunkOf("IDAT", deflateSync(data)),
    ...chunkOf("IEND", new Uint8Array()),
  ]);
}

function chunkOf(name: string, data: Uint8Array): number[] {
  const body = new Uint8Array([...new TextEncoder().encode(name), ...data]);
  const number = (value: number): Uint8Array => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value);
    return new Uint8Array(view.buffer);
  };
  return [...number(data.length), ...body, ...number(crc32(body))];
}
