/** Bytes put together. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { concatBytes } from "../../../core/util/bytes.ts";

Deno.test("concatBytes() keeps every byte, in order", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (parts) => {
    assert.deepEqual(
      [...concatBytes(parts)],
      parts.flatMap((part) => [...part]),
    );
  }));
});
