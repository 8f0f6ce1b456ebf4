import assert from "node:assert/strict";
import { SessionError } from "../../../../core/protocol/error.ts";
import type { Host } from "../../../../core/protocol/host.ts";
import { restoreThread } from "../../../../core/session/log/restore.ts";
import {
  forkThread,
  resumeThread,
  startThread,
} from "../../../../core/session/thread/open.ts";
import { openInput } from "../../../support/laws.ts";
import { mockModel, type MockRequest } from "../../../support/mock_model.ts";
import {
  callItem,
  type Fault,
  item,
  type MemoryDisk,
  memoryDisk,
  userItem,
  writeLog,
} from "../log/support.ts";
import {
  factoryOf,
  LivingThread,
  markScript,
  markTool,
  processOn,
} from "../support.ts";
import { TEST_SETTINGS } from "../../../support/settings.ts";

const CALLS = 6;

/** What is left of a process that died at one moment. */
interface Remains {
  /** 1 when it had been resumed before. */
  readonly resumes: number;
  readonly content: MemoryDisk["content"];
  readonly ran: readonly string[];
  /** By this thread, whichever process it was in. */
  readonly lastSent: MockRequest | undefined;
}

Deno.test("resumeThread() goes on from a death at every write boundary", async () => {
  // The branches of one thread do not extend each other.
  await using model = mockModel({ script: markScript(CALLS), laws: false });
  const disk = memoryDisk();
  const ran: string[] = [];
  const deaths: Remains[] = [];
  const note = (
    on: MemoryDisk,
    before: Omit<Remains, "content">,
  ) => {
    const first = model.requests.length;
    return (path: string, torn: string): void => {
      const content = new Map(on.content);
      content.set(path, new TextEncoder().encode(on.text(path) + torn));
      const { requests } = model;
      const lastSent = requests.length > first
        ? requests.at(-1)
        : before.lastSent;
      deaths.push({ ...before, ran: [...before.ran], content, lastSent });
    };
  };
  const die = note(disk, { resumes: 0, ran, lastSent: undefined });
  const host = dyingHost(processOn(disk, 1), die);
  const tools = [markTool(ran)];
  const opened = await startThread(factoryOf({ host, url: model.url, tools }));
  const { logPath } = opened;
  {
    await using living = new LivingThread(opened);
    assert.deepEqual(await living.turn("go"), {
      type: "done",
      message: "all done",
    });
  }
  assert.equal(ran.length, CALLS);
  assert.ok(deaths.length > 3 * 3 * CALLS, "items, intents and requests");
  for (const [at, remains] of deaths.entries()) {
    const again = memoryDisk();
    remains.content.forEach((data, path) => again.content.set(path, data));
    const next = model.requests.length;
    const all = [...remains.ran];
    // Every so often it dies again while it goes on, and is gone on with a third time.
    const isMortal = remains.resumes === 0 && at % 17 === 0;
    const revived = processOn(again, remains.resumes + 2);
    const factory = factoryOf({
      host: isMortal
        ? dyingHost(revived, note(again, { ...remains, resumes: 1, ran: all }))
        : revived,
      url: model.url,
      tools: [markTool(all)],
    });
    if (again.text(logPath) === "" || !again.text(logPath).includes("\n")) {
      await assert.rejects(resumeThread(factory, logPath), SessionError);
      assert.ok(!again.content.has(`${logPath}.lock`));
      continue;
    }
    const { thread } = await restoreThread(again.files, logPath);
    await using living = new LivingThread(await resumeThread(factory, logPath));
    assert.equal((await living.turn("go on")).type, "done", `death ${at}`);
    assert.deepEqual(all, [...new Set(all)], `death ${at}: nothing ran twice`);
    const kept = living.items.slice(0, thread.items.length);
    assert.deepEqual(kept, thread.items, `death ${at}: nothing is lost`);
    const { resume } = await living.started();
    assert.ok(resume?.exact ?? true, `death ${at}: ${resume?.cause}`);
    if (remains.lastSent === undefined) continue;
    const input = openInput(model.request(next));
    assert.ok(input.startsWith(openInput(remains.lastSent)), `death ${at}`);
  }
  assert.ok(deaths.some(({ resumes }) => resumes === 1));
});

for (const code of ["ENOSPC", "EIO"] as const) {
  for (const stays of [true, false]) {
    const how = `${code}${stays ? ", which stays," : ""}`;
    Deno.test(`a turn meets ${how} at each write and ends with one failure`, async () => {
      for (let write = 1;; write++) {
        const partial = write % 3 * 20;
        const hit = await liveWithFault((at) =>
          (stays ? at >= write : at === write) ? { code, partial } : undefined
        );
        if (!hit) {
          assert.ok(write > 3 * CALLS, "every kind of write had its turn");
          return;
        }
      }
    });
  }
}

// False when the turn came to its end before the fault.
async function liveWithFault(
  faultAt: (write: number) => Fault | undefined,
): Promise<boolean> {
  await using model = mockModel({ script: markScript(CALLS) });
  const disk = memoryDisk();
  let hits = 0;
  disk.faultAt = (write) => {
    const fault = faultAt(write);
    if (fault !== undefined) hits++;
    return fault;
  };
  const ran: string[] = [];
  const tools = [markTool(ran)];
  const host = processOn(disk, 1);
  const living = new LivingThread(
    await startThread(factoryOf({ host, url: model.url, tools })),
  );
  const outcome = await living.turn("go");
  const isHit = hits > 0;
  if (isHit) {
    assert.equal(outcome.type, "failed");
    assert.ok(outcome.type === "failed");
    assert.equal(outcome.error.kind, "session");
    assert.match(outcome.error.message, /^Cannot write session .*(ENOSPC|EIO)/);
    assert.equal(living.ended().length, 1);
    // The disk may have room again: what is left must be fit to go on with.
    const isBack = faultAt(Infinity) === undefined;
    const { type } = await living.turn("again");
    assert.equal(type, isBack ? "done" : "failed");
  }
  const { items } = living;
  await living.close();
  assert.ok(
    !disk.content.has(`${living.logPath}.lock`),
    "the lock is given up",
  );
  if (!disk.content.has(living.logPath)) {
    assert.deepEqual([items, ran], [[], []], "nothing was said or done");
    return isHit;
  }
  const { thread } = await restoreThread(disk.files, living.logPath);
  assert.deepEqual(thread.items, items, "what was said can be read");
  const intents = disk.text(living.logPath).split('"call_started"').length - 1;
  assert.ok(ran.length <= intents, "nothing is done that is not on record");
  return isHit;
}

function dyingHost(
  host: Host,
  die: (path: string, torn: string) => void,
): Host {
  let log = "";
  const openAppend: Host["files"]["openAppend"] = async (path, options) => {
    const file = await host.files.openAppend(path, options);
    log = path;
    return {
      ...file,
      write(text) {
        die(path, "");
        die(path, text.slice(0, Math.floor(text.length / 2)));
        file.write(text);
        die(path, "");
      },
    };
  };
  const placeSync: Host["files"]["placeSync"] = (path, data, options) => {
    if (log === "") return host.files.placeSync(path, data, options);
    die(log, "");
    host.files.placeSync(path, data, options);
    die(log, "");
  };
  return { ...host, files: { ...host.files, openAppend, placeSync } };
}

Deno.test("a disk that cannot sync fails the turn before anything is done", async () => {
  await using model = mockModel({ script: markScript(2) });
  const disk = memoryDisk();
  disk.syncFault = () => ({ code: "EIO", partial: 0 });
  const ran: string[] = [];
  const tools = [markTool(ran)];
  const host = processOn(disk, 1);
  const living = new LivingThread(
    await startThread(factoryOf({ host, url: model.url, tools })),
  );
  const outcome = await living.turn("go");
  assert.ok(outcome.type === "failed");
  assert.equal(outcome.error.kind, "session");
  assert.match(outcome.error.message, /^Cannot sync session .*EIO/);
  assert.deepEqual(ran, []);
  await living.close();
});

Deno.test("resumeThread() says what drifted and what that costs, before it is sent", async () => {
  const cases = [
    [{}, ""],
    [{ instructions: "Be another." }, "instructions changed"],
    [{ tools: [] }, "tools changed"],
    [
      {
        settings: {
          model: { ...TEST_SETTINGS.model, slug: "other" },
        },
      },
      "model changed from test-model to other",
    ],
  ] as const;
  await using model = mockModel({ script: markScript(2), laws: false });
  const { disk, logPath } = await livedDisk(model.url);
  for (const [change, cause] of cases) {
    const sent = model.requests.length;
    const tools = [markTool([])];
    const host = processOn(disk, 2);
    const factory = factoryOf({ host, url: model.url, tools, ...change });
    await using living = new LivingThread(await resumeThread(factory, logPath));
    const { resume, resumed } = await living.started();
    assert.equal(resumed, true);
    assert.equal(resume?.cause, cause);
    assert.equal(resume?.exact, cause === "");
    assert.equal(resume!.lostTokens > 0, cause !== "");
    const warned = living.warnings().filter((text) => text.includes(cause));
    assert.equal(warned.length, cause === "" ? 0 : 1);
    assert.equal(model.requests.length, sent, "nothing was sent for that");
  }
});

Deno.test("resumeThread() of an ephemeral run leaves the disk as it is", async () => {
  await using model = mockModel({ script: markScript(2), laws: false });
  const { disk, logPath } = await livedDisk(model.url);
  const before = new Map(disk.content);
  const host = processOn(disk, 2);
  const tools = [markTool([])];
  const options = { host, url: model.url, tools, ephemeral: true };
  {
    const opened = await resumeThread(factoryOf(options), logPath);
    await using living = new LivingThread(opened);
    assert.equal((await living.turn("go on")).type, "done");
  }
  assert.deepEqual(disk.content, before);
});

Deno.test("forkThread() and resumeThread() leave neither lock nor file when they fail", async () => {
  await using model = mockModel({ script: markScript(2), laws: false });
  const { disk, logPath } = await livedDisk(model.url);
  const before = [...disk.content.keys()];
  const host = processOn(disk, 2);
  const failure = new Error("no agent");
  const broken = factoryOf({ host, url: model.url, failure });
  await assert.rejects(forkThread(broken, logPath), /no agent/);
  assert.deepEqual([...disk.content.keys()], before);
  await assert.rejects(resumeThread(broken, logPath), /no agent/);
  assert.deepEqual([...disk.content.keys()], before);
  const factory = factoryOf({ host, url: model.url });
  for (const write of [1, 2, 4]) {
    disk.counts.writes = 0;
    disk.faultAt = (at) =>
      at === write ? { code: "ENOSPC", partial: 9 } : undefined;
    await assert.rejects(forkThread(factory, logPath), SessionError);
    assert.deepEqual([...disk.content.keys()], before);
  }
});

Deno.test("resumeThread() that cannot write what became of open calls gives up the lock", async () => {
  await using model = mockModel({ script: [] });
  const disk = memoryDisk();
  const host = processOn(disk, 1);
  const logPath = await writeLog(host, [
    item(userItem("go")),
    item(callItem("open")),
  ]);
  disk.faultAt = () => ({ code: "ENOSPC", partial: 0 });
  const factory = factoryOf({ host, url: model.url });
  await assert.rejects(resumeThread(factory, logPath), SessionError);
  assert.deepEqual([...disk.content.keys()], [logPath]);
});

Deno.test("forkThread() takes the history over, with accounts of its own", async () => {
  await using model = mockModel({ script: markScript(2), laws: false });
  const { disk, logPath, items } = await livedDisk(model.url);
  const factory = factoryOf({ host: processOn(disk, 2), url: model.url });
  const opened = await forkThread(factory, logPath);
  const fork = new LivingThread(opened);
  assert.deepEqual(fork.items, items);
  assert.equal(fork.thread.state.threadUsage.inputTokens, 0);
  await fork.close();
  const { thread } = await restoreThread(disk.files, opened.logPath);
  assert.deepEqual(thread.items, items);
  const original = await restoreThread(disk.files, logPath);
  assert.equal(thread.meta.forkedFrom, original.thread.meta.id);
  await assert.rejects(
    forkThread(factory, logPath, 9),
    /^SessionError: Cannot fork at message 9/,
  );
});

Deno.test("forkThread() keeps the hand-over of a compaction", async () => {
  await using model = mockModel({ script: [] });
  const disk = memoryDisk();
  const host = processOn(disk, 1);
  const handover = { request: "the first words" };
  const replacement = [userItem("summary")];
  const logPath = await writeLog(host, [
    item(userItem("long ago")),
    { type: "compacted", summary: "so far", replacement, handover },
    item(userItem("since then")),
  ]);
  const factory = factoryOf({ host, url: model.url });
  const { thread: fork, logPath: path } = await forkThread(factory, logPath);
  fork.submit({ type: "shutdown" });
  await fork.closed;
  const { thread } = await restoreThread(disk.files, path);
  assert.deepEqual(thread.handover, handover);
  assert.deepEqual(thread.items, [...replacement, userItem("since then")]);
});

// A thread of one turn, ended in order.
async function livedDisk(url: string): Promise<{
  readonly disk: MemoryDisk;
  readonly logPath: string;
  readonly items: readonly string[];
}> {
  const disk = memoryDisk();
  const host = processOn(disk, 1);
  const tools = [markTool([])];
  const opened = await startThread(factoryOf({ host, url, tools }));
  const living = new LivingThread(opened);
  assert.equal((await living.turn("go")).type, "done");
  await living.close();
  return { disk, logPath: opened.logPath, items: living.items };
}
