import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";

Deno.test("placeSync() puts a whole file and its folder in place, privately", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const path = `${temp.path}/a/b/file`;
  files.placeSync(path, bytes("one"), { mode: 0o600 });
  assert.equal(await Deno.readTextFile(path), "one");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(`${temp.path}/a/b`)).mode! & 0o777, 0o700);
  assert.deepEqual(await namesIn(`${temp.path}/a/b`), ["file"]);
});

Deno.test("placeSync() leaves the same content alone and replaces any other", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const path = `${temp.path}/file`;
  files.placeSync(path, bytes("one"));
  const { ino } = await Deno.stat(path);
  files.placeSync(path, bytes("one"));
  assert.equal((await Deno.stat(path)).ino, ino);
  for (const other of ["two", "longer", ""]) {
    files.placeSync(path, bytes(other));
    assert.equal(await Deno.readTextFile(path), other);
  }
  assert.deepEqual(await namesIn(temp.path), ["file"]);
});

Deno.test("placeSync() that cannot leaves nothing behind", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  await Deno.mkdir(`${temp.path}/taken/inside`, { recursive: true });
  assert.throws(() => files.placeSync(`${temp.path}/taken`, bytes("one")));
  await Deno.writeTextFile(`${temp.path}/plain`, "");
  assert.throws(() => files.placeSync(`${temp.path}/plain/x`, bytes("one")));
  assert.deepEqual(await namesIn(temp.path), ["plain", "taken"]);
});

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

async function namesIn(path: string): Promise<readonly string[]> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  return entries.map(({ name }) => name).sort();
}

async function tempFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
