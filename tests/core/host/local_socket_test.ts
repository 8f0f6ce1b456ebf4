/** A socket in the file system: who may open it, and what may stand in its place. */
import assert from "node:assert/strict";
import { openLocalSocket } from "../../../core/host/local_socket.ts";
import { errorCode } from "../../../core/protocol/error.ts";

Deno.test("a socket takes the place of a dead one, and of nothing else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rondo-socket-" });
  const path = `${folder}/s`;
  try {
    // A process that is killed leaves its socket.
    Deno.listen({ transport: "unix", path }).close();
    const socket = await openLocalSocket(path);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    await assert.rejects(
      openLocalSocket(path),
      (error) => errorCode(error) === "EADDRINUSE",
    );
    socket.close();
    await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
    await Deno.writeTextFile(path, "mine");
    await assert.rejects(
      openLocalSocket(path),
      (error) => errorCode(error) === "EEXIST",
    );
    assert.equal(await Deno.readTextFile(path), "mine");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a peer on a socket is read to its end and written to", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rondo-socket-" });
  const path = `${folder}/s`;
  const socket = await openLocalSocket(path);
  try {
    const [client, peer] = await Promise.all([
      Deno.connect({ transport: "unix", path }),
      first(socket.peers),
    ]);
    await client.write(new TextEncoder().encode("hello"));
    const bytes = await peer.input.read();
    assert.equal(new TextDecoder().decode(bytes ?? undefined), "hello");
    peer.output.write("and you");
    const buffer = new Uint8Array(16);
    const count = await client.read(buffer) ?? 0;
    assert.equal(
      new TextDecoder().decode(buffer.subarray(0, count)),
      "and you",
    );
    client.close();
    assert.equal(await peer.input.read(), null);
    peer.close();
  } finally {
    socket.close();
    await Deno.remove(folder, { recursive: true });
  }
});

async function first<T>(values: AsyncIterable<T>): Promise<T> {
  for await (const value of values) return value;
  throw new Error("none came");
}
