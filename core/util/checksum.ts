/** A fast checksum of text: finds damage, not malice. */

/**
 * 64 bits in hex over the UTF-16 units of the text. Two independent multiply-xor lanes;
 * a change of a single unit always changes both, since the multipliers are odd.
 */
export function checksum64(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  return hex32(mix(high)) + hex32(mix(low));
}

// The finalizer of MurmurHash3: every bit of the state reaches every bit of the result.
function mix(state: number): number {
  let bits = state ^ (state >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
