import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import type { Host } from "../../../../core/protocol/host.ts";
import {
  type LockOwner,
  openWriterLock,
  readLockOwner,
} from "../../../../core/session/log/lock.ts";

Deno.test("openWriterLock() refuses a second writer and names the first", async () => {
  await using place = await makePlace();
  const { host, log } = place;
  const lock = await openWriterLock(host, log);
  await assert.rejects(() => openWriterLock(host, log), (error: Error) => {
    assert.equal(error.name, "SessionError");
    assert.match(
      error.message,
      new RegExp(`process ${Deno.pid} has had it open`),
    );
    return true;
  });
  assert.equal((await readLockOwner(host, log))?.pid, Deno.pid);
  await lock.release();
  assert.equal(await readLockOwner(host, log), undefined);
  await (await openWriterLock(host, log)).release();
});

Deno.test("openWriterLock() takes over from a process that is gone", async () => {
  await using place = await makePlace();
  const { host, log } = place;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", ""],
    stdout: "null",
  }).spawn();
  await child.status;
  await putLock(host, log, { pid: child.pid });
  assert.equal(await readLockOwner(host, log), undefined);
  const lock = await openWriterLock(host, log);
  assert.equal((await readOwner(log)).pid, Deno.pid);
  await lock.release();
  assert.deepEqual(await Array.fromAsync(Deno.readDir(place.folder)), []);
});

Deno.test({
  name: "openWriterLock() takes over when the pid was given to another process",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using place = await makePlace();
    const { host, log } = place;
    await putLock(host, log, { pid: Deno.pid, processStart: "1" });
    await (await openWriterLock(host, log)).release();
  },
});

Deno.test("openWriterLock() takes over after a reboot of the same machine", async () => {
  await using place = await makePlace();
  const { host, log } = place;
  await putLock(host, log, { pid: Deno.pid, boot: "an-earlier-boot" });
  await (await openWriterLock(host, log)).release();
});

Deno.test("openWriterLock() respects a writer of another container while it writes", async () => {
  await using place = await makePlace();
  const { host, log } = place;
  await Deno.writeTextFile(log, "");
  await putLock(host, log, { pid: 1, pidSpace: "pid:[1]" });
  await assert.rejects(() => openWriterLock(host, log), /process 1 has had it/);
  const later: Host = {
    ...host,
    now: () => new Date(Date.now() + 3_600_000),
  };
  await (await openWriterLock(later, log)).release();
});

Deno.test("openWriterLock() waits for nobody who left an empty lock long ago", async () => {
  await using place = await makePlace();
  const { host, log } = place;
  await Deno.writeTextFile(`${log}.lock`, "");
  await assert.rejects(() => openWriterLock(host, log), /is opening it/);
  await Deno.utime(`${log}.lock`, new Date(0), new Date(0));
  await (await openWriterLock(host, log)).release();
});

Deno.test("release() leaves the lock of somebody else alone", async () => {
  await using place = await makePlace();
  const { host, log } = place;
  const lock = await openWriterLock(host, log);
  await putLock(host, log, { pid: 1, token: "other" });
  await lock.release();
  assert.equal((await readOwner(log)).token, "other");
});

Deno.test("openWriterLock() lets exactly one of many take over a dead lock", async () => {
  for (let round = 0; round < 20; round++) {
    await using place = await makePlace();
    const { host, log } = place;
    await putLock(host, log, { pid: 1, processStart: "never", boot: "gone" });
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => openWriterLock(host, log)),
    );
    const won = results.filter(({ status }) => status === "fulfilled");
    assert.equal(won.length, 1);
  }
});

interface Place extends AsyncDisposable {
  readonly host: Host;
  readonly folder: string;
  readonly log: string;
}

async function makePlace(): Promise<Place> {
  const folder = await Deno.makeTempDir();
  return {
    host: denoHost(),
    folder,
    log: `${folder}/rollout.jsonl`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

// A lock like one of this process, but for what is given.
async function putLock(
  host: Host,
  log: string,
  owner: Partial<LockOwner>,
): Promise<void> {
  const sample = `${log}.sample`;
  await (await openWriterLock(host, sample)).release();
  const lock = await openWriterLock(host, sample);
  const own = await readOwner(sample);
  await lock.release();
  await Deno.writeTextFile(`${log}.lock`, JSON.stringify({ ...own, ...owner }));
}

async function readOwner(log: string): Promise<LockOwner> {
  return JSON.parse(await Deno.readTextFile(`${log}.lock`));
}
