import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import type { Files, Host } from "../../../../core/protocol/host.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import type { LogFact } from "../../../../core/protocol/log.ts";
import { sweepBlobs } from "../../../../core/session/log/blob_sweep.ts";
import { BLANK_IMAGE } from "../../../../core/session/log/blob_text.ts";
import { restoreThread } from "../../../../core/session/log/restore.ts";
import {
  createThreadLog,
  openThreadLog,
} from "../../../../core/session/log/log_writer.ts";
import {
  archiveSession,
  deleteSession,
  pruneSessions,
  renameSession,
  renderPrune,
} from "../../../../core/session/library/edit.ts";
import { exportSession } from "../../../../core/session/library/export.ts";
import {
  renderCheck,
  repairSession,
  verifySession,
} from "../../../../core/session/library/repair.ts";
import { loadSessionView } from "../../../../core/session/library/view.ts";
import {
  callItem,
  HOME,
  item,
  memoryDisk,
  memoryHost,
  META,
  userItem,
  writeLog,
} from "./support.ts";

const TWO = "01a1fbe5-1111-7141-b7e4-a7319acfa046";

Deno.test("ThreadLog writes a payload once, privately, however often it is said", async () => {
  await using home = await makeHome();
  const image = imageItem("a");
  const path = await home.write([
    item(userItem("look")),
    ...Array.from({ length: 10 }, () => item(image)),
    {
      type: "compacted",
      summary: "seen",
      replacement: [userItem("look"), image, image],
      handover: null,
    },
  ]);
  const [name, ...others] = await home.blobs();
  assert.deepEqual(others, []);
  const blob = await Deno.stat(`${home.path}/session_blobs/${name}`);
  assert.equal(blob.size, LIMITS.blobBytes + 22);
  assert.equal(blob.mode! & 0o777, 0o600);
  const folder = await Deno.stat(`${home.path}/session_blobs`);
  assert.equal(folder.mode! & 0o777, 0o700);
  assert.ok((await Deno.stat(path)).size < 16 * 1024);
  const { thread, blobs } = await restoreThread(home.host.files, path);
  assert.deepEqual(thread.items, [userItem("look"), image, image]);
  assert.deepEqual(thread.problems, []);
  assert.deepEqual(blobs.map(({ line, sha256 }) => [line, sha256]), [
    [3, name],
  ]);
});

Deno.test("ThreadLog keeps small payloads in their lines, and makes no folder", async () => {
  await using home = await makeHome();
  const small = imageItem("a", LIMITS.blobBytes - 22 - 1);
  const path = await home.write([item(small)]);
  assert.deepEqual(await home.blobs(), []);
  await assert.rejects(Deno.stat(`${home.path}/session_blobs`));
  assert.ok((await Deno.readTextFile(path)).includes(small));
});

Deno.test("a line with a payload beside it is valid for who knows nothing of that", async () => {
  await using home = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  const line = (await Deno.readTextFile(path)).split("\n")[1] ?? "";
  const { type, payload, blobs } = JSON.parse(line);
  assert.equal(type, "response_item");
  assert.equal(payload.content[0].image_url, BLANK_IMAGE);
  assert.deepEqual(blobs.map(({ sha256 }: { sha256: string }) => sha256), [
    ...await home.blobs(),
  ]);
});

Deno.test("restoreThread() puts a blank image for a lost one and names both", async () => {
  await using home = await makeHome();
  const path = await home.write([
    item(userItem("before")),
    item(imageItem("a")),
    item(imageItem("b")),
    item(userItem("after")),
  ]);
  const [lost] = await home.blobsOf(path);
  for (
    const [harm, reason] of [
      [() => Deno.truncate(home.blob(lost!), 100), "is damaged"],
      [() => flipByte(home.blob(lost!)), "is damaged"],
      [() => Deno.remove(home.blob(lost!)), "does not exist"],
    ] as const
  ) {
    const good = await Deno.readFile(home.blob(lost!));
    await harm();
    const { thread } = await restoreThread(home.host.files, path);
    assert.deepEqual(thread.items, [
      userItem("before"),
      imageItem("a").replace(/data:[^"]*/, BLANK_IMAGE),
      imageItem("b"),
      userItem("after"),
    ]);
    assert.equal(thread.problems.length, 1);
    const [problem = ""] = thread.problems;
    assert.ok(
      problem.startsWith("line 3: a lost image is replaced by a blank one"),
    );
    assert.ok(problem.includes(home.blob(lost!)), problem);
    assert.ok(problem.includes(reason), problem);
    await Deno.writeFile(home.blob(lost!), good);
  }
  const { thread } = await restoreThread(home.host.files, path);
  assert.deepEqual(thread.problems, []);
});

Deno.test("restoreThread() leaves out an item that lost more than an image", async () => {
  await using home = await makeHome();
  const output = JSON.stringify({
    type: "function_call_output",
    call_id: "c",
    output: "QUJD".repeat(LIMITS.blobBytes),
  });
  const path = await home.write([
    item(userItem("before")),
    item(callItem("c")),
    { type: "call_started", callId: "c", name: "shell" },
    item(output),
    item(userItem("after")),
  ]);
  const [lost] = await home.blobs();
  await Deno.remove(home.blob(lost!));
  const { thread } = await restoreThread(home.host.files, path);
  assert.deepEqual(thread.items, [
    userItem("before"),
    callItem("c"),
    userItem("after"),
  ]);
  assert.deepEqual(
    thread.openCalls.map(({ callId, started }) => [
      callId,
      started,
    ]),
    [["c", true]],
  );
  assert.deepEqual(thread.problems, [
    `line 5: an item is left out because part of it is lost: ${
      home.blob(lost!)
    } does not exist`,
  ]);
});

Deno.test("restoreThread() does not miss a payload that is no longer sent", async () => {
  await using home = await makeHome();
  const path = await home.write([
    item(imageItem("a")),
    {
      type: "compacted",
      summary: "",
      replacement: [userItem("short")],
      handover: null,
    },
  ]);
  const [lost] = await home.blobs();
  await Deno.remove(home.blob(lost!));
  const { thread } = await restoreThread(home.host.files, path);
  assert.deepEqual(thread.problems, []);
  const check = await verifySession(home.host, path);
  assert.deepEqual(check.problems, [
    `a payload of line 2 is lost: ${home.blob(lost!)} does not exist`,
  ]);
});

Deno.test("verifySession() and repairSession() judge payloads with their lines", async () => {
  await using home = await makeHome();
  const path = await home.write([
    item(imageItem("a")),
    item(imageItem("b")),
  ]);
  const whole = await verifySession(home.host, path);
  assert.deepEqual(whole.problems, []);
  assert.equal(whole.payloads, 2);
  assert.ok(
    renderCheck(whole).includes("2 large payloads beside it, 128.0 KiB"),
  );
  const [lost] = await home.blobsOf(path);
  await Deno.remove(home.blob(lost!));
  assert.equal((await verifySession(home.host, path)).problems.length, 1);
  const { keptAs, linesKept } = await repairSession(home.host, path, {
    dryRun: false,
  });
  assert.equal(linesKept, 3);
  const mended = await verifySession(home.host, path);
  assert.deepEqual(mended.problems, []);
  assert.equal(mended.payloads, 1);
  // The original still refers to both, and nothing of it is given up.
  assert.ok((await Deno.readTextFile(keptAs!)).includes(lost!));
  const { thread } = await restoreThread(home.host.files, path);
  assert.equal(thread.items[1], imageItem("b"));
  await sweepBlobs(home.host, home.path);
  assert.equal((await home.blobs()).length, 1);
});

Deno.test("exportSession() writes JSON lines that need nothing beside them", async () => {
  await using home = await makeHome();
  await using other = await makeHome();
  const path = await home.write([
    item(userItem("my-secret-key")),
    item(imageItem("a")),
  ]);
  const warnings: string[] = [];
  const text = async (): Promise<string> =>
    (await Array.fromAsync(exportSession(home.host.files, path, {
      format: "jsonl",
      full: false,
      secrets: ["my-secret-key"],
      warn: (message) => void warnings.push(message),
    }))).join("");
  const copy = await other.write([]);
  await Deno.mkdir(copy.slice(0, copy.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(copy, await text());
  const { thread, blobs } = await restoreThread(other.host.files, copy);
  assert.deepEqual(thread.items, [userItem("[redacted]"), imageItem("a")]);
  assert.deepEqual(blobs, []);
  assert.deepEqual(warnings, []);
  const [lost] = await home.blobs();
  await Deno.remove(home.blob(lost!));
  assert.ok((await text()).includes(BLANK_IMAGE));
  assert.match(
    warnings[0] ?? "",
    /^line 3: a lost image is replaced by a blank one/,
  );
});

Deno.test("a large text without a blank is shown and exported as it was said", async () => {
  await using home = await makeHome();
  const said = "A1".repeat(LIMITS.blobBytes / 2);
  const path = await home.write([item(userItem(said)), item(imageItem("a"))]);
  assert.equal((await home.blobs()).length, 2);
  const { entries } = await loadSessionView(home.host.files, path, {
    full: false,
  });
  assert.ok(entries[0]!.text.startsWith("A1A1"));
  let markdown = "";
  for await (
    const piece of exportSession(home.host.files, path, {
      format: "markdown",
      full: false,
      secrets: [],
    })
  ) markdown += piece;
  assert.ok(markdown.includes(said));
  assert.ok(!markdown.includes("rondo-blob:"));
});

Deno.test("exportSession() tells of a line that grows too long to be read again", async () => {
  const disk = memoryDisk();
  const half = LIMITS.sessionLineBytes / 2;
  const replacement = ["a", "b"].map((unit) => imageItem(unit, half));
  const path = await writeLog(memoryHost(disk), [
    item(userItem("before")),
    { type: "compacted", summary: "", replacement, handover: null },
  ]);
  const { thread } = await restoreThread(disk.files, path);
  assert.deepEqual(thread.items, replacement);
  const warnings: string[] = [];
  const pieces = exportSession(disk.files, path, {
    format: "jsonl",
    full: false,
    secrets: [],
    warn: (message) => void warnings.push(message),
  });
  for await (const piece of pieces) assert.ok(piece.endsWith("\n"));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^line 3 has \d+ characters with its images/);
});

Deno.test("a session takes its payloads along through names and the archive", async () => {
  await using home = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  await renameSession(home.host, path, { codexHome: home.path, name: "n" });
  const archived = await archiveSession(home.host, path, {
    codexHome: home.path,
  });
  await sweepBlobs(home.host, home.path);
  const { thread } = await restoreThread(home.host.files, archived);
  assert.deepEqual(thread.items, [imageItem("a")]);
  assert.deepEqual(thread.problems, []);
  const view = await loadSessionView(home.host.files, archived, {
    full: true,
  });
  assert.equal(view.entries.length, 1);
});

Deno.test("deleteSession() removes the payloads that no other session refers to", async () => {
  await using home = await makeHome();
  const one = await home.write([item(imageItem("a")), item(imageItem("b"))]);
  const two = await home.write([item(imageItem("b"))], TWO);
  await deleteSession(home.host, one, { codexHome: home.path });
  assert.deepEqual(await home.blobs(), await home.blobsOf(two));
  const { thread } = await restoreThread(home.host.files, two);
  assert.deepEqual(thread.items, [imageItem("b")]);
  await deleteSession(home.host, two, { codexHome: home.path });
  assert.deepEqual(await home.blobs(), []);
});

Deno.test("pruneSessions() tells how much the payloads gave back", async () => {
  await using home = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  await Deno.utime(path, 0, 0);
  const options = { codexHome: home.path, olderThanMs: 1_000 };
  const dry = await pruneSessions(home.host, { ...options, dryRun: true });
  assert.equal(dry.payloadBytes, 0);
  assert.equal((await home.blobs()).length, 1);
  const done = await pruneSessions(home.host, { ...options, dryRun: false });
  assert.equal(done.payloadBytes, LIMITS.blobBytes + 22);
  assert.match(renderPrune(done).at(-1)!, /1 session, .*, 64.0 KiB of images$/);
  assert.deepEqual(await home.blobs(), []);
});

Deno.test("pruneSessions() keeps all payloads where there is not one session", async () => {
  await using home = await makeHome();
  await home.write([item(imageItem("a"))]);
  const sessions = `${home.path}/sessions`;
  // As an unmounted disk leaves it: an empty folder in the place of the logs.
  await Deno.rename(sessions, `${home.path}/away`);
  await Deno.mkdir(sessions);
  const options = { codexHome: home.path, olderThanMs: 1_000, dryRun: false };
  assert.equal((await pruneSessions(home.host, options)).payloadBytes, 0);
  assert.equal((await home.blobs()).length, 1);
});

Deno.test("sweepBlobs() keeps what a line refers to that comes while it looks", async () => {
  await using home = await makeHome();
  // Named by no log, as a crash between a payload and its line leaves it.
  const first = await home.write([item(imageItem("a"))]);
  await Deno.remove(first);
  const [name] = await home.blobs();
  const steps = await countSteps(home);
  assert.ok(steps > 4);
  for (let at = 1; at <= steps; at++) {
    const log = await createThreadLog(home.host, {
      codexHome: home.path,
      meta: { ...META, id: home.host.newId() },
    });
    let step = 0;
    const host = interrupted(home.host, () => {
      if (++step === at) log.append(item(imageItem("a")));
    });
    await sweepBlobs(host, home.path);
    assert.ok(step >= at, `step ${at} came`);
    await log.close();
    const { thread } = await restoreThread(home.host.files, log.path);
    assert.deepEqual(thread.problems, [], `a line at step ${at}`);
    assert.deepEqual(thread.items, [imageItem("a")]);
    assert.deepEqual(await home.blobs(), [name]);
    await Deno.remove(log.path);
  }
  assert.equal(await sweepBlobs(home.host, home.path), LIMITS.blobBytes + 22);
});

Deno.test("ThreadLog writes a payload again that a sweep took right before its line", async () => {
  await using home = await makeHome();
  const { files } = home.host;
  // All of a sweep falls between the payload and the line: nobody refers to it then.
  const openAppend: Files["openAppend"] = async (path, options) => {
    const file = await files.openAppend(path, options);
    return {
      ...file,
      write(text) {
        emptyFolder(`${home.path}/session_blobs`);
        file.write(text);
      },
    };
  };
  const host = { ...home.host, files: { ...files, openAppend } };
  const path = await writeLog(host, [item(imageItem("a"))], {
    codexHome: home.path,
  });
  const { thread } = await restoreThread(files, path);
  assert.deepEqual(thread.items, [imageItem("a")]);
  assert.deepEqual(thread.problems, []);
});

Deno.test("sweepBlobs() brings back what a sweep that was killed had put aside", async () => {
  await using home = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  const [name] = await home.blobs();
  await Deno.rename(
    home.blob(name!),
    `${home.blob(name!)}.${home.host.newId()}.gone`,
  );
  const { thread } = await restoreThread(home.host.files, path);
  assert.deepEqual(thread.items, [imageItem("a")]);
  await sweepBlobs(home.host, home.path);
  assert.deepEqual(await home.blobs(), [name]);
});

Deno.test("restoreThread() finds a payload that comes back while it is looked for aside", async () => {
  await using home = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  const blob = home.blob((await home.blobs())[0]!);
  for (const isSeen of [true, false]) {
    const aside = `${blob}.${home.host.newId()}.gone`;
    await Deno.rename(blob, aside);
    const list: Files["list"] = async (folder) => {
      const before = await home.host.files.list(folder);
      await Deno.rename(aside, blob);
      return isSeen ? before : await home.host.files.list(folder);
    };
    const { thread } = await restoreThread({ ...home.host.files, list }, path);
    assert.deepEqual(thread.problems, []);
    assert.deepEqual(thread.items, [imageItem("a")]);
  }
});

Deno.test("restoreThread() does not open a pipe or a device in the place of a payload", async () => {
  await using home = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  const blob = home.blob((await home.blobs())[0]!);
  await Deno.remove(blob);
  const readBytes: Files["readBytes"] = (name) =>
    Promise.reject(new Error(`${name} was opened`));
  const make = [
    () => new Deno.Command("mkfifo", { args: [blob] }).output(),
    () => Deno.symlink("/dev/zero", blob),
  ];
  for (const run of make) {
    await run();
    const files = { ...home.host.files, readBytes };
    const { thread } = await restoreThread(files, path);
    assert.match(thread.problems.join(), /blank one: .* is damaged$/);
    // The next one to show the image puts it in its place again.
    const again = await home.write([item(imageItem("a"))], home.host.newId());
    const restored = await restoreThread(home.host.files, again);
    assert.deepEqual(restored.thread.items, [imageItem("a")]);
    await Deno.remove(blob);
  }
});

Deno.test("sweepBlobs() looks behind links, and is not stopped by those to files", async () => {
  await using home = await makeHome();
  await using disk = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  const year = path.split("/").slice(0, -3).join("/");
  await Deno.rename(year, `${disk.path}/moved`);
  await Deno.symlink(`${disk.path}/moved`, year);
  await Deno.writeTextFile(`${disk.path}/file`, "");
  await Deno.symlink(`${disk.path}/file`, `${home.path}/sessions/2002`);
  assert.equal(await sweepBlobs(home.host, home.path), 0);
  const { thread } = await restoreThread(home.host.files, path);
  assert.deepEqual(thread.items, [imageItem("a")]);
});

Deno.test("sweepBlobs() removes nothing while a log cannot be looked into", async () => {
  await using home = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  for (const packed of [`${path}.zst`, `${path}.gz`]) {
    await Deno.rename(path, packed);
    assert.equal(await sweepBlobs(home.host, home.path), 0);
    await Deno.rename(packed, path);
  }
  const files: Files = {
    ...home.host.files,
    list: (folder) =>
      folder.endsWith("/sessions")
        ? Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }))
        : home.host.files.list(folder),
  };
  await assert.rejects(
    sweepBlobs({ ...home.host, files }, home.path),
    /^SessionError: Cannot remove payloads of sessions: /,
  );
  assert.equal((await home.blobs()).length, 1);
});

Deno.test("sweepBlobs() removes what a killed writer left, not what one is writing", async () => {
  await using home = await makeHome();
  await home.write([item(imageItem("a"))]);
  const left = home.blob(`.${crypto.randomUUID()}`);
  const fresh = home.blob(`.${crypto.randomUUID()}`);
  const foreign = home.blob(".directory");
  for (const path of [left, fresh, foreign]) {
    await Deno.writeTextFile(path, "half");
  }
  await Deno.utime(left, 0, 0);
  await Deno.utime(foreign, 0, 0);
  assert.equal(await sweepBlobs(home.host, home.path), 4);
  assert.equal((await home.blobs()).length, 3);
  await Deno.stat(fresh);
  await Deno.stat(foreign);
});

for (const what of ["sessions", "archived_sessions", "a year", "a log"]) {
  Deno.test(`sweepBlobs() removes nothing while ${what} is on a disk that is absent`, async () => {
    await using home = await makeHome();
    const path = await home.write([item(imageItem("a"))]);
    let moved = `${home.path}/${what}`;
    if (what === "a log") moved = path;
    if (what === "a year") moved = path.split("/").slice(0, -3).join("/");
    if (what === "archived_sessions") {
      await archiveSession(home.host, path, { codexHome: home.path });
    }
    const disk = `${home.path}/disk`;
    await Deno.rename(moved, disk);
    await Deno.symlink(disk, moved);
    await Deno.rename(disk, `${home.path}/absent`);
    assert.equal(await sweepBlobs(home.host, home.path), 0);
    assert.equal((await home.blobs()).length, 1);
  });
}

Deno.test("sweepBlobs() knows the logs of a home by their own names alone", async () => {
  await using parent = await makeHome();
  const codexHome = `${parent.path}/a.lock.d`;
  const path = await writeLog(parent.host, [item(imageItem("a"))], {
    codexHome,
  });
  assert.equal(await sweepBlobs(parent.host, codexHome), 0);
  const { thread } = await restoreThread(parent.host.files, path);
  assert.deepEqual(thread.items, [imageItem("a")]);
  assert.deepEqual(thread.problems, []);
});

Deno.test("ThreadLog warns of payloads as of lines, also of those that were there", async () => {
  const disk = memoryDisk();
  const host = memoryHost(disk);
  const half = 2 * 1024 * 1024;
  const huge = imageItem("a", half);
  const path = await writeLog(host, [item(huge)]);
  const warnings: string[] = [];
  const { log } = await openThreadLog(host, path, {
    codexHome: HOME,
    warn: (message) => void warnings.push(message),
    warnBytes: 2 * half,
  });
  log.append(item(huge));
  assert.deepEqual(warnings, []);
  log.append(item(imageItem("b", half)));
  await log.close();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /has grown to 4 MiB/);
});

Deno.test("a log that was taken out of its home has its payloads beside it", async () => {
  await using home = await makeHome();
  const path = await home.write([item(imageItem("a"))]);
  await using away = await makeHome();
  await Deno.copyFile(path, `${away.path}/copy.jsonl`);
  await Deno.rename(
    `${home.path}/session_blobs`,
    `${away.path}/session_blobs`,
  );
  const { thread } = await restoreThread(
    home.host.files,
    `${away.path}/copy.jsonl`,
  );
  assert.deepEqual(thread.items, [imageItem("a")]);
});

interface TestHome extends AsyncDisposable {
  readonly path: string;
  readonly host: Host;
  write(facts: readonly LogFact[], id?: string): Promise<string>;
  blob(name: string): string;
  /** Names of what is there. */
  blobs(): Promise<readonly string[]>;
  /** In the order of the lines. */
  blobsOf(path: string): Promise<readonly string[]>;
}

async function makeHome(): Promise<TestHome> {
  const path = await Deno.makeTempDir();
  const host = denoHost();
  return {
    path,
    host,
    write: (facts, id = META.id) =>
      writeLog(host, facts, { codexHome: path, meta: { id } }),
    blob: (name) => `${path}/session_blobs/${name}`,
    async blobs() {
      const entries = await host.files.list(`${path}/session_blobs`)
        .catch(() => []);
      return entries.map(({ name }) => name).sort();
    },
    async blobsOf(logPath) {
      const { blobs } = await restoreThread(host.files, logPath);
      return blobs.map(({ sha256 }) => sha256);
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

// Something happens before each thing that is done to the disk, and after it.
function interrupted(host: Host, happen: () => void): Host {
  const wrap = <A extends unknown[], R>(
    run: (...args: A) => Promise<R>,
  ) =>
  async (...args: A): Promise<R> => {
    happen();
    const result = await run(...args);
    happen();
    return result;
  };
  const { list, readRange, rename, remove, stat } = host.files;
  const files: Files = {
    ...host.files,
    list: wrap(list),
    readRange: wrap(readRange),
    rename: wrap(rename),
    remove: wrap(remove),
    stat: wrap(stat),
  };
  return { ...host, files };
}

async function countSteps(home: TestHome): Promise<number> {
  const saved = await Deno.makeTempDir();
  const [name] = await home.blobs();
  await Deno.copyFile(home.blob(name!), `${saved}/blob`);
  let steps = 0;
  await sweepBlobs(interrupted(home.host, () => steps++), home.path);
  assert.deepEqual(await home.blobs(), []);
  await Deno.copyFile(`${saved}/blob`, home.blob(name!));
  await Deno.remove(saved, { recursive: true });
  return steps;
}

function imageItem(
  unit: string,
  length: number = LIMITS.blobBytes,
): string {
  const image_url = `data:image/png;base64,${unit.repeat(length)}`;
  const content = [{ type: "input_image", image_url }];
  return JSON.stringify({ type: "message", role: "user", content });
}

function emptyFolder(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    Deno.removeSync(`${folder}/${name}`);
  }
}

async function flipByte(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[1000]! ^= 1;
  await Deno.writeFile(path, bytes);
}
