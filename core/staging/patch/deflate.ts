/** zlib's format (RFC 1950) by the runtime's own code, loaded when first wanted. */
import { getBuiltinModule } from "node:process";

export function deflateBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(getBuiltinModule("node:zlib").deflateSync(bytes));
}

/** Throws when it is no such stream, or holds more than so many bytes. */
export function inflateBytes(
  bytes: Uint8Array,
  bytesMax: number,
): Uint8Array<ArrayBuffer> {
  const options = { maxOutputLength: Math.max(1, bytesMax) };
  return new Uint8Array(
    getBuiltinModule("node:zlib").inflateSync(bytes, options),
  );
}
