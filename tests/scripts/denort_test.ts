/** A release takes no runtime but the one it was told of. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { downloadZipped, findDenort } from "../../scripts/denort.ts";

const CONTENT = new TextEncoder().encode("a runtime\n".repeat(100));
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

// A local header, the packed bytes, one entry of the directory, and its end.
function zip(): Uint8Array<ArrayBuffer> {
  const packed = deflateRawSync(CONTENT);
  const name = new TextEncoder().encode("denort");
  const out = new Uint8Array(30 + 46 + 22 + 2 * name.length + packed.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(26, name.length, true);
  out.set(name, 30);
  out.set(packed, 30 + name.length);
  const entry = 30 + name.length + packed.length;
  view.setUint32(entry, 0x02014b50, true);
  view.setUint16(entry + 10, 8, true);
  view.setUint32(entry + 20, packed.length, true);
  view.setUint32(entry + 24, CONTENT.length, true);
  view.setUint16(entry + 28, name.length, true);
  const end = entry + 46 + name.length;
  view.setUint32(end, 0x06054b50, true);
  view.setUint16(end + 10, 1, true);
  view.setUint32(end + 16, entry, true);
  return out;
}

Deno.test("downloadZipped() gives out the file only with its pinned hash", async () => {
  const archive = zip();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ url }) =>
      url.endsWith("/denort.zip")
        ? new Response(archive)
        : new Response("gone", { status: 404 }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/denort.zip`;
  const found = new Uint8Array(await downloadZipped(url, SHA256));
  assert.deepEqual(found, CONTENT);
  await assert.rejects(
    downloadZipped(url, "0".repeat(64)),
    /its sha256 is [0-9a-f]{64}, must be 0{64}$/,
  );
  await assert.rejects(downloadZipped(`${url}x`, SHA256), /HTTP status 404/);
});

Deno.test("findDenort() takes no package for a release", async () => {
  const folder = await Deno.makeTempDir();
  const named = Deno.env.get("DENORT_BIN");
  Deno.env.delete("DENORT_BIN");
  try {
    await Deno.writeTextFile(`${folder}/denort-2.6.10`, "anything");
    await assert.rejects(
      findDenort(folder, { isRelease: true }),
      /no sha256 of denort .* is pinned .* DENORT_BIN must name the file/,
    );
    Deno.env.set("DENORT_BIN", `${folder}/denort-2.6.10`);
    const { source } = await findDenort(folder, { isRelease: true });
    assert.equal(source, "$DENORT_BIN");
  } finally {
    if (named === undefined) Deno.env.delete("DENORT_BIN");
    else Deno.env.set("DENORT_BIN", named);
    await Deno.remove(folder, { recursive: true });
  }
});
