/** The bytes a program stands on, and where they end. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  elfEnd,
  readRuntimeIdentity,
} from "../../../core/host/runtime_identity.ts";

Deno.test("readRuntimeIdentity() hashes the runtime without what is behind it", async () => {
  const { deno, part, sha256 } = await readRuntimeIdentity();
  assert.equal(deno, Deno.version.deno);
  const bytes = await Deno.readFile(Deno.execPath());
  const end = elfEnd(bytes.subarray(0, 64)) ?? bytes.length;
  assert.equal(part, Deno.build.os === "linux" ? "runtime" : "executable");
  const hash = createHash("sha256").update(bytes.subarray(0, end));
  assert.equal(sha256, hash.digest("hex"));
});

Deno.test("elfEnd() knows no other file", () => {
  assert.equal(elfEnd(new Uint8Array(64)), undefined);
  assert.equal(elfEnd(new TextEncoder().encode("\x7fELF")), undefined);
});
