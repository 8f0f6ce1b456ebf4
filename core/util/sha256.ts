/** SHA-256 (FIPS 180-4), synchronous: the address of a stored file is its content. */

interface Constants {
  /** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
  readonly round: Int32Array;
  /** The same of the square roots of the first 8 primes. */
  readonly start: Int32Array;
}

let constants: Constants | undefined;

/** The digest in hex. */
export function sha256Hex(data: Uint8Array): string {
  constants ??= computeConstants();
  const state = constants.start.slice();
  const words = new Int32Array(64);
  const whole = data.length - data.length % 64;
  for (let at = 0; at < whole; at += 64) absorb(state, words, data, at);
  const tail = padded(data.subarray(whole), data.length);
  for (let at = 0; at < tail.length; at += 64) absorb(state, words, tail, at);
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, "0"))
    .join("");
}

function computeConstants(): Constants {
  const round = new Int32Array(64);
  const start = new Int32Array(8);
  let found = 0;
  for (let n = 2; found < 64; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n && isPrime; d++) isPrime = n % d !== 0;
    if (!isPrime) continue;
    if (found < 8) start[found] = fraction32(Math.sqrt(n));
    round[found++] = fraction32(Math.cbrt(n));
  }
  return { round, start };
}

function fraction32(root: number): number {
  return ((root - Math.floor(root)) * 0x100000000) | 0;
}

function padded(rest: Uint8Array, total: number): Uint8Array {
  const block = new Uint8Array(rest.length < 56 ? 64 : 128);
  block.set(rest);
  block[rest.length] = 0x80;
  const view = new DataView(block.buffer);
  view.setUint32(block.length - 8, Math.floor(total / 0x20000000));
  view.setUint32(block.length - 4, (total << 3) >>> 0);
  return block;
}

function absorb(
  state: Int32Array,
  words: Int32Array,
  data: Uint8Array,
  offset: number,
): void {
  const { round } = constants ?? computeConstants();
  expand(words, data, offset);
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t++) {
    const choice = (e & f) ^ (~e & g);
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + sum1 + choice + round[t]! + words[t]!) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  const added = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] = (state[i]! + added[i]!) | 0;
}

function expand(words: Int32Array, data: Uint8Array, offset: number): void {
  for (let t = 0; t < 16; t++) {
    const at = offset + t * 4;
    words[t] = (data[at]! << 24) | (data[at + 1]! << 16) |
      (data[at + 2]! << 8) | data[at + 3]!;
  }
  for (let t = 16; t < 64; t++) {
    const w15 = words[t - 15]!;
    const w2 = words[t - 2]!;
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    words[t] = (words[t - 16]! + s0 + words[t - 7]! + s1) | 0;
  }
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}
