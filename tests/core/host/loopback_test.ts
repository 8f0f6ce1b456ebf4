/** Where a browser comes back to. */
import assert from "node:assert/strict";
import { openLoopback } from "../../../core/host/loopback.ts";

async function get(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

Deno.test("openLoopback() takes the first request for its path and no other", async () => {
  const back = openLoopback({ port: 0 });
  const origin = `http://127.0.0.1:${back.port}`;
  const coming = back.comeBack("/callback");
  assert.equal(await get(`${origin}/favicon.ico`), 404);
  assert.equal(
    (await fetch(`${origin}/callback`, { method: "POST", body: "x" })).status,
    404,
  );
  assert.equal(await get(`${origin}/callback?code=1&state=2`), 200);
  assert.equal((await coming).search, "?code=1&state=2");
  assert.equal(await get(`${origin}/callback?code=3`), 404);
  await back.close();
});

Deno.test("openLoopback() listens on this machine alone, and frees its port", async () => {
  const back = openLoopback({ port: 0 });
  await back.close();
  const again = openLoopback({ port: back.port });
  assert.equal(again.port, back.port);
  await again.close();
});
