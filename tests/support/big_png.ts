/** An image of a wanted size in bytes, the same each time. */
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
