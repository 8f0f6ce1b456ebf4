/** SHA-256 by the runtime's own code, which is loaded when the first hash is wanted. */
import { getBuiltinModule } from "node:process";

/** The digest in hex; of a text, that of its UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  const { createHash } = getBuiltinModule("node:crypto");
  return createHash("sha256").update(data).digest("hex");
}
