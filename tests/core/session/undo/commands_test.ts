/** What commands change is kept, told from what others change, and put back. */
import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import { createCheckpoints } from "../../../../core/session/undo/checkpoints.ts";
import { renderUndoPlan } from "../../../../core/session/undo/kept/plan.ts";
import { basename } from "../../../../core/util/path.ts";
import { scanTree } from "../../../../core/session/undo/watch/scan.ts";
import { assertSameTree, makeLab } from "./support_undo.ts";

Deno.test("undo() brings back deleted trees, modes, links, empty folders and renamed files", async () => {
  await using lab = await makeLab();
  await lab.bash(
    "mkdir -p a/b/empty c; echo x > a/b/x; chmod 750 a/b; chmod 700 a/b/empty; " +
      "ln -s ../c a/link; ln -s nowhere broken; echo y > c/y; chmod 444 c/y",
  );
  const before = await lab.tree();
  await lab.command(
    "t",
    "rm -rf a; mv c d; chmod 600 d/y; rm broken; echo > broken",
  );
  await lab.end("t");
  const plan = await lab.open().undo(1);
  assert.deepEqual(plan.conflicts, []);
  assertSameTree(await lab.tree(), before);
});

Deno.test("undo() exchanges a folder for the file that it was, and a file for the folder", async () => {
  await using lab = await makeLab();
  await lab.bash("echo file > one; mkdir two; echo in > two/in");
  const before = await lab.tree();
  await lab.command(
    "t",
    "rm one; mkdir -p one/deep; echo x > one/deep/x; rm -r two; echo y > two",
  );
  await lab.end("t");
  await lab.open().undo(1);
  assertSameTree(await lab.tree(), before);
});

Deno.test("undo() takes away what cannot be kept when a command made it", async () => {
  await using lab = await makeLab();
  const before = await lab.tree();
  const size = LIMITS.checkpointFileBytes + 1;
  await lab.command("t", `mkfifo pipe; truncate -s ${size} big; mkdir new`);
  await lab.end("t");
  await lab.open().undo(1);
  assertSameTree(await lab.tree(), before);
});

Deno.test("undo() names what a command took away and nobody had kept", async () => {
  await using lab = await makeLab();
  const size = LIMITS.checkpointFileBytes + 1;
  await lab.bash(`mkfifo pipe; truncate -s ${size} big; echo x > a`);
  await lab.command("t", "rm pipe big; rm a");
  await lab.end("t");
  const plan = await lab.open().undo(1);
  assert.deepEqual(
    plan.conflicts.map(({ path, reason }) => [path, reason]),
    [
      [`${lab.work}/big`, `was not kept: it has ${size} bytes`],
      [`${lab.work}/pipe`, "was not kept: it is a named pipe"],
    ],
  );
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "x\n");
});

Deno.test("a turn without changes leaves nothing to undo, and a copy of what is there", async () => {
  await using lab = await makeLab();
  await lab.bash("echo x > a");
  await lab.command("t", "cat a");
  await lab.end("t");
  assert.deepEqual(renderUndoPlan(await lab.open().preview(1)), [
    "Nothing to undo: no recorded turn changed files",
  ]);
  await assert.rejects(() => Deno.stat(`${lab.home}/checkpoints/thread.jsonl`));
  const open = `${lab.home}/checkpoints/open/thread`;
  await assert.rejects(() => Deno.stat(open));
});

Deno.test("what the person changes between two commands of a turn stays", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > theirs; echo 0 > mine");
  await lab.command("t", "echo 1 > theirs");
  await lab.bash("echo me > mine; echo me > new");
  await lab.command("t", "echo 2 > theirs; echo 2 >> mine");
  await lab.end("t");
  await lab.open().undo(1);
  const read = (name: string): Promise<string> =>
    Deno.readTextFile(`${lab.work}/${name}`);
  assert.deepEqual(
    [await read("theirs"), await read("mine"), await read("new")],
    ["0\n", "me\n", "me\n"],
  );
});

Deno.test("a file that both have changed in a turn is left unless it is forced", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a");
  await lab.command("t", "echo 1 > a");
  await lab.bash("echo me >> a");
  await lab.command("t", "true");
  await lab.end("t");
  await assert.rejects(() => lab.open().undo(1), {
    message: /a \(may have been changed by somebody else during the turn\)/,
  });
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "1\nme\n");
  await lab.open().undo(1, { force: true });
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "0\n");
});

Deno.test("what the person changes after the turn is left unless it is forced", async () => {
  await using lab = await makeLab();
  await lab.bash("mkdir d; echo 0 > d/a; echo 0 > b");
  await lab.command("t", "rm -r d; echo 1 > b");
  await lab.end("t");
  await lab.bash("mkdir d; echo me > d/a");
  await assert.rejects(() => lab.open().undo(1), /d\/a \(was changed after/);
  assert.equal(await Deno.readTextFile(`${lab.work}/b`), "1\n");
});

Deno.test("a new folder in which the person has put something stays with it", async () => {
  await using lab = await makeLab();
  await lab.command("t", "mkdir -p new/deep; echo x > new/deep/x");
  await lab.end("t");
  await lab.bash("echo me > new/mine");
  const plan = await lab.open().undo(1);
  assert.deepEqual(plan.conflicts, [{
    path: `${lab.work}/new`,
    reason: "holds files that are not the turn's",
    isForceable: false,
  }]);
  assert.deepEqual(Object.keys(await lab.tree()), ["", "new", "new/mine"]);
});

Deno.test("undo() says which folders it does not speak for", async () => {
  await using lab = await makeLab();
  await lab.bash(
    "mkdir -p node_modules/p .git target; echo tag > target/CACHEDIR.TAG; " +
      "echo 1 > node_modules/p/x; echo 1 > target/y; echo 0 > a",
  );
  await lab.command("t", "rm -rf node_modules target .git; echo 1 > a");
  await lab.end("t");
  const plan = await lab.open().undo(1);
  assert.deepEqual(renderUndoPlan(plan).slice(-3), [
    "What commands changed here is not known and stays:",
    `  ${lab.work}/node_modules (installed packages)`,
    `  ${lab.work}/target (a cache)`,
  ]);
  assert.deepEqual(Object.keys(await lab.tree()), ["", "a"]);
});

Deno.test("a folder that a command calls a cache is known all the same", async () => {
  await using lab = await makeLab();
  await lab.bash("mkdir src; echo 0 > src/a");
  const before = await lab.tree();
  await lab.command("t", "touch src/CACHEDIR.TAG; echo 1 > src/a");
  await lab.command("t", "rm src/a");
  await lab.end("t");
  await lab.open().undo(1);
  assertSameTree(await lab.tree(), before);
});

Deno.test("what a file holds is read again when only its times could be forged", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a; touch -d 2020-01-01 a");
  await lab.command("t", "echo 1 > a; touch -d 2020-01-01 a");
  await lab.end("t");
  await lab.open().undo(1);
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "0\n");
});

Deno.test("a command that was cut off with its program is undone when it is forced", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a; mkdir d; echo 0 > d/x");
  const before = await lab.tree();
  await lab.command("t", "echo 1 > a; rm -r d");
  const later = lab.open();
  await assert.rejects(() => later.undo(1), /its turn was cut off/);
  await later.undo(1, { force: true });
  assertSameTree(await lab.tree(), before);
  assert.deepEqual((await lab.open().preview(1)).turns, []);
});

Deno.test("a turn that was cut off is still known after the next one", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a; echo 0 > b");
  const before = await lab.tree();
  await lab.command("t1", "echo 1 > a");
  const later = lab.open();
  await lab.command("t2", "echo 2 > b", later);
  await lab.end("t2", later);
  const plan = await lab.open().preview(5);
  assert.deepEqual(plan.turns.map(({ turnId }) => turnId), ["t2", "t1"]);
  await lab.open().undo(5, { force: true });
  assertSameTree(await lab.tree(), before);
});

Deno.test("two threads in one folder do not take back each other's files", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a; echo 0 > b; echo 0 > both");
  const other = lab.open("other");
  await lab.command("t", "echo 1 > a; echo 1 > both");
  await lab.command("o", "echo 2 > b; echo 2 > both", other);
  await lab.end("t");
  await lab.end("o", other);
  await assert.rejects(
    () => lab.open().undo(1),
    /both \(may have been changed/,
  );
  await assert.rejects(
    () => lab.open("other").undo(1),
    /both \(may have been changed/,
  );
  await lab.bash("echo 0 > both");
  await lab.open().undo(1, { force: true });
  assert.equal(await Deno.readTextFile(`${lab.work}/b`), "2\n");
});

Deno.test("another thread in the folder reads nothing that is kept already", async () => {
  await using lab = await makeLab();
  await lab.bash("for i in 1 2 3; do echo $i > f$i; done; sleep 0.1");
  await lab.command("t", "true");
  await lab.end("t");
  const kept = namesIn(`${lab.home}/checkpoints/objects`);
  const other = lab.open("other");
  await lab.command("o", "rm f1", other);
  await lab.end("o", other);
  assert.deepEqual(namesIn(`${lab.home}/checkpoints/objects`), kept);
  await lab.open("other").undo(1);
  assert.equal(await Deno.readTextFile(`${lab.work}/f1`), "1\n");
});

Deno.test("what lost its copy for the room of another thread is kept again", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a; sleep 0.1");
  await lab.command("t1", "true");
  await lab.end("t1");
  const objects = `${lab.home}/checkpoints/objects`;
  for (const name of namesIn(objects)) {
    await Deno.remove(`${objects}/${name}`);
  }
  await lab.command("t2", "rm a");
  await lab.end("t2");
  await lab.open().undo(1);
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "0\n");
});

Deno.test("names that are not UTF-8 are left alone and named", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a; echo x > $'b\\xff'");
  await lab.command("t", "echo 1 > a; rm b*");
  await lab.end("t");
  const plan = await lab.open().undo(1);
  assert.deepEqual(plan.left.map(({ reason }) => reason), [
    "its name is not UTF-8",
  ]);
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "0\n");
});

Deno.test("no link is followed out of the folder, neither to keep nor to put back", async () => {
  await using lab = await makeLab();
  const outside = `${lab.root}/outside`;
  await lab.bash(
    `mkdir ${outside}; echo o > ${outside}/o; ln -s ${outside} out`,
  );
  await lab.bash("mkdir d; echo 0 > d/x");
  await lab.command("t", "echo 1 > out/o; rm -r d");
  await lab.end("t");
  await lab.bash(`ln -s ${outside} d`);
  await assert.rejects(
    () =>
      lab.open().undo(1, { force: true }).then(() => {
        throw new Error("undone");
      }),
    /undone/,
  );
  // The link that took its place goes, what it leads to stays.
  assert.deepEqual(namesIn(outside), ["o"]);
  assert.equal(await Deno.readTextFile(`${outside}/o`), "1\n");
  assert.equal(await Deno.readTextFile(`${lab.work}/d/x`), "0\n");
});

Deno.test("a file that a thread may not read is not copied", async () => {
  await using lab = await makeLab();
  await lab.bash("echo secret-word > .env; echo 0 > a");
  const host = { ...denoHost(), homeDir: () => lab.home };
  const hidden = `${lab.work}/.env`;
  const files = {
    ...host.files,
    lstat: (path: string) =>
      path === hidden
        ? Promise.reject(Object.assign(new Error("hidden"), { code: "EACCES" }))
        : host.files.lstat(path),
  };
  const checkpoints = createCheckpoints(host, {
    codexHome: lab.home,
    threadId: "thread",
    readable: () => files,
  });
  const over = await checkpoints.beforeProgram("t", {
    cwd: lab.work,
    sandbox: {
      mode: "workspace-write",
      writableRoots: [],
      networkAccess: false,
      excludeSlashTmp: true,
      excludeTmpdirEnvVar: true,
      gitCommits: false,
      allowUnixSockets: false,
      denyRead: [hidden],
    },
    what: "rm",
    isWhole: false,
    messagesBefore: 0,
  });
  await lab.bash("rm .env a");
  await over();
  await checkpoints.commit("t", 0);
  const plan = await lab.open().undo(1);
  assert.deepEqual(plan.conflicts.map(({ path, reason }) => [path, reason]), [
    [hidden, "was not kept: it may not be read"],
  ]);
  const { stdout } = await new Deno.Command("grep", {
    args: ["-r", "secret-word", lab.home],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "");
});

Deno.test("a home folder is too wide, and says so", async () => {
  await using lab = await makeLab();
  const host = { ...denoHost(), homeDir: () => lab.work };
  const checkpoints = createCheckpoints(host, {
    codexHome: lab.home,
    threadId: "thread",
  });
  await lab.bash("echo 0 > a; echo 0 > b");
  await checkpoints.beforeChange("t", `${lab.work}/a`);
  const over = await checkpoints.beforeProgram("t", {
    cwd: lab.work,
    sandbox: { mode: "danger-full-access" },
    what: "x",
    isWhole: false,
    messagesBefore: 0,
  });
  await lab.bash("echo 1 > a; echo 1 > b");
  await over();
  await checkpoints.commit("t", 0);
  const plan = await lab.open().undo(1);
  assert.deepEqual(plan.left, [{
    path: lab.work,
    reason: "a home folder, or one above it",
  }]);
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "0\n");
  assert.equal(await Deno.readTextFile(`${lab.work}/b`), "1\n");
});

Deno.test("in a copy that goes away again nothing is kept", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a; mkdir ../home/stages");
  const note = {
    above: lab.root,
    owner: {
      pid: 1,
      processStart: "",
      machine: "",
      boot: "",
      pidSpace: "",
    },
  };
  await Deno.writeTextFile(
    `${lab.home}/stages/id.json`,
    JSON.stringify(note),
  );
  await lab.command("t", "echo 1 > a");
  await lab.end("t");
  await assert.rejects(() => Deno.stat(`${lab.home}/checkpoints`));
});

Deno.test("the working folder itself is put back when a command took it away", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a");
  const before = await lab.tree();
  await lab.command("t", 'rm -rf "$PWD"');
  await lab.end("t");
  await lab.open().undo(1);
  assertSameTree(await lab.tree(), before);
});

Deno.test("a patch and a command on one file are undone together", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a; echo 0 > b");
  const before = await lab.tree();
  await lab.command("t", "echo 1 > a");
  await lab.patch("t", "a", "two");
  await lab.patch("t", "new/deep/c", "three");
  await lab.command("t", "echo 4 >> a; echo 4 >> new/deep/c");
  await lab.patch("t", "b", null);
  await lab.end("t");
  const plan = await lab.open().undo(1);
  assert.deepEqual(plan.conflicts, []);
  assertSameTree(await lab.tree(), before);
});

Deno.test("what a command that lives on does in a later turn is that turn's", async () => {
  await using lab = await makeLab();
  await lab.bash("echo 0 > a");
  const { checkpoints } = lab;
  const begin = (turn: string, what: string): Promise<() => Promise<void>> =>
    checkpoints.beforeProgram(turn, {
      cwd: lab.work,
      sandbox: { mode: "danger-full-access" },
      what,
      isWhole: false,
      messagesBefore: 0,
    });
  const over = await begin("t1", "serve");
  await lab.bash("echo 1 > a");
  await checkpoints.commit("t1", 0);
  await (await begin("t2", "serve"))();
  await lab.bash("echo 2 > a");
  await checkpoints.commit("t2", 0);
  await over();
  const plan = await lab.open().undo(1);
  assert.deepEqual(plan.restore.map(({ by }) => by), ["serve"]);
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "1\n");
  await lab.open().undo(1);
  assert.equal(await Deno.readTextFile(`${lab.work}/a`), "0\n");
});

function namesIn(path: string): readonly string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

Deno.test("what is noted of a folder is kept once, however many threads have worked in it", async () => {
  await using lab = await makeLab();
  const trees = `${lab.home}/checkpoints/trees`;
  const turn = async (thread: string): Promise<string[]> => {
    const by = lab.open(thread);
    await lab.command(`turn-${thread}`, `echo ${thread} > a`, by);
    const names = await Array.fromAsync(Deno.readDir(trees));
    for (const { name } of names) await Deno.utime(`${trees}/${name}`, 1, 1);
    if (thread !== "open") await lab.end(`turn-${thread}`, by);
    return names.map(({ name }) => name.replace(/^.*\./, "")).sort();
  };
  await turn("one");
  await turn("open");
  // A turn that runs needs its own after a crash.
  assert.deepEqual(await turn("two"), ["open", "two"]);
  assert.deepEqual(await turn("three"), ["open", "three"]);
});

Deno.test("an undo that was cut short goes on without being forced", async () => {
  await using lab = await makeLab();
  await lab.bash("mkdir -m 755 sub && echo one > sub/a && chmod 640 sub/a");
  const before = await lab.tree();
  await lab.command("t", "rm -r sub");
  await lab.end("t");
  const objects = `${lab.home}/checkpoints/objects`;
  await Deno.rename(objects, `${objects}-away`);
  await assert.rejects(() => lab.open().undo(1), /Cannot restore .*sub\/a/);
  await Deno.remove(objects, { recursive: true }).catch(() => {});
  await Deno.rename(`${objects}-away`, objects);
  assert.deepEqual((await lab.open().undo(1)).conflicts, []);
  assertSameTree(await lab.tree(), before);
});

Deno.test("a disk that is far away does not keep a command waiting", async () => {
  await using lab = await makeLab();
  await lab.bash(
    "for at in $(seq 10 40); do mkdir $at && echo x > $at/f; done",
  );
  let nowMs = 0;
  const disk = denoHost();
  const { openFolder } = disk;
  assert.ok(openFolder !== undefined);
  const host = { ...disk, openFolder, monotonicMs: () => nowMs += 200 };
  const keep = (): Promise<{ pack: string; at: number }> =>
    Promise.resolve({ pack: "p", at: 0 });
  const place = { root: lab.work, own: lab.home, keepsLeft: false };
  const first = await scanTree(host, { ...place, keep });
  assert.ok(first.entries.size > 2 && first.entries.size < 62);
  assert.match(String(first.left.get("*")), /took more than 10 s/);
  // What is known by then is looked at again, however long that takes.
  const then = await scanTree(host, {
    ...place,
    previous: first,
    keepsLeft: true,
  });
  assert.deepEqual([...then.entries.keys()], [...first.entries.keys()]);
});

Deno.test("undo does not take back what a thread does whose turn is not over", async () => {
  await using lab = await makeLab();
  await lab.bash("echo one > a; echo one > b");
  const [mine, other] = [lab.open("mine"), lab.open("other")];
  const over = await mine.beforeProgram("m", {
    cwd: lab.work,
    sandbox: { mode: "danger-full-access" },
    what: "make a",
    isWhole: false,
    messagesBefore: 0,
  });
  await lab.command("o", "echo two > b", other);
  await lab.bash("echo two > a");
  await over();
  await lab.end("m", mine);
  await assert.rejects(
    () => lab.open("mine").undo(1),
    /b \(may have been changed by somebody else during the turn\)/,
  );
  await lab.end("o", other);
  const { restore, conflicts } = await lab.open("mine").preview(1);
  assert.deepEqual(
    [restore, conflicts].map((all) => all.map(({ path }) => basename(path))),
    [["a"], ["b"]],
  );
});
