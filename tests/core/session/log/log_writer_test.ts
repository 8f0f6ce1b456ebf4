import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import { SessionError } from "../../../../core/protocol/error.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type { LogFact } from "../../../../core/protocol/log.ts";
import {
  memoryLog,
  openLogOrMemory,
} from "../../../../core/session/state/memory_log.ts";
import { restoreThread } from "../../../../core/session/log/restore.ts";
import {
  createThreadLog,
  openThreadLog,
} from "../../../../core/session/log/log_writer.ts";
import { readSessionNames } from "../../../../core/session/log/names.ts";
import {
  type Fault,
  HOME,
  item,
  memoryDisk,
  memoryHost,
  META,
  SETTINGS,
  turnFacts,
  usageOf,
  userItem,
  writeLog,
} from "./support.ts";

Deno.test("createThreadLog() makes a private file in the folder of the day", async () => {
  const codexHome = await Deno.makeTempDir();
  const host = denoHost();
  const log = await createThreadLog(host, { codexHome, meta: META });
  const at = new Date(META.createdAt);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())];
  const folder = `${codexHome}/sessions/${day.join("/")}`;
  assert.ok(log.path.startsWith(`${folder}/rollout-${day.join("-")}T`));
  assert.ok(log.path.endsWith(`-${META.id}.jsonl`));
  assert.equal((await Deno.stat(log.path)).mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  log.append(item(userItem("hi")));
  await log.close();
  await Deno.remove(codexHome, { recursive: true });
});

Deno.test("createThreadLog() leaves nothing behind when nothing was said", async () => {
  const codexHome = await Deno.makeTempDir();
  const log = await createThreadLog(denoHost(), { codexHome, meta: META });
  const folder = log.path.slice(0, log.path.lastIndexOf("/"));
  await log.close();
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  await Deno.remove(codexHome, { recursive: true });
});

Deno.test("ThreadLog writes the item's text as it was given, one line per fact", async () => {
  const disk = memoryDisk();
  const odd = '{"type":"message","b":1.0,"a":"\\u00e9 é \u2028","z":{}}';
  const path = await writeLog(memoryHost(disk), [
    item(odd),
    { type: "call_started", callId: "c", name: "shell" },
  ]);
  const lines = disk.text(path).split("\n");
  assert.equal(lines.length, 4);
  assert.ok(
    lines[1]?.includes(`"type":"response_item","payload":${odd},"check"`),
  );
  const objects = lines.slice(0, 3).map((line) => JSON.parse(line));
  assert.deepEqual(objects.map((one) => [one.ordinal, one.type]), [
    [0, "session_meta"],
    [1, "response_item"],
    [2, "event_msg"],
  ]);
  assert.deepEqual(objects[2].payload, {
    type: "call_started",
    call_id: "c",
    name: "shell",
  });
});

Deno.test("ThreadLog speaks of turns in the words of the Codex format", async () => {
  const disk = memoryDisk();
  const path = await writeLog(memoryHost(disk), [
    ...turnFacts("t1", "hello"),
    { type: "rolled_back", turns: 2 },
    { type: "named", name: "n" },
  ]);
  const payloads = disk.text(path).trimEnd().split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === "event_msg")
    .map(({ payload }) => payload);
  assert.deepEqual(payloads.map(({ type }) => type), [
    "task_started",
    "call_started",
    "token_count",
    "task_complete",
    "thread_rolled_back",
    "thread_name_updated",
  ]);
  assert.deepEqual(payloads[2].info.total_token_usage, {
    input_tokens: 100,
    cached_input_tokens: 50,
    cache_write_input_tokens: 1,
    output_tokens: 7,
    reasoning_output_tokens: 3,
    total_tokens: 107,
  });
  assert.equal(payloads[3].last_agent_message, "done");
  assert.equal(payloads[4].num_turns, 2);
});

Deno.test("openThreadLog() goes on where the log ended, in one chain", async () => {
  const disk = memoryDisk();
  const host = memoryHost(disk);
  const path = await writeLog(host, turnFacts("t1", "one"));
  const { log, thread } = await openThreadLog(host, path, { codexHome: HOME });
  assert.equal(thread.items.length, 3);
  for (const fact of turnFacts("t2", "two")) log.append(fact);
  await log.close();
  const { thread: whole, end } = await restoreThread(disk.files, path);
  assert.deepEqual(whole.problems, []);
  assert.equal(whole.items.length, 6);
  assert.equal(whole.usage.inputTokens, 200);
  assert.equal(end.chain.ordinal, 17);
  const last = disk.text(path).split("\n").findLast((line) =>
    line.includes("token_count")
  );
  assert.equal(
    JSON.parse(last!).payload.info.total_token_usage.input_tokens,
    200,
  );
});

Deno.test("openThreadLog() cuts a torn last line before it goes on", async () => {
  const disk = memoryDisk();
  const host = memoryHost(disk);
  const path = await writeLog(host, [item(userItem("one"))]);
  const whole = disk.text(path);
  disk.put(path, `${whole}{"timestamp":"2`);
  const { log, thread } = await openThreadLog(host, path, { codexHome: HOME });
  assert.equal(thread.problems.length, 1);
  assert.equal(disk.text(path), whole);
  log.append(item(userItem("two")));
  await log.close();
  const again = await restoreThread(disk.files, path);
  assert.deepEqual(again.thread.items, [userItem("one"), userItem("two")]);
  assert.deepEqual(again.thread.problems, []);
});

Deno.test("openThreadLog() ends a last line that lacks its newline", async () => {
  const disk = memoryDisk();
  const host = memoryHost(disk);
  const path = await writeLog(host, [item(userItem("one"))]);
  disk.put(path, disk.text(path).trimEnd());
  const { log } = await openThreadLog(host, path, { codexHome: HOME });
  log.append(item(userItem("two")));
  await log.close();
  const { thread } = await restoreThread(disk.files, path);
  assert.deepEqual(thread.items, [userItem("one"), userItem("two")]);
  assert.deepEqual(thread.problems, []);
});

Deno.test("ThreadLog survives a fault at each of its writes", async () => {
  const facts = [
    ...turnFacts("t1", "one"),
    ...turnFacts("t2", "two"),
    item(userItem("QUJD".repeat(LIMITS.blobBytes / 4))),
    ...turnFacts("t3", "three"),
    item(userItem("REVG".repeat(LIMITS.blobBytes / 4))),
  ];
  // Two of them write a payload beside the log first.
  const writes = facts.length + 2;
  for (const code of ["ENOSPC", "EIO"] as const) {
    for (const partial of [0, 1, 40, 1e9]) {
      for (let write = 1; write <= writes; write++) {
        for (const until of [write, Infinity]) {
          await checkFault(facts, { write, until, fault: { code, partial } });
        }
      }
    }
  }
});

Deno.test("ThreadLog.sync() tells of a disk that does not take it", async () => {
  const disk = memoryDisk();
  const log = await createThreadLog(memoryHost(disk), {
    codexHome: HOME,
    meta: META,
  });
  log.append(item(userItem("one")));
  disk.syncFault = () => ({ code: "EIO", partial: 0 });
  assert.throws(() => log.sync(), SessionError);
  await assert.rejects(() => log.close(), SessionError);
  const { thread } = await restoreThread(disk.files, log.path);
  assert.deepEqual(thread.items, [userItem("one")]);
  assert.equal(disk.content.has(`${log.path}.lock`), false);
});

Deno.test("ThreadLog refuses facts after it was closed", async () => {
  const disk = memoryDisk();
  const log = await createThreadLog(memoryHost(disk), {
    codexHome: HOME,
    meta: META,
  });
  log.append(item(userItem("one")));
  await log.close();
  await log.close();
  assert.throws(() => log.append(item(userItem("two"))), SessionError);
});

Deno.test("ThreadLog refuses a line that nobody could read back", async () => {
  const disk = memoryDisk();
  const log = await createThreadLog(memoryHost(disk), {
    codexHome: HOME,
    meta: META,
  });
  const huge = userItem("x ".repeat(LIMITS.sessionLineBytes / 2));
  assert.throws(() => log.append(item(huge)), SessionError);
  log.append(item(userItem("small")));
  await log.close();
  const { thread } = await restoreThread(disk.files, log.path);
  assert.deepEqual(thread.items, [userItem("small")]);
  assert.deepEqual(thread.problems, []);
});

Deno.test("ThreadLog warns when the file outgrows its budget, and at each doubling", async () => {
  const warnings: string[] = [];
  const log = await createThreadLog(memoryHost(memoryDisk()), {
    codexHome: HOME,
    meta: META,
    warn: (message) => warnings.push(message),
    warnBytes: 4 * 1024 * 1024,
  });
  const megabyte = item(userItem("x ".repeat(512 * 1024)));
  for (let i = 0; i < 3; i++) log.append(megabyte);
  assert.equal(warnings.length, 0);
  log.append(megabyte);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /has grown to 4 MiB/);
  for (let i = 0; i < 4; i++) log.append(megabyte);
  assert.equal(warnings.length, 2);
});

Deno.test("ThreadLog writes the name to the file of names when it is closed", async () => {
  const codexHome = await Deno.makeTempDir();
  const host = denoHost();
  await writeLog(host, [
    item(userItem("one")),
    { type: "named", name: "first" },
    { type: "named", name: "second" },
  ], { codexHome });
  const names = await readSessionNames(host.files, codexHome);
  assert.deepEqual([...names], [[META.id, "second"]]);
  await Deno.remove(codexHome, { recursive: true });
});

Deno.test("createThreadLog() says what the disk says when no file can be made", async () => {
  const codexHome = await Deno.makeTempFile();
  await assert.rejects(
    () => createThreadLog(denoHost(), { codexHome, meta: META }),
    { name: "SessionError" },
  );
  await Deno.remove(codexHome);
});

Deno.test("openLogOrMemory() records nothing when asked or when it cannot, and warns once", async () => {
  const codexHome = await Deno.makeTempFile();
  const warnings: string[] = [];
  const options = {
    codexHome,
    meta: META,
    warn: (message: string): void => void warnings.push(message),
  };
  const asked = await openLogOrMemory(denoHost(), {
    ...options,
    ephemeral: true,
  });
  assert.equal(asked.path, "");
  assert.deepEqual(warnings, []);
  const forced = await openLogOrMemory(denoHost(), {
    ...options,
    ephemeral: false,
  });
  assert.equal(forced.path, "");
  assert.equal(warnings.length, 1);
  assert.equal(
    warnings[0],
    `The session is not recorded: nothing can be written to ${codexHome} (Not a directory)`,
  );
  await Deno.remove(codexHome);
});

Deno.test("memoryLog() takes every fact and keeps none", async () => {
  const log = memoryLog();
  for (const fact of turnFacts("t", "x")) log.append(fact);
  log.sync();
  await log.close();
  assert.equal(log.path, "");
});

Deno.test("openThreadLog() takes up settings and context of the last turn", async () => {
  const disk = memoryDisk();
  const host = memoryHost(disk);
  const path = await writeLog(host, turnFacts("t1", "one"));
  const { log, thread } = await openThreadLog(host, path, { codexHome: HOME });
  assert.deepEqual(thread.settings, SETTINGS);
  assert.deepEqual(thread.meta, META);
  log.append({
    type: "request",
    usage: usageOf(9),
    bodyHash: "b",
    inputItems: 3,
  });
  await log.close();
  const last = JSON.parse(disk.text(path).trimEnd().split("\n").at(-1)!);
  assert.equal(
    last.payload.info.model_context_window,
    SETTINGS.model.contextWindow,
  );
});

// Facts that were taken are all there afterwards, in order, and nothing else; the log can
// be opened again and goes on.
async function checkFault(
  facts: readonly LogFact[],
  at: { readonly write: number; readonly until: number; readonly fault: Fault },
): Promise<void> {
  const disk = memoryDisk();
  const host = memoryHost(disk);
  const log = await createThreadLog(host, { codexHome: HOME, meta: META });
  disk.faultAt = (n) => n >= at.write && n <= at.until ? at.fault : undefined;
  const taken: string[] = [];
  let refused = 0;
  for (const fact of facts) {
    try {
      log.append(fact);
      if (fact.type === "item") taken.push(fact.json);
    } catch (error) {
      assert.ok(error instanceof SessionError);
      assert.ok(error.message.includes(at.fault.code));
      refused++;
    }
  }
  assert.ok(refused > 0);
  await log.close();
  if (at.write === 1 && at.until === Infinity) {
    assert.equal(disk.content.has(log.path), false);
    return;
  }
  disk.faultAt = () => undefined;
  const again = await openThreadLog(host, log.path, { codexHome: HOME });
  // A write that failed after its last byte is in the file although it was refused.
  if (at.fault.partial < 1e9) {
    const answered = taken.filter((json) => !isOrphan(json, taken));
    assert.deepEqual(again.thread.items, answered);
  }
  again.log.append(item(userItem("on")));
  await again.log.close();
  const { thread } = await restoreThread(disk.files, log.path);
  assert.deepEqual(thread.items, [...again.thread.items, userItem("on")]);
}

function isOrphan(json: string, taken: readonly string[]): boolean {
  const { type, call_id } = JSON.parse(json);
  return type === "function_call_output" &&
    !taken.some((one) =>
      one.includes(`"function_call","call_id":"${call_id}"`)
    );
}
