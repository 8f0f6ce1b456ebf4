/** An image of a wanted size in bytes, the same each time. */
const START = "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUo";

/** The start of a PNG file, then bytes that no two seeds have in common. */
export function bigPng(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const png = new Uint8Array(bytes);
  let state = seed;
  for (let at = 0; at < bytes; at++) {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    png[at] = state >>> 16;
  }
  png.set(Uint8Array.from(atob(START), (char) => char.charCodeAt(0)));
  return png;
}
