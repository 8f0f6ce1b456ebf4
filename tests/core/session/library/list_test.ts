import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import type { Host } from "../../../../core/protocol/host.ts";
import type { LogFact } from "../../../../core/protocol/log.ts";
import { findSession } from "../../../../core/session/library/find.ts";
import {
  listSessionFiles,
  parseLogName,
} from "../../../../core/session/log/files.ts";
import {
  listSessions,
  renderSessionList,
} from "../../../../core/session/library/list.ts";
import { readSessionNames } from "../../../../core/session/log/names.ts";
import { item, META, turnFacts, userItem, writeLog } from "../log/support.ts";

const ONE = "01a1fbe5-0000-7141-b7e4-a7319acfa046";
const TWO = "01a1fbe5-1111-7141-b7e4-a7319acfa046";
const THREE = "01b00000-2222-7141-b7e4-a7319acfa046";

Deno.test("listSessions() shows title, name, folder and size, the last written first", async () => {
  await using home = await makeHome();
  await home.write(ONE, turnFacts("t", "first\nrequest"), 1000);
  await home.write(TWO, [
    item(userItem("second")),
    { type: "named", name: "work" },
  ], 3000);
  await home.write(THREE, turnFacts("t", "third"), 2000, "/elsewhere");
  const listing = await listSessions(home.host, { codexHome: home.path });
  assert.deepEqual(
    listing.sessions.map(({ id, title, name, cwd }) => ({
      id,
      title,
      name,
      cwd,
    })),
    [
      { id: TWO, title: "second", name: "work", cwd: "/srv/project" },
      { id: THREE, title: "third", name: undefined, cwd: "/elsewhere" },
      { id: ONE, title: "first request", name: undefined, cwd: "/srv/project" },
    ],
  );
  const [newest] = listing.sessions;
  assert.equal(newest?.updatedAt, new Date(3000).toISOString());
  assert.equal(newest?.sizeBytes, (await Deno.stat(newest!.path)).size);
  assert.equal(newest?.createdAt, META.createdAt);
});

Deno.test("listSessions() tells what it does not show", async () => {
  await using home = await makeHome();
  await home.write(ONE, turnFacts("t", "one"), 1000);
  await home.write(TWO, turnFacts("t", "two"), 3000, "/elsewhere");
  await home.write(THREE, turnFacts("t", "three"), 2000);
  const here = await listSessions(home.host, {
    codexHome: home.path,
    cwd: "/srv/project",
    limit: 1,
  });
  assert.deepEqual(here.sessions.map(({ id }) => id), [THREE]);
  assert.equal(here.elsewhere, 1);
  assert.equal(here.more, 1);
  assert.deepEqual(
    renderSessionList(here, { now: new Date(62_000), columns: 100 }).slice(1),
    [
      "1 in other folders not shown (--all shows them)",
      "1 older not listed (--limit lists more)",
    ],
  );
  const none = await listSessions(home.host, {
    codexHome: home.path,
    cwd: "/nowhere",
  });
  assert.deepEqual(renderSessionList(none, { now: new Date(0), columns: 80 }), [
    "No sessions in /nowhere",
    "3 in other folders not shown (--all shows them)",
  ]);
});

Deno.test("listSessions() reads no more than the start and the end of a file", async () => {
  await using home = await makeHome();
  const big = "x".repeat(3_000_000);
  await home.write(ONE, [
    item(
      JSON.stringify({
        type: "message",
        role: "developer",
        content: [{ type: "input_text", text: "y".repeat(100_000) }],
      }),
    ),
    item(userItem("the request")),
    item(userItem(big)),
    { type: "named", name: "large" },
  ], 1000);
  await Deno.remove(`${home.path}/session_index.jsonl`);
  let bytes = 0;
  const files: Host["files"] = {
    ...home.host.files,
    readText: () => Promise.reject(new Error("a whole file was read")),
    readBytes: () => Promise.reject(new Error("a whole file was read")),
    readRange: async (path, offset, bytesMax) => {
      const data = await home.host.files.readRange(path, offset, bytesMax);
      bytes += data.length;
      return data;
    },
  };
  const readText = (path: string): Promise<string> =>
    path === `${home.path}/session_index.jsonl`
      ? home.host.files.readText(path)
      : files.readText(path);
  const { sessions } = await listSessions(
    { ...home.host, files: { ...files, readText } },
    { codexHome: home.path },
  );
  assert.equal(sessions[0]?.title, "the request");
  assert.equal(sessions[0]?.name, "large");
  assert.ok(bytes < 400_000, `${bytes} bytes were read`);
});

Deno.test("listSessions() passes over empty files and takes odd ones as they are", async () => {
  await using home = await makeHome();
  await home.write(ONE, turnFacts("t", "one"), 1000);
  const folder = `${home.path}/sessions/2026/01/01`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    `${folder}/rollout-2026-01-01T00-00-00-${TWO}.jsonl`,
    "",
  );
  await Deno.writeTextFile(
    `${folder}/rollout-2026-01-01T00-00-00-${THREE}.jsonl`,
    "garbage\n",
  );
  await Deno.writeTextFile(`${folder}/notes.txt`, "not a session");
  const { sessions } = await listSessions(home.host, { codexHome: home.path });
  assert.deepEqual(
    sessions.map(({ id, title }) => [id, title]).sort(),
    [[ONE, "one"], [THREE, ""]],
  );
  const empty = await listSessions(home.host, { codexHome: "/none" });
  assert.deepEqual(empty, { sessions: [], elsewhere: 0, more: 0 });
});

Deno.test("renderSessionList() fits the columns and never steers the terminal", async () => {
  await using home = await makeHome();
  await home.write(
    ONE,
    turnFacts("t", `\x1b[31mred ${"long ".repeat(50)}`),
    1000,
  );
  const listing = await listSessions(home.host, { codexHome: home.path });
  const [line = ""] = renderSessionList(listing, {
    now: new Date(1000 + 2 * 86_400_000),
    columns: 90,
  });
  assert.ok(line.length <= 90);
  assert.ok(line.startsWith(`${ONE}    2d  `));
  assert.ok(line.includes("red long"));
  assert.ok(!line.includes("\x1b"));
});

Deno.test("findSession() finds by id, start of an id, and name", async () => {
  await using home = await makeHome();
  await home.write(ONE, turnFacts("t", "one"), 1000);
  await home.write(TWO, [
    item(userItem("two")),
    { type: "named", name: "beef" },
  ], 2000);
  await home.write(THREE, turnFacts("t", "three"), 3000);
  const find = async (name: string): Promise<string | undefined> =>
    parseLogName(
      await findSession(home.host, { codexHome: home.path, name }),
    )?.id;
  assert.equal(await find(ONE), ONE);
  assert.equal(await find(ONE.toUpperCase()), ONE);
  assert.equal(await find("01b0"), THREE);
  assert.equal(await find("beef"), TWO);
  await Deno.remove(`${home.path}/session_index.jsonl`);
  assert.equal(await find("beef"), TWO);
});

Deno.test("findSession() never makes up a session", async () => {
  await using home = await makeHome();
  await home.write(ONE, turnFacts("t", "one"), 1000);
  await home.write(TWO, turnFacts("t", "two"), 2000, "/elsewhere");
  const find = (name: string): Promise<string> =>
    findSession(home.host, { codexHome: home.path, name });
  await assert.rejects(() => find("unknown"), {
    name: "SessionError",
    message: /^Cannot find session "unknown"/,
  });
  await assert.rejects(() => find("01a1"), (error: Error) => {
    assert.ok(error.message.includes(ONE) && error.message.includes(TWO));
    return true;
  });
  await assert.rejects(() => find(""), /Cannot find session/);
  await assert.rejects(
    () =>
      findSession(home.host, {
        codexHome: home.path,
        last: true,
        cwd: "/nowhere",
      }),
    /none is recorded in \/nowhere; 2 are in other folders/,
  );
});

Deno.test("findSession() takes the last of this folder, or of all", async () => {
  await using home = await makeHome();
  await home.write(ONE, turnFacts("t", "one"), 1000);
  await home.write(TWO, turnFacts("t", "two"), 2000, "/elsewhere");
  const codexHome = home.path;
  const here = await findSession(home.host, {
    codexHome,
    last: true,
    cwd: "/srv/project",
  });
  assert.equal(parseLogName(here)?.id, ONE);
  const all = await findSession(home.host, { codexHome });
  assert.equal(parseLogName(all)?.id, TWO);
});

Deno.test("listSessionFiles() knows archived files and sorts by name", async () => {
  await using home = await makeHome();
  const path = await home.write(ONE, turnFacts("t", "one"), 1000);
  const archive = `${home.path}/archived_sessions`;
  await Deno.mkdir(archive);
  await Deno.rename(path, `${archive}/${path.split("/").at(-1)}`);
  await home.write(TWO, turnFacts("t", "two"), 2000);
  const files = await listSessionFiles(home.host.files, home.path);
  assert.deepEqual(files.map(({ id, isArchived }) => [id, isArchived]), [
    [TWO, false],
    [ONE, true],
  ]);
  const shown = await listSessions(home.host, { codexHome: home.path });
  assert.deepEqual(shown.sessions.map(({ id }) => id), [TWO]);
  const found = await findSession(home.host, {
    codexHome: home.path,
    name: ONE,
  });
  assert.ok(found.startsWith(archive));
});

Deno.test("readSessionNames() takes the last name and passes over what is none", async () => {
  await using home = await makeHome();
  await Deno.writeTextFile(
    `${home.path}/session_index.jsonl`,
    `{"id":"a","thread_name":"x"}\nnoise\n{"id":1}\n{"id":"a","thread_name":"y"}\n{"id":"b","thr`,
  );
  const names = await readSessionNames(home.host.files, home.path);
  assert.deepEqual([...names], [["a", "y"]]);
  assert.equal((await readSessionNames(home.host.files, "/none")).size, 0);
});

interface TestHome extends AsyncDisposable {
  readonly path: string;
  readonly host: Host;
  write(
    id: string,
    facts: readonly LogFact[],
    mtimeMs: number,
    cwd?: string,
  ): Promise<string>;
}

async function makeHome(): Promise<TestHome> {
  const path = await Deno.makeTempDir();
  const host = denoHost();
  return {
    path,
    host,
    async write(id, facts, mtimeMs, cwd = "/srv/project") {
      const meta = { id, cwd };
      const log = await writeLog(host, facts, { codexHome: path, meta });
      await Deno.utime(log, mtimeMs / 1000, mtimeMs / 1000);
      return log;
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
