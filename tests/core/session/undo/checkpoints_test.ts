import assert from "node:assert/strict";
import * as fc from "fast-check";
import { denoHost } from "../../../../core/host/host.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import {
  type Checkpoints,
  createCheckpoints,
} from "../../../../core/session/undo/checkpoints.ts";
import { checkpointNotes } from "../../../../core/session/undo/places.ts";
import { parseTurnRecords } from "../../../../core/session/undo/kept/notes.ts";
import { ObjectStore } from "../../../../core/session/undo/kept/object_store.ts";
import {
  type FileState,
  isSameState,
  planUndo,
  renderUndoPlan,
  type TurnRecord,
} from "../../../../core/session/undo/kept/plan.ts";

Deno.test("undo() puts back changed, new and deleted files with their modes", async () => {
  await using work = await makeWork();
  await work.put("changed.sh", "old", 0o755);
  await work.put("deleted.txt", "gone soon", 0o640);
  await Deno.symlink("changed.sh", work.at("link"));
  await work.turn(
    "t1",
    ["changed.sh", "deleted.txt", "new/file.txt", "link"],
    async () => {
      await work.put("changed.sh", "new", 0o644);
      await Deno.remove(work.at("deleted.txt"));
      await work.put("new/file.txt", "fresh");
      await Deno.remove(work.at("link"));
      await work.put("link", "a file now");
    },
  );
  const plan = await work.checkpoints.undo(1);
  assert.deepEqual(plan.conflicts, []);
  assert.equal(await work.read("changed.sh"), "old");
  assert.equal((await Deno.stat(work.at("changed.sh"))).mode! & 0o777, 0o755);
  assert.equal(await work.read("deleted.txt"), "gone soon");
  assert.equal((await Deno.stat(work.at("deleted.txt"))).mode! & 0o777, 0o640);
  await assert.rejects(() => Deno.stat(work.at("new/file.txt")));
  assert.equal(await Deno.readLink(work.at("link")), "changed.sh");
  assert.deepEqual((await work.checkpoints.preview(1)).turns, []);
});

Deno.test("beforeChange() keeps the file a link leads to as well", async () => {
  await using work = await makeWork();
  await work.put("real.txt", "old");
  await Deno.symlink("real.txt", work.at("link"));
  await Deno.symlink("nowhere", work.at("dangling"));
  await work.turn("t1", ["link", "dangling"], async () => {
    await Deno.writeTextFile(work.at("link"), "new");
  });
  await work.checkpoints.undo(1);
  assert.equal(await work.read("real.txt"), "old");
  assert.equal(await Deno.readLink(work.at("link")), "real.txt");
});

Deno.test("preview() does not count a turn whose change never came about", async () => {
  await using work = await makeWork();
  await work.put("a", "0");
  await work.turn("t1", ["a"], () => work.put("a", "1"));
  await work.turn("t2", ["a"], () => Promise.resolve());
  const plan = await work.checkpoints.preview(1);
  assert.deepEqual(plan.turns.map(({ turnId }) => turnId), ["t1"]);
});

Deno.test("undo() takes back several turns at once, and remembers over restarts", async () => {
  await using work = await makeWork();
  await work.put("a", "0");
  for (const n of ["1", "2", "3"]) {
    await work.turn(`t${n}`, ["a"], () => work.put("a", n), Number(n));
  }
  const again = work.reopen();
  const plan = await again.undo(2);
  assert.deepEqual(plan.turns.map(({ turnId }) => turnId), ["t3", "t2"]);
  assert.equal(plan.messagesBefore, 2);
  assert.equal(await work.read("a"), "1");
  await again.undo(5);
  assert.equal(await work.read("a"), "0");
});

Deno.test("undo() stops at later edits and does nothing, unless forced", async () => {
  await using work = await makeWork();
  await work.put("a", "0");
  await work.put("b", "0");
  await work.turn("t1", ["a", "b"], async () => {
    await work.put("a", "1");
    await work.put("b", "1");
  });
  await work.put("b", "mine");
  const plan = await work.checkpoints.preview(1);
  assert.deepEqual(plan.restore.map(({ path }) => path), [work.at("a")]);
  assert.deepEqual(plan.conflicts, [{
    path: work.at("b"),
    reason: "was changed after the turn",
    isForceable: true,
  }]);
  await assert.rejects(() => work.checkpoints.undo(1), {
    name: "SessionError",
    message: /b \(was changed after the turn\)/,
  });
  assert.equal(await work.read("a"), "1");
  await work.checkpoints.undo(1, { force: true });
  assert.deepEqual([await work.read("a"), await work.read("b")], ["0", "0"]);
});

Deno.test("undo() after a crash in a turn needs to be forced", async () => {
  await using work = await makeWork();
  await work.put("a", "0");
  await work.checkpoints.beforeChange("t1", work.at("a"));
  await work.put("a", "1");
  const again = work.reopen();
  await assert.rejects(() => again.undo(1), /cut off/);
  await again.undo(1, { force: true });
  assert.equal(await work.read("a"), "0");
});

Deno.test("beforeChange() keeps what was there first in the turn", async () => {
  await using work = await makeWork();
  await work.put("a", "0");
  await work.turn("t1", ["a"], async () => {
    await work.put("a", "1");
    await work.checkpoints.beforeChange("t1", work.at("a"));
    await work.put("a", "2");
  });
  await work.checkpoints.undo(1);
  assert.equal(await work.read("a"), "0");
});

Deno.test("commit() writes nothing for a turn that changed no file", async () => {
  await using work = await makeWork();
  await work.checkpoints.commit("t1", 1);
  await assert.rejects(() => Deno.stat(`${work.home}/checkpoints`));
  const plan = await work.checkpoints.undo(1);
  assert.deepEqual(renderUndoPlan(plan), [
    "Nothing to undo: no recorded turn changed files",
  ]);
});

Deno.test("undo() says what was too large to keep", async () => {
  await using work = await makeWork();
  const big = await Deno.open(work.at("big"), { create: true, write: true });
  await big.truncate(LIMITS.checkpointFileBytes + 1);
  big.close();
  await work.put("a", "0");
  await work.turn("t1", ["big", "a"], async () => {
    await Deno.remove(work.at("big"));
    await work.put("a", "1");
  });
  const plan = await work.checkpoints.undo(1);
  assert.deepEqual(
    plan.conflicts.map(({ path, isForceable }) => [path, isForceable]),
    [
      [work.at("big"), false],
    ],
  );
  assert.equal(await work.read("a"), "0");
});

Deno.test("undo() follows no link that was put above a file", async () => {
  await using work = await makeWork();
  await work.put("dir/a", "0");
  await work.turn("t1", ["dir/a"], () => work.put("dir/a", "1"));
  await Deno.mkdir(work.at("other"));
  await Deno.rename(work.at("dir"), work.at("moved"));
  await Deno.symlink(work.at("other"), work.at("dir"));
  await work.put("other/a", "1");
  await assert.rejects(
    () => work.checkpoints.undo(1, { force: true }),
    /a folder above it is now a link/,
  );
  assert.equal(await work.read("other/a"), "1");
});

Deno.test("undo() refuses content that is not what was kept", async () => {
  await using work = await makeWork();
  await work.put("a", "0");
  await work.turn("t1", ["a"], () => work.put("a", "1"));
  const objects = `${work.home}/checkpoints/objects`;
  for await (const { name } of Deno.readDir(objects)) {
    await Deno.writeTextFile(`${objects}/${name}`, "forged");
  }
  await assert.rejects(() => work.checkpoints.undo(1), /is damaged/);
  assert.equal(await work.read("a"), "1");
});

Deno.test("what is kept for undo is readable for its owner alone", async () => {
  await using work = await makeWork();
  await work.put("a", "0");
  await work.turn("t1", ["a"], () => work.put("a", "1"));
  const folder = `${work.home}/checkpoints`;
  assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  assert.equal((await Deno.stat(`${folder}/objects`)).mode! & 0o777, 0o700);
  for await (const { name } of Deno.readDir(`${folder}/objects`)) {
    const { mode } = await Deno.stat(`${folder}/objects/${name}`);
    assert.equal(mode! & 0o777, 0o600);
  }
  const notes = checkpointNotes(work.home, "thread");
  assert.equal((await Deno.stat(notes)).mode! & 0o777, 0o600);
});

Deno.test("beforeChange() warns and lets the change go on when nothing can be kept", async () => {
  await using work = await makeWork();
  await work.put("a", "0");
  await Deno.writeTextFile(`${work.home}/checkpoints`, "in the way");
  await work.checkpoints.beforeChange("t1", work.at("a"));
  assert.equal(work.warnings.length, 1);
  assert.match(work.warnings[0]!, /^Cannot keep .*a for undo: /);
});

Deno.test("ObjectStore gives up the notes of the oldest threads for room", async () => {
  await using work = await makeWork();
  const folder = `${work.home}/checkpoints`;
  const late = {
    ...denoHost(),
    now: () => new Date(Date.now() + 3_600_000),
  };
  const first = new ObjectStore(late, { folder, keepThread: "" });
  const hash = await first.write(new TextEncoder().encode("old content"));
  await Deno.writeTextFile(`${folder}/old.jsonl`, `{"hash":"${hash}"}`);
  // As large as all room: a hole on the disk.
  const filler = "f".repeat(64);
  const file = await Deno.open(`${folder}/objects/${filler}`, {
    create: true,
    write: true,
  });
  await file.truncate(LIMITS.checkpointBytes);
  file.close();
  await Deno.writeTextFile(`${folder}/mine.jsonl`, `{"hash":"${filler}"}`);
  const store = new ObjectStore(late, {
    folder,
    keepThread: "mine",
  });
  assert.equal(await store.write(new Uint8Array(10)), undefined);
  await assert.rejects(() => Deno.stat(`${folder}/old.jsonl`));
  await assert.rejects(() => Deno.stat(`${folder}/objects/${hash}`));
  assert.ok((await Deno.stat(`${folder}/mine.jsonl`)).isFile);
  await Deno.remove(`${folder}/mine.jsonl`);
  const other = new ObjectStore(late, { folder, keepThread: "" });
  assert.equal(await other.sweep(), LIMITS.checkpointBytes);
  assert.equal(typeof await other.write(new Uint8Array(10)), "string");
});

Deno.test("ObjectStore leaves the notes of threads that work now", async () => {
  await using work = await makeWork();
  const folder = `${work.home}/checkpoints`;
  const store = new ObjectStore(denoHost(), { folder, keepThread: "mine" });
  const hash = await store.write(new TextEncoder().encode("theirs"));
  await Deno.writeTextFile(`${folder}/theirs.jsonl`, `{"hash":"${hash}"}`);
  const bytes = LIMITS.checkpointBytes;
  assert.equal(await store.reserve(bytes), false);
  assert.ok((await Deno.stat(`${folder}/theirs.jsonl`)).isFile);
  assert.ok((await Deno.stat(`${folder}/objects/${hash}`)).isFile);
});

Deno.test("parseTurnRecords() passes over torn and foreign notes", () => {
  const note = JSON.stringify({
    type: "before",
    turn: "t",
    at: "2026-01-01T00:00:00Z",
    path: "/a",
    state: { kind: "absent" },
  });
  assert.deepEqual(parseTurnRecords(`noise\n${note}\n{"type":"turn","tu`), [{
    turnId: "t",
    at: "2026-01-01T00:00:00Z",
    messagesBefore: 0,
    files: [{ path: "/a", before: { kind: "absent" } }],
  }]);
});

const state: fc.Arbitrary<FileState> = fc.oneof(
  fc.constant<FileState>({ kind: "absent" }),
  fc.constantFrom("x", "y", "z").map((hash): FileState => ({
    kind: "file",
    hash,
    mode: 0o644,
    bytes: 1,
  })),
);

Deno.test("planUndo() restores nothing that anybody else has changed", () => {
  const life = fc.array(
    fc.record({
      path: fc.constantFrom("/a", "/b"),
      edit: fc.option(state),
      after: state,
    }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(fc.property(life, fc.option(state), (changes, lastEdit) => {
    const now = new Map<string, FileState>();
    const edited = new Set<string>();
    const first = new Map<string, FileState>();
    const records = changes.map(({ path, edit, after }, at): TurnRecord => {
      const old = now.get(path) ?? { kind: "absent" };
      const before = edit ?? old;
      if (first.has(path) && !isSameState(old, before)) edited.add(path);
      if (!first.has(path)) first.set(path, before);
      now.set(path, after);
      const files = [{ path, before, after }];
      return { turnId: `${at}`, at: "", messagesBefore: at, files };
    });
    const [path] = [...now.keys()];
    if (lastEdit !== null && !isSameState(now.get(path!)!, lastEdit)) {
      now.set(path!, lastEdit);
      edited.add(path!);
    }
    const plan = planUndo(records, now, { force: false });
    for (const { path, to } of plan.restore) {
      assert.ok(!edited.has(path));
      assert.ok(isSameState(to, first.get(path)!));
    }
    for (const { path } of plan.conflicts) assert.ok(edited.has(path));
    const touched = [...plan.restore, ...plan.conflicts].map((one) => one.path);
    for (const [path, present] of now) {
      if (touched.includes(path)) continue;
      assert.ok(isSameState(present, first.get(path)!));
    }
  }));
});

Deno.test("renderUndoPlan() tells file by file", () => {
  const file: FileState = { kind: "file", hash: "x", mode: 0, bytes: 1 };
  const absent: FileState = { kind: "absent" };
  assert.deepEqual(
    renderUndoPlan({
      turns: [{ turnId: "t", at: "" }],
      restore: [
        { path: "/a", from: file, to: absent },
        { path: "/b", from: absent, to: file },
        { path: "/c", from: file, to: file },
      ],
      conflicts: [{ path: "/d", reason: "why", isForceable: true }],
      left: [],
      messagesBefore: 1,
    }),
    [
      "Undo 1 turn:",
      "  delete   /a",
      "  recreate /b",
      "  restore  /c",
      "  leave    /d (why)",
    ],
  );
});

interface Work extends AsyncDisposable {
  readonly home: string;
  readonly checkpoints: Checkpoints;
  readonly warnings: readonly string[];
  at(name: string): string;
  put(name: string, text: string, mode?: number): Promise<void>;
  read(name: string): Promise<string>;
  reopen(): Checkpoints;
  turn(
    turnId: string,
    names: readonly string[],
    change: () => Promise<void>,
    messagesBefore?: number,
  ): Promise<void>;
}

async function makeWork(): Promise<Work> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const home = `${root}/home`;
  const folder = `${root}/work`;
  await Deno.mkdir(home);
  await Deno.mkdir(folder);
  const warnings: string[] = [];
  const open = (): Checkpoints =>
    createCheckpoints(denoHost(), {
      codexHome: home,
      threadId: "thread",
      warn: (message) => warnings.push(message),
    });
  const checkpoints = open();
  const at = (name: string): string => `${folder}/${name}`;
  return {
    home,
    checkpoints,
    warnings,
    at,
    reopen: open,
    async put(name, text, mode = 0o644) {
      const path = at(name);
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.writeTextFile(path, text);
      await Deno.chmod(path, mode);
    },
    read: (name) => Deno.readTextFile(at(name)),
    async turn(turnId, names, change, messagesBefore = 0) {
      for (const name of names) {
        await checkpoints.beforeChange(turnId, at(name));
      }
      await change();
      await checkpoints.commit(turnId, messagesBefore);
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}
