import assert from "node:assert/strict";
import { callLibc } from "../../../../core/host/system/errno.ts";

function libcOf(...numbers: readonly number[]): { errno: () => number } {
  const left = [...numbers];
  return { errno: () => left.shift() ?? 0 };
}

Deno.test("An errno that the runtime's own calls may have left is not taken for the call's", () => {
  const calls = [-1, -1n, 7];
  assert.equal(
    callLibc(libcOf(11, 110), "/a", () => calls.shift() ?? 0),
    7,
  );
  assert.throws(
    () => callLibc(libcOf(11, 2), "/a", () => -1),
    { code: "ENOENT" },
  );
});

Deno.test("A call that is told to come again for ever ends with that", () => {
  assert.throws(
    () => callLibc({ errno: () => 11 }, "/a", () => -1),
    { code: "EAGAIN" },
  );
});

Deno.test("a call that fails is no success, whoever has cleared its errno", () => {
  const cleared = { errno: () => 0 };
  assert.throws(() => callLibc(cleared, "/a", () => -1), { code: "EIO" });
  const once = libcOf(0, 2);
  assert.throws(() => callLibc(once, "/a", () => -1), { code: "ENOENT" });
});
