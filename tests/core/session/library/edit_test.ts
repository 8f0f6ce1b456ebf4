import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import { openSqlite } from "../../../../core/host/sqlite.ts";
import { SessionError } from "../../../../core/protocol/error.ts";
import type { Host } from "../../../../core/protocol/host.ts";
import type { SqlDatabase } from "../../../../core/util/sql.ts";
import type { LogFact } from "../../../../core/protocol/log.ts";
import { createCheckpoints } from "../../../../core/session/undo/checkpoints.ts";
import { restoreThread } from "../../../../core/session/log/restore.ts";
import { indexPathOf } from "../../../../core/session/log/files.ts";
import { openIndex } from "../../../../core/session/log/shortcut.ts";
import { openThreadLog } from "../../../../core/session/log/log_writer.ts";
import { openWriterLock } from "../../../../core/session/log/lock.ts";
import {
  loadCacheTable,
  renderCacheTable,
} from "../../../../core/session/library/cache.ts";
import {
  archiveSession,
  deleteSession,
  pruneSessions,
  renameSession,
  renderPrune,
  rollbackSession,
  unarchiveSession,
} from "../../../../core/session/library/edit.ts";
import { exportSession } from "../../../../core/session/library/export.ts";
import { findSession } from "../../../../core/session/library/find.ts";
import { readSessionNames } from "../../../../core/session/log/names.ts";
import {
  renderCheck,
  renderRepair,
  repairSession,
  verifySession,
} from "../../../../core/session/library/repair.ts";
import {
  renderSearch,
  searchSessions,
} from "../../../../core/session/library/search.ts";
import {
  loadSessionView,
  renderSessionView,
} from "../../../../core/session/library/view.ts";
import {
  callItem,
  item,
  META,
  outputItem,
  SETTINGS,
  turnFacts,
  usageOf,
  userItem,
  writeLog,
} from "../log/support.ts";

const TWO = "01a1fbe5-1111-7141-b7e4-a7319acfa046";
const THREE = "01b00000-2222-7141-b7e4-a7319acfa046";

Deno.test("renameSession() says the name in the log and in the file of names", async () => {
  await using home = await makeHome();
  const path = await home.write(turnFacts("t", "one"));
  await renameSession(home.host, path, { ...home.at, name: "  my\nname " });
  const { thread } = await restoreThread(home.host.files, path);
  assert.equal(thread.name, "my name");
  const names = await readSessionNames(home.host.files, home.path);
  assert.deepEqual([...names], [[META.id, "my name"]]);
  await assert.rejects(
    () => renameSession(home.host, path, { ...home.at, name: " \n" }),
    /the name is empty/,
  );
});

Deno.test("commands that change a session refuse one that is open", async () => {
  await using home = await makeHome();
  const path = await home.write(turnFacts("t", "one"));
  const lock = await openWriterLock(home.host, path);
  const before = await Deno.readTextFile(path);
  for (
    const change of [
      () => renameSession(home.host, path, { ...home.at, name: "x" }),
      () => rollbackSession(home.host, path, { ...home.at, turns: 1 }),
      () => archiveSession(home.host, path, home.at),
      () => deleteSession(home.host, path, home.at),
      () => repairSession(home.host, path, { dryRun: false }),
    ]
  ) await assert.rejects(change, SessionError);
  assert.equal(await Deno.readTextFile(path), before);
  await lock.release();
});

Deno.test("rollbackSession() takes out the last turns", async () => {
  await using home = await makeHome();
  const path = await home.write([
    ...turnFacts("t1", "one"),
    ...turnFacts("t2", "two"),
  ]);
  await rollbackSession(home.host, path, { ...home.at, turns: 1 });
  const { thread } = await restoreThread(home.host.files, path);
  assert.equal(thread.items.length, 3);
  assert.deepEqual(thread.problems, []);
});

Deno.test("the index of a long session is moved with it, and goes with it", async () => {
  await using home = await makeHome();
  const text = "a b ".repeat(20_000);
  const path = await home.write(turnFacts("t", text));
  const moved = await archiveSession(home.host, path, home.at);
  assert.equal(await home.host.files.stat(indexPathOf(path)), undefined);
  assert.ok(await openIndex(home.host.files, moved));
  await deleteSession(home.host, moved, home.at);
  assert.equal(await home.host.files.stat(indexPathOf(moved)), undefined);
});

Deno.test("archiveSession() moves the file where it is still found by id", async () => {
  await using home = await makeHome();
  const path = await home.write(turnFacts("t", "one"));
  const moved = await archiveSession(home.host, path, home.at);
  assert.equal(
    moved,
    `${home.path}/archived_sessions/${path.split("/").at(-1)}`,
  );
  assert.equal(await archiveSession(home.host, moved, home.at), moved);
  const found = await findSession(home.host, {
    codexHome: home.path,
    name: META.id,
  });
  assert.equal(found, moved);
  assert.equal(await unarchiveSession(home.host, moved, home.at), path);
  assert.equal(await unarchiveSession(home.host, path, home.at), path);
  await Deno.stat(path);
});

Deno.test("deleteSession() takes the log, its lock and what was kept for undo", async () => {
  await using home = await makeHome();
  const path = await home.write(turnFacts("t", "one"));
  const file = `${home.path}/work.txt`;
  await Deno.writeTextFile(file, "before");
  const checkpoints = createCheckpoints(home.host, {
    codexHome: home.path,
    threadId: META.id,
  });
  await checkpoints.beforeChange("t", file);
  await checkpoints.commit("t", 0);
  const spool = `${home.path}/spool/${META.id}`;
  await Deno.mkdir(spool, { recursive: true });
  await Deno.writeTextFile(`${spool}/output.txt`, "long");
  const later = { ...home.host, now: () => new Date(Date.now() + 3_600_000) };
  await deleteSession(later, path, home.at);
  await assert.rejects(Deno.stat(spool), Deno.errors.NotFound);
  const left: string[] = [];
  for (
    const folder of [
      "sessions/2026/03/04",
      "checkpoints",
      "checkpoints/objects",
    ]
  ) {
    for await (const entry of Deno.readDir(`${home.path}/${folder}`)) {
      if (entry.isFile) left.push(entry.name);
    }
  }
  assert.deepEqual(left, []);
});

Deno.test("pruneSessions() deletes the old, leaves the young and those in use", async () => {
  await using home = await makeHome();
  const old = await home.write(turnFacts("t", "old"), META.id, 1000);
  const used = await home.write(turnFacts("t", "used"), TWO, 1000);
  const young = await home.write(turnFacts("t", "young"), THREE, Date.now());
  const lock = await openWriterLock(home.host, used);
  const options = { codexHome: home.path, olderThanMs: 86_400_000 };
  const dry = await pruneSessions(home.host, { ...options, dryRun: true });
  assert.deepEqual(dry.removed.map(({ path }) => path), [old]);
  assert.ok((await Deno.stat(old)).isFile);
  const done = await pruneSessions(home.host, { ...options, dryRun: false });
  assert.deepEqual(done.removed, dry.removed);
  assert.deepEqual(done.inUse, [used]);
  await assert.rejects(() => Deno.stat(old));
  assert.ok((await Deno.stat(young)).isFile);
  assert.match(renderPrune(done)[1]!, /^Deleted 1 session, [\d.]+ KiB$/);
  assert.match(renderPrune(done)[2]!, /^Left .*: it is open for writing$/);
  await lock.release();
});

Deno.test("verifySession() finds nothing wrong with a whole log", async () => {
  await using home = await makeHome();
  const path = await home.write(turnFacts("t", "one"));
  const check = await verifySession(home.host, path);
  assert.deepEqual(check, {
    path,
    id: META.id,
    sizeBytes: (await Deno.stat(path)).size,
    lines: 9,
    protectedLines: 9,
    items: 3,
    generation: 0,
    openCalls: 0,
    unfinishedTurn: false,
    payloads: 0,
    payloadBytes: 0,
    problems: [],
  });
  assert.equal(renderCheck(check).at(-1), "the log is whole");
  const repair = await repairSession(home.host, path, { dryRun: false });
  assert.equal(repair.keptAs, undefined);
  assert.deepEqual(renderRepair(repair), [
    "Nothing to repair: the log is whole",
  ]);
});

Deno.test("repairSession() keeps whole lines, and the original beside them", async () => {
  await using home = await makeHome();
  const path = await home.write([
    item(userItem("one")),
    item(userItem("two")),
    item(userItem("three")),
  ]);
  const lines = (await Deno.readTextFile(path)).split("\n");
  lines[2] = lines[2]!.replace("two", "owt");
  const damaged = lines.join("\n") + '{"torn';
  await Deno.writeTextFile(path, damaged);
  const dry = await repairSession(home.host, path, { dryRun: true });
  assert.equal(await Deno.readTextFile(path), damaged);
  assert.equal(dry.linesKept, 3);
  const { keptAs, linesKept } = await repairSession(home.host, path, {
    dryRun: false,
  });
  assert.equal(linesKept, 3);
  assert.equal(await Deno.readTextFile(keptAs!), damaged);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  const { thread } = await restoreThread(home.host.files, path);
  assert.deepEqual(thread.items, [userItem("one"), userItem("three")]);
  assert.deepEqual(thread.problems, []);
  assert.equal(thread.meta.id, META.id);
});

Deno.test("exportSession() writes Markdown without keys", async () => {
  await using home = await makeHome();
  const key = "sk-proj-abcdefghijklmnopqrstuvwxyz";
  const path = await home.write([
    ...turnFacts("t1", `use ${key} and hunter2hunter2`),
    item(JSON.stringify({
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "Done. ```x```" }],
    })),
    item(JSON.stringify({
      type: "function_call",
      call_id: "f",
      name: "shell",
      arguments: '{"command":["ls","-l"]}',
    })),
    item(outputItem("f", "has ``` in it")),
  ]);
  const text = await collect(exportSession(home.host.files, path, {
    format: "markdown",
    full: false,
    secrets: ["hunter2hunter2"],
  }));
  assert.ok(!text.includes(key) && !text.includes("hunter2"));
  assert.ok(text.includes("## User\n\nuse [redacted] and [redacted]\n"));
  assert.ok(text.includes("### shell\n\n```\nls -l\n```"));
  assert.ok(text.includes("````\nhas ``` in it\n````"));
});

Deno.test("exportSession() writes JSON lines that open as a session, without keys", async () => {
  await using home = await makeHome();
  const key = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
  const path = await home.write(turnFacts("t1", `token ${key} "quoted"`));
  const text = await collect(exportSession(home.host.files, path, {
    format: "jsonl",
    full: true,
    secrets: ['"quoted"'],
  }));
  assert.ok(!text.includes(key));
  const copy = `${home.path}/copy.jsonl`;
  await Deno.writeTextFile(copy, text);
  const { thread } = await restoreThread(home.host.files, copy);
  assert.deepEqual(thread.problems, []);
  assert.equal(thread.items[0], userItem("token [redacted] [redacted]"));
});

Deno.test("loadSessionView() shows what is part of the prompt, with full also the rest", async () => {
  await using home = await makeHome();
  const path = await home.write([
    ...turnFacts("t1", "one"),
    {
      type: "compacted",
      summary: "We did one.",
      replacement: [userItem("one")],
      handover: null,
    },
    ...turnFacts("t2", "two"),
    { type: "rolled_back", turns: 1 },
    item(userItem("three")),
    {
      type: "turn_ended",
      turnId: "t",
      outcome: {
        type: "failed",
        error: { kind: "stream", message: "cut" },
      },
      usage: usageOf(1),
    },
    { type: "named", name: "demo" },
  ]);
  const { files } = home.host;
  const brief = await loadSessionView(files, path, { full: false });
  assert.deepEqual(brief.entries.map(({ kind, text }) => [kind, text]), [
    ["compacted", "We did one."],
    ["rolled_back", "1 turns removed"],
    ["user", "three"],
    ["turn_end", "failed: cut"],
  ]);
  assert.equal(brief.name, "demo");
  const full = await loadSessionView(files, path, { full: true });
  assert.deepEqual(
    full.entries.filter(({ isDropped }) => isDropped).map(({ text }) => text),
    ["one", "{}", "ok", "two", "{}", "ok"],
  );
  const lines = renderSessionView(full);
  assert.equal(lines[0], `session ${META.id} [demo]`);
  assert.ok(lines.includes("(dropped) user:"));
  const cut = await loadSessionView(files, path, {
    full: true,
    textBytesMax: 2,
  });
  assert.equal(cut.entries[0]?.text, "on\n… 1 more characters");
});

Deno.test("loadCacheTable() tells what each request took from the cache", async () => {
  await using home = await makeHome();
  const path = await home.write([
    item(userItem("one")),
    { type: "request", usage: usageOf(100), bodyHash: "a", inputItems: 1 },
    { type: "request", usage: null, bodyHash: "b", inputItems: 2 },
    { type: "rolled_back", turns: 1 },
    { type: "request", usage: usageOf(300), bodyHash: "c", inputItems: 1 },
  ]);
  const rows = await loadCacheTable(home.host.files, path);
  assert.deepEqual(
    rows.map(({ request, inputItems, cause }) => [request, inputItems, cause]),
    [
      [1, 1, ""],
      [2, 2, ""],
      [3, 1, "rolled back"],
    ],
  );
  assert.deepEqual(renderCacheTable(rows), [
    "  #  items  input  cached  share  output",
    "  1      1    100      50    50%       7",
    "  2      2      -       -      -       -",
    "  3      1    300     150    50%       7  rolled back",
    "all           400     200    50%      14",
  ]);
  assert.deepEqual(renderCacheTable([]), [
    "No request of this session was answered",
  ]);
});

Deno.test("searchSessions() finds words, and what was said since", async () => {
  await using home = await makeHome();
  const path = await home.write(turnFacts("t1", "the flaky login test"));
  await home.write(turnFacts("t1", "another matter"), TWO, undefined, "/else");
  const search = (
    words: string[],
    cwd?: string,
  ): ReturnType<typeof searchSessions> =>
    searchSessions(home.host, {
      codexHome: home.path,
      openSql: openSqlite,
      words,
      ...(cwd !== undefined && { cwd }),
    });
  const first = await search(["login", "flaky"]);
  assert.deepEqual(
    first.hits.map(({ session, snippet }) => [session.id, snippet]),
    [
      [META.id, "the flaky login test"],
    ],
  );
  assert.equal(first.sessionsSearched, 2);
  await home.extend(path, [item(userItem("now a zebra"))]);
  assert.equal((await search(["zebra"])).hits[0]?.line, 10);
  assert.deepEqual((await search(["nothing"])).hits, []);
  const elsewhere = await search(["matter"], "/srv/project");
  assert.deepEqual(renderSearch(elsewhere), [
    "Nothing found in 2 sessions",
    "1 in other folders not shown (--all shows them)",
  ]);
  await Deno.remove(path);
  assert.deepEqual((await search(["login"])).hits, []);
  assert.equal(
    (await Deno.stat(`${home.path}/session_search.sqlite`)).mode! & 0o777,
    0o600,
  );
});

Deno.test("searchSessions() takes what is typed for words, never for syntax", async () => {
  await using home = await makeHome();
  await home.write(turnFacts("t1", 'say "hi" OR (x AND y*'));
  const options = { codexHome: home.path, openSql: openSqlite };
  for (const words of [['"hi"', "OR"], ["(x"], ["y*"], ["NEAR("], ["a:b"]]) {
    const { sessionsSearched } = await searchSessions(home.host, {
      ...options,
      words,
    });
    assert.equal(sessionsSearched, 1);
  }
  await assert.rejects(
    () => searchSessions(home.host, { ...options, words: [" "] }),
    /no words were given/,
  );
});

Deno.test("searchSessions() makes a damaged index anew, and does without a file", async () => {
  await using home = await makeHome();
  await home.write(turnFacts("t1", "findable"));
  const index = `${home.path}/session_search.sqlite`;
  await Deno.writeTextFile(index, "this is no database ".repeat(100));
  const options = { codexHome: home.path, words: ["findable"] };
  const found = await searchSessions(home.host, {
    ...options,
    openSql: openSqlite,
  });
  assert.equal(found.hits.length, 1);
  const opened: string[] = [];
  const onlyMemory = (path: string): Promise<SqlDatabase> => {
    opened.push(path);
    if (path !== ":memory:") throw new Error("read-only file system");
    return openSqlite(path);
  };
  const again = await searchSessions(home.host, {
    ...options,
    openSql: onlyMemory,
  });
  assert.equal(again.hits.length, 1);
  assert.deepEqual(opened, [index, index, ":memory:"]);
});

Deno.test("searchSessions() indexes commands and answers, not tool outputs", async () => {
  await using home = await makeHome();
  await home.write([
    { type: "turn_started", turnId: "t", settings: SETTINGS },
    item(callItem("c", "special_tool")),
    item(outputItem("c", "secretoutput")),
  ]);
  const options = { codexHome: home.path, openSql: openSqlite };
  const tool = await searchSessions(home.host, {
    ...options,
    words: ["special_tool"],
  });
  assert.equal(tool.hits.length, 1);
  const output = await searchSessions(home.host, {
    ...options,
    words: ["secretoutput"],
  });
  assert.equal(output.hits.length, 0);
});

interface TestHome extends AsyncDisposable {
  readonly path: string;
  readonly at: { readonly codexHome: string };
  readonly host: Host;
  write(
    facts: readonly LogFact[],
    id?: string,
    mtimeMs?: number,
    cwd?: string,
  ): Promise<string>;
  extend(path: string, facts: readonly LogFact[]): Promise<void>;
}

async function makeHome(): Promise<TestHome> {
  const path = await Deno.makeTempDir();
  const host = denoHost();
  return {
    path,
    at: { codexHome: path },
    host,
    async write(facts, id = META.id, mtimeMs, cwd = META.cwd) {
      const log = await writeLog(host, facts, {
        codexHome: path,
        meta: { id, cwd },
      });
      if (mtimeMs !== undefined) {
        await Deno.utime(log, mtimeMs / 1000, mtimeMs / 1000);
      }
      return log;
    },
    async extend(logPath, facts) {
      const { log } = await openThreadLog(host, logPath, { codexHome: path });
      for (const fact of facts) log.append(fact);
      await log.close();
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function collect(parts: AsyncIterable<string>): Promise<string> {
  return (await Array.fromAsync(parts)).join("");
}
