/** A release takes no runtime but the one it was told of. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { zipSync } from "fflate";
import { downloadZipped, findDenort, loadPins } from "../../scripts/denort.ts";
import { localTarget } from "../../scripts/targets.ts";

const CONTENT = new TextEncoder().encode("a runtime\n".repeat(100));
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

function zip(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(zipSync({ denort: CONTENT }));
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

// What a program of this system begins with, and no more.
async function writeHead(path: string): Promise<void> {
  const head = new Uint8Array(32);
  for (const [offset, hex] of localTarget().head) {
    head.set(Uint8Array.fromHex(hex), offset);
  }
  await Deno.writeFile(path, head);
}

Deno.test("findDenort() takes no package for a release", async () => {
  const folder = await Deno.makeTempDir();
  const named = Deno.env.get("DENORT_BIN");
  Deno.env.delete("DENORT_BIN");
  try {
    await Deno.writeTextFile(`${folder}/denort-2.6.10`, "anything");
    await assert.rejects(
      findDenort(folder, { isRelease: true, target: localTarget() }),
      /no sha256 of denort .* is pinned .* DENORT_BIN must name the file/,
    );
    Deno.env.set("DENORT_BIN", `${folder}/denort-2.6.10`);
    await assert.rejects(
      findDenort(folder, { isRelease: true, target: localTarget() }),
      /is no program of that system, must be its denort$/,
    );
    await writeHead(`${folder}/denort-2.6.10`);
    const { source } = await findDenort(folder, {
      isRelease: true,
      target: localTarget(),
    });
    assert.equal(source, "$DENORT_BIN");
  } finally {
    if (named === undefined) Deno.env.delete("DENORT_BIN");
    else Deno.env.set("DENORT_BIN", named);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadPins() prints the row of what was given out for a target", async () => {
  const row = await loadPins([localTarget()], () => Promise.resolve(zip()));
  assert.equal(
    row,
    `  "${Deno.version.deno} ${Deno.build.target}":\n    "${SHA256}",\n`,
  );
});
