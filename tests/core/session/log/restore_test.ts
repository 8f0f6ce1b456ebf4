import assert from "node:assert/strict";
import * as fc from "fast-check";
import { SessionError } from "../../../../core/protocol/error.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type {
  RestoredThread,
  ThreadLog,
} from "../../../../core/protocol/log.ts";
import {
  reopenThread,
  restoreThread,
} from "../../../../core/session/log/restore.ts";
import { indexPathOf } from "../../../../core/session/log/files.ts";
import {
  findCompaction,
  openIndex,
} from "../../../../core/session/log/shortcut.ts";
import {
  createThreadLog,
  openThreadLog,
} from "../../../../core/session/log/log_writer.ts";
import { copyLog } from "../../../../core/session/library/copy.ts";
import { Life, type LifeAccount, lifeStep } from "./lives.ts";
import {
  callItem,
  HOME,
  item,
  type MemoryDisk,
  memoryDisk,
  memoryHost,
  META,
  outputItem,
  restoreText,
  SETTINGS,
  turnFacts,
  userItem,
  writeLog,
} from "./support.ts";

// The long form, before a change of the format is merged: 2000 and 10000.
const RUNS = Number(Deno.env.get("RESTORE_RUNS") ?? 300);
const MUTATIONS = Number(Deno.env.get("MUTATIONS") ?? 1_500);

Deno.test("restoreThread() tells every life as it was lived", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(lifeStep, { maxLength: 40, size: "max" }),
      async (steps) => {
        const disk = memoryDisk();
        const life = await beginLife(disk);
        for (const step of steps) await life.live(step);
        await life.log.close();
        if (!disk.content.has(life.log.path)) return;
        const { thread } = await restoreThread(disk.files, life.log.path);
        assert.deepEqual(accountOf(thread), life.account);
        assert.deepEqual(thread.problems, []);
      },
    ),
    { numRuns: RUNS },
  );
});

const FOREIGN = '{"timestamp":"2026","type":"response_item",' +
  '"payload":{"type":"message","role":"user","content":[]}}\n';
/** What comes behind the last line; undefined where the log was closed in order. */
const ends = fc.constantFrom(undefined, "", '{"timestamp":"20', "x\n", FOREIGN);

Deno.test("reopenThread() tells every life as restoreThread() does, whatever its end", async () => {
  let byIndex = 0;
  let byCompaction = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(lifeStep, { maxLength: 40, size: "max" }),
      ends,
      async (steps, end) => {
        const disk = memoryDisk();
        const life = await beginLife(disk);
        for (const step of steps) await life.live(step);
        if (end === undefined) await life.log.close();
        const { path } = life.log;
        if (!disk.content.get(path)?.length) return;
        disk.put(path, disk.text(path) + (end ?? ""));
        const whole = await restoreThread(disk.files, path);
        const quick = await reopenThread(disk.files, path);
        const { protectedLines: _judged, ...wholeEnd } = whole.end;
        const { protectedLines: _read, ...quickEnd } = quick.end;
        assert.deepEqual(quick.thread, whole.thread);
        assert.deepEqual(quick.fold.state, whole.fold.state);
        assert.deepEqual(quickEnd, wholeEnd);
        if (await openIndex(disk.files, path)) byIndex++;
        else if (await findCompaction(disk.files, path)) byCompaction++;
      },
    ),
    { numRuns: RUNS },
  );
  assert.ok(byIndex > RUNS / 20 && byCompaction > RUNS / 20);
});

Deno.test("reopenThread() reads nothing that is not sent, and leaves older damage to restoreThread()", async () => {
  const text = userItem("x y ".repeat(300_000));
  const old = Array.from({ length: 8 }, () => item(text));
  const compacted = {
    type: "compacted",
    summary: "",
    replacement: [userItem("the story so far")],
    handover: null,
  } as const;
  for (const indexBytes of [0, Infinity]) {
    const disk = memoryDisk();
    const log = await createThreadLog(memoryHost(disk), {
      codexHome: HOME,
      meta: META,
      indexBytes,
    });
    const { path } = log;
    for (const fact of [...old, compacted, item(userItem("go on"))]) {
      log.append(fact);
    }
    await log.close();
    const damaged = disk.text(path).replace("x y", "y x");
    disk.put(path, damaged);
    let read = 0;
    const files: typeof disk.files = {
      ...disk.files,
      readRange: async (...range) => {
        const bytes = await disk.files.readRange(...range);
        read += bytes.length;
        return bytes;
      },
    };
    const { thread } = await reopenThread(files, path);
    assert.ok(read < 4 * LIMITS.sessionChunkBytes, `${read} bytes`);
    assert.deepEqual(thread.items, [
      userItem("the story so far"),
      userItem("go on"),
    ]);
    assert.deepEqual(thread.problems, []);
    const whole = await restoreThread(disk.files, path);
    assert.deepEqual(whole.thread.items, thread.items);
    assert.deepEqual(whole.thread.problems, [
      "line 2 is left out: its checksum does not match",
    ]);
  }
});

Deno.test("an index that says something else than the log is ignored", async () => {
  const disk = memoryDisk();
  const log = await createThreadLog(memoryHost(disk), {
    codexHome: HOME,
    meta: META,
    indexBytes: 0,
  });
  for (const fact of turnFacts("t1", "hello")) log.append(fact);
  await log.close();
  const { path } = log;
  const index = disk.text(indexPathOf(path));
  assert.notEqual(await openIndex(disk.files, path), undefined);
  const lines = disk.text(path);
  const check = lines.slice(-19);
  const changes: readonly (readonly [string, string])[] = [
    [lines + " ", index],
    [lines.replace(check, check.replace(/[0-9a-f]/, "g")), index],
    [lines, index.slice(0, -20)],
    [lines, index.replace("hello", "olleh").replace('"lines"', '"liens"')],
    [lines, ""],
    [lines, "null"],
  ];
  for (const [bytes, text] of changes) {
    disk.put(path, bytes);
    disk.put(indexPathOf(path), text);
    assert.equal(await openIndex(disk.files, path), undefined);
  }
});

Deno.test("restoreThread() reports what mutations did and alters no item", async () => {
  const life = fc.array(lifeStep, { minLength: 5, maxLength: 30, size: "max" });
  const rounds = Math.ceil(MUTATIONS / 10);
  await fc.assert(
    fc.asyncProperty(
      life,
      fc.array(mutation, { minLength: 10, maxLength: 10 }),
      async (steps, mutations) => {
        const disk = memoryDisk();
        const lived = await beginLife(disk);
        for (const step of steps) await lived.live(step);
        await lived.log.close();
        const bytes = disk.content.get(lived.log.path);
        if (bytes === undefined) return;
        const said = await wholeTextOf(disk, lived.log.path);
        const { thread } = await restoreThread(disk.files, lived.log.path);
        for (const mutate of mutations) {
          await judgeMutant(thread, mutate(bytes), { said, disk });
        }
      },
    ),
    { numRuns: rounds },
  );
});

Deno.test("restoreThread() cuts a torn last line and says so", async () => {
  const disk = memoryDisk();
  const path = await writeLog(memoryHost(disk), turnFacts("t1", "hello"));
  const whole = disk.text(path);
  const before = await restoreThread(disk.files, path);
  const torn = await restoreText(whole + '{"timestamp":"2026');
  assert.deepEqual(torn.thread, {
    ...before.thread,
    problems: ["line 10 is torn: its 18 bytes are left out"],
  });
  assert.equal(torn.end.bytes, whole.length);
  assert.equal(torn.end.tornBytes, 18);
});

Deno.test("restoreThread() takes a whole last line that lacks its newline", async () => {
  const disk = memoryDisk();
  const path = await writeLog(memoryHost(disk), [item(userItem("hello"))]);
  const { thread, end } = await restoreText(disk.text(path).trimEnd());
  assert.deepEqual(thread.items, [userItem("hello")]);
  assert.deepEqual(thread.problems, []);
  assert.equal(end.lacksNewline, true);
});

Deno.test("restoreThread() leaves out a garbage line and keeps the rest", async () => {
  const lines = await linesOf([
    item(userItem("one")),
    item(userItem("two")),
    item(userItem("three")),
  ]);
  lines[2] = "garbage";
  const { thread } = await restoreText(lines.join("\n") + "\n");
  assert.deepEqual(thread.items, [userItem("one"), userItem("three")]);
  assert.deepEqual(thread.problems, ["line 3 is left out: it is not JSON"]);
});

Deno.test("restoreThread() leaves out a line whose text was changed", async () => {
  const lines = await linesOf([item(userItem("one")), item(userItem("two"))]);
  lines[1] = lines[1]?.replace("one", "eno") ?? "";
  const { thread } = await restoreText(lines.join("\n") + "\n");
  assert.deepEqual(thread.items, [userItem("two")]);
  assert.deepEqual(thread.problems, [
    "line 2 is left out: its checksum does not match",
  ]);
});

Deno.test("restoreThread() notices a missing line and a repeated one", async () => {
  const lines = await linesOf([
    item(userItem("one")),
    item(userItem("two")),
    item(userItem("three")),
  ]);
  const missing = await restoreText(
    [lines[0], lines[1], lines[3], ""].join("\n"),
  );
  assert.deepEqual(missing.thread.items, [userItem("one"), userItem("three")]);
  assert.deepEqual(missing.thread.problems, [
    "before line 3 1 line is missing",
  ]);
  const twice = await restoreText(
    [lines[0], lines[1], lines[1], lines[2], ""].join("\n"),
  );
  assert.deepEqual(twice.thread.items, [userItem("one"), userItem("two")]);
  assert.deepEqual(twice.thread.problems, [
    "line 3 is left out: it is repeated or out of order",
  ]);
});

Deno.test("restoreThread() leaves out an output whose call was lost", async () => {
  const lines = await linesOf([
    item(callItem("c1")),
    item(outputItem("c1")),
    item(userItem("on")),
  ]);
  lines[1] = "x";
  const { thread } = await restoreText(lines.join("\n") + "\n");
  assert.deepEqual(thread.items, [userItem("on")]);
  assert.deepEqual(thread.problems, [
    "line 2 is left out: it is not JSON",
    "the output of call c1 is left out: its call is not on record",
  ]);
});

Deno.test("restoreThread() tells open calls and whether they were started", async () => {
  const disk = memoryDisk();
  const path = await writeLog(memoryHost(disk), [
    { type: "turn_started", turnId: "t", settings: SETTINGS },
    item(callItem("a")),
    { type: "call_started", callId: "a", name: "shell" },
    item(callItem("b", "update_plan")),
  ]);
  const { thread } = await restoreThread(disk.files, path);
  assert.deepEqual(thread.openCalls, [
    { callId: "a", name: "shell", form: "function", started: true },
    { callId: "b", name: "update_plan", form: "function", started: false },
  ]);
  assert.equal(thread.unfinishedTurn, true);
});

Deno.test("restoreThread() makes do without a first line", async () => {
  const lines = await linesOf(turnFacts("t1", "hello"));
  lines[0] = "{}";
  const { thread } = await restoreText(lines.join("\n") + "\n");
  assert.equal(thread.meta.id, META.id);
  assert.equal(thread.meta.cwd, SETTINGS.cwd);
  assert.equal(thread.items.length, 3);
  assert.deepEqual(thread.problems, [
    "line 1 is left out: it is not a line of a session log",
    "the first line is lost: folder and instructions are unknown",
  ]);
});

Deno.test("restoreThread() refuses a file that is no session", async () => {
  await assert.rejects(() => restoreText("hello\nworld\n"), SessionError);
  await assert.rejects(() => restoreText(""), SessionError);
  const { files } = memoryDisk();
  await assert.rejects(() => restoreThread(files, "/none.jsonl"), {
    name: "SessionError",
    message: "Cannot read session /none.jsonl: there is no such file",
  });
});

Deno.test("restoreThread() goes back to the settings of the turn that stays", async () => {
  const other = { ...SETTINGS, cwd: "/elsewhere" };
  const disk = memoryDisk();
  const path = await writeLog(memoryHost(disk), [
    { type: "turn_started", turnId: "1", settings: SETTINGS },
    item(userItem("one")),
    { type: "turn_started", turnId: "2", settings: other },
    item(userItem("two")),
    { type: "rolled_back", turns: 1 },
  ]);
  const { thread } = await restoreThread(disk.files, path);
  assert.deepEqual(thread.items, [userItem("one")]);
  assert.deepEqual(thread.settings, SETTINGS);
});

type Mutation = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;

// Everywhere alike: the generator of fractions favours those next to zero.
const place = fc.noBias(fc.nat(2 ** 31 - 2)).map((n) => n / 2 ** 31);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(place, fc.nat(7)).map(
      ([at, bit]): Mutation => (bytes) => flip(bytes, at, bit),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(place, place, fc.nat(7), fc.nat(7)).map(
      ([a, b, x, y]): Mutation => (bytes) => flip(flip(bytes, a, x), b, y),
    ),
  },
  {
    weight: 1,
    arbitrary: place.map((at): Mutation => (bytes) =>
      bytes.slice(0, at * bytes.length)
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(place, fc.nat(60)).map(
      ([at, count]): Mutation => (bytes) => {
        const from = Math.floor(at * bytes.length);
        return joined(bytes.slice(0, from), bytes.slice(from + count));
      },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(place, place).map(([a, b]): Mutation => (bytes) =>
      withLines(bytes, (lines) => {
        const [i, j] = [a, b].map((at) => Math.floor(at * lines.length));
        [lines[i!], lines[j!]] = [lines[j!]!, lines[i!]!];
      })
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(place, place).map(([a, b]): Mutation => (bytes) =>
      withLines(bytes, (lines) => {
        const copy = lines[Math.floor(a * lines.length)]!;
        lines.splice(Math.floor(b * lines.length), 0, copy);
      })
    ),
  },
  {
    weight: 1,
    arbitrary: place.map((at): Mutation => (bytes) =>
      withLines(
        bytes,
        (lines) => void lines.splice(Math.floor(at * lines.length), 1),
      )
    ),
  },
);

// Either something is reported, or the log is what it was up to a line that was its end.
async function judgeMutant(
  original: RestoredThread,
  bytes: Uint8Array,
  { said, disk }: { readonly said: string; readonly disk: MemoryDisk },
): Promise<void> {
  let thread: RestoredThread;
  try {
    ({ thread } = await restoreText(bytes, disk));
  } catch (error) {
    assert.ok(error instanceof SessionError, String(error));
    return;
  }
  for (const text of thread.items) {
    assert.ok(said.includes(text), `an altered item: ${text}`);
  }
  if (thread.problems.length > 0) return;
  assert.deepEqual(thread.meta, original.meta);
  if (thread.generation === original.generation) {
    const count = thread.items.length;
    assert.deepEqual(thread.items, original.items.slice(0, count));
  }
}

function flip(
  bytes: Uint8Array,
  at: number,
  bit: number,
): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  const index = Math.floor(at * copy.length);
  if (copy.length > 0) copy[index]! ^= 1 << bit;
  return copy;
}

function withLines(
  bytes: Uint8Array,
  change: (lines: string[]) => void,
): Uint8Array {
  const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  change(lines);
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}

async function beginLife(disk: MemoryDisk): Promise<Life> {
  const host = memoryHost(disk);
  const options = { codexHome: HOME, indexBytes: 0 };
  const log: ThreadLog = await createThreadLog(host, {
    ...options,
    meta: META,
  });
  const life: Life = new Life(log, async (torn) => {
    await life.log.close();
    const { path } = life.log;
    if (!disk.content.has(path)) {
      return await createThreadLog(host, { ...options, meta: META });
    }
    if (torn !== "") disk.put(path, disk.text(path) + torn);
    const again = await openThreadLog(host, path, options);
    assert.equal(again.thread.problems.length, torn === "" ? 0 : 1);
    return again.log;
  });
  return life;
}

function accountOf(thread: RestoredThread): LifeAccount {
  const { at, ...lastRequest } = thread.lastRequest ?? { at: undefined };
  if (at !== undefined) assert.equal(new Date(at).toISOString(), at);
  return {
    items: thread.items,
    openCalls: thread.openCalls,
    settings: thread.settings,
    usage: thread.usage,
    name: thread.name,
    generation: thread.generation,
    handover: thread.handover,
    isInTurn: thread.unfinishedTurn,
    lastRequest: at === undefined ? undefined : lastRequest,
  };
}

async function wholeTextOf(disk: MemoryDisk, path: string): Promise<string> {
  const lines = copyLog(disk.files, path, { payloads: "inline" });
  return (await Array.fromAsync(lines)).join("");
}

async function linesOf(
  facts: Parameters<typeof writeLog>[1],
): Promise<string[]> {
  const disk = memoryDisk();
  const path = await writeLog(memoryHost(disk), facts);
  return disk.text(path).trimEnd().split("\n");
}
