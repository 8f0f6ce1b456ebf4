/** zlib's format (RFC 1950) by the runtime's own code, loaded when first wanted. */
import { getBuiltinModule } from "node:process";

export function deflateBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(getBuiltinModule("node:zlib").deflateSync(bytes));
}
