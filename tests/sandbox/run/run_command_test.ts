import assert from "node:assert/strict";
import { reapChild } from "../../../core/host/system/libc.ts";
import {
  SandboxUnavailable,
  SessionError,
  ToolError,
} from "../../../core/protocol/error.ts";
import {
  backendsHere,
  eventually,
  LINUX,
  namesIn,
  openPlace,
  processesWith,
  request,
  testHost,
} from "../support.ts";
import { createSandbox } from "../../../sandbox/mod.ts";
import { READ_ONLY, workspaceWrite } from "../../support/settings.ts";

/** A library that leaves the marker when it is loaded where that can be written. */
async function compileLibrary(path: string, marker: string): Promise<void> {
  const source = `#include <fcntl.h>
__attribute__((constructor)) static void mark(void) {
  open("${marker}", O_CREAT | O_WRONLY, 0600);
}`;
  const gcc = new Deno.Command("gcc", {
    args: ["-shared", "-fPIC", "-x", "c", "-o", path, "-"],
    stdin: "piped",
  }).spawn();
  const writer = gcc.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  assert.ok((await gcc.status).success, "gcc is needed");
}

const BACKENDS = Deno.build.os === "linux" ? backendsHere() : [];

for (const backend of BACKENDS) {
  Deno.test(
    `run() tells the model of a machine that has no process left, and goes on after it (${backend})`,
    LINUX,
    async () => {
      const real = testHost();
      let isFull = false;
      await using place = await openPlace({
        backend,
        host: {
          ...real,
          spawn: (spawned) => {
            if (!isFull) return real.spawn(spawned);
            throw new Error(
              "Failed to spawn 'x': Resource temporarily unavailable (os error 11)",
            );
          },
        },
      });
      await place.run("true");
      isFull = true;
      await assert.rejects(
        place.run("true"),
        (error: unknown) =>
          error instanceof ToolError &&
          /^Cannot start the command: .*temporarily/.test(error.message),
      );
      isFull = false;
      assert.equal((await place.run("true")).exitCode, 0);
    },
  );
}

for (const backend of BACKENDS) {
  const isNone = backend === "none";

  Deno.test(
    `run() keeps both outputs in order, counts them and names the back end (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const result = await place.run("echo one; echo two >&2; printf three");
      assert.deepEqual(result.output, {
        head: "one\ntwo\nthree",
        tail: "",
        totalBytes: 13,
        totalLines: 3,
      });
      assert.equal(result.exitCode, 0);
      assert.equal(result.backend, backend);
      assert.equal(result.denied, false);
      assert.deepEqual(result.notes, []);
    },
  );

  Deno.test(
    `run() starts nothing before the call is on the disk (${backend})`,
    LINUX,
    async () => {
      let begun = 0;
      const real = testHost();
      await using place = await openPlace({
        backend,
        host: {
          ...real,
          spawn: (spawned) => {
            begun++;
            return real.spawn(spawned);
          },
        },
      });
      // So that what is proved once is proved.
      await place.run("true");
      const before = begun;
      const lost = Promise.reject(new SessionError("Cannot sync: EIO"));
      lost.catch(() => {});
      await assert.rejects(
        place.run("true", { recorded: lost }),
        SessionError,
      );
      assert.equal(begun, before);
    },
  );

  Deno.test(
    `run() gives the exit codes a shell gives (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const codeOf = async (argv: string[]) =>
        (await place.sandbox.run(request(place.workspace, argv))).exitCode;
      assert.equal(await codeOf(["sh", "-c", "exit 3"]), 3);
      assert.equal(await codeOf(["no-such-program-here"]), 127);
      assert.equal(await codeOf(["/etc/passwd"]), 126);
      assert.equal(await codeOf(["sh", "-c", "kill -TERM $$"]), 143);
      assert.equal(await codeOf(["sh", "-c", "kill -KILL $$"]), 137);
      assert.equal(await codeOf(["sh", "-c", "yes | head -n1"]), 0);
    },
  );

  Deno.test(
    `run() hands over stdin, the environment and the folder (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      await Deno.mkdir(`${place.workspace}/sub`);
      const result = await place.run('cat; echo "$A:$PATH:$HOME"; pwd', {
        stdin: new TextEncoder().encode("typed\n"),
        env: {
          PATH: "/usr/bin:/bin",
          A: "b c",
          LD_RONDO: "x",
          DENO_RONDO: "y",
        },
        cwd: `${place.workspace}/sub`,
      });
      assert.equal(
        result.output.head,
        `typed\nb c:/usr/bin:/bin:\n${place.workspace}/sub\n`,
      );
      const names = await place.run("env | cut -d= -f1 | sort | tr '\\n' ' '", {
        env: { PATH: "/usr/bin:/bin", LD_LIBRARY_PATH: "/x", DENO_DIR: "/y" },
      });
      const marks = isNone ? "" : "CODEX_SANDBOX_NETWORK_DISABLED ";
      assert.equal(
        names.output.head,
        `${marks}DENO_DIR LD_LIBRARY_PATH PATH PWD RONDO_COMMAND ${
          isNone ? "" : "RONDO_SANDBOX "
        }`,
      );
    },
  );

  Deno.test(
    `run() without input does not wait for any (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      assert.equal((await place.run("cat; echo done")).output.head, "done\n");
    },
  );

  Deno.test(
    `run() ends a command in time, politely first (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const result = await place.run(
        "trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.01; done",
        { timeoutMs: 2_000 },
      );
      assert.equal(result.exitCode, 124);
      assert.equal(result.timedOut, true);
      assert.match(result.output.head, /^ready\n(Terminated\n)?cleaned\n$/);
    },
  );

  Deno.test(
    `run() kills what does not listen, and what it left behind (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const word = `rondo-deaf-${crypto.randomUUID()}`;
      const abort = new AbortController();
      const script =
        `trap '' TERM; (setsid sh -c 'trap "" TERM; (sleep 600; : ${word}) & sleep 600; : ${word}' &) ; echo ready; sleep 600; : ${word}`;
      const ended = place.run(script, {
        signal: abort.signal,
        onOutput: () => abort.abort(),
      });
      const result = await ended;
      assert.equal(result.aborted, true);
      assert.equal(result.exitCode, 137);
      await eventually(
        async () => (await processesWith(word)).length === 0,
        word,
      );
    },
  );

  Deno.test(
    `run() leaves nothing of a normal end (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const word = `600.${Math.floor(Math.random() * 1e9)}`;
      // Double fork, own session, own group, streams elsewhere, even a clean environment.
      const result = await place.run(
        `(setsid sh -c 'sleep ${word} >/dev/null 2>&1 </dev/null &' &)
       sleep ${word} & (sleep ${word} >/dev/null 2>&1 &)
       (env -i /usr/bin/setsid sleep ${word} >/dev/null 2>&1 &)
       while [ $(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -cx "[6]${
          word.slice(1)
        }") -lt 4 ]; do :; done
       echo left`,
      );
      assert.equal(result.output.head, "left\n");
      const left = await processesWith(word);
      if (isNone) {
        // Without any sandbox nothing marks a process that threw its environment away.
        assert.ok(left.length <= 1);
        for (const pid of left) Deno.kill(pid, "SIGKILL");
      } else {
        await eventually(
          async () => (await processesWith(word)).length === 0,
          word,
        );
      }
      if (backend === "landlock") {
        assert.equal(result.reaped, 4);
        assert.deepEqual(result.notes, [
          "Ended 4 processes left running",
        ]);
      }
    },
  );

  Deno.test(
    `run() does not end another command's processes (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const abort = new AbortController();
      const { promise: isReady, resolve } = Promise.withResolvers<void>();
      const long = place.run(
        "(sleep 600 &) ; sleep 0.05; echo ready; while sleep 0.02; do echo tick; done",
        {
          signal: abort.signal,
          onOutput: (text) => text.includes("ready") && resolve(),
        },
      );
      await isReady;
      for (let i = 0; i < 3; i++) {
        assert.equal((await place.run("true &")).exitCode, 0);
      }
      const other = await place.run("sleep 600 & echo x");
      assert.equal(other.exitCode, 0);
      abort.abort();
      const result = await long;
      assert.equal(result.aborted, true, "it ran until it was aborted");
    },
  );

  Deno.test(
    `run() keeps start and end of a flood (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const result = await place.run(
        "echo first; head -c 3000000 /dev/zero | tr '\\0' 'x'; echo; echo last",
      );
      assert.equal(result.output.totalBytes, 3_000_012);
      assert.ok(result.output.head.startsWith("first\nxxx"));
      assert.ok(result.output.tail.endsWith("xxx\nlast\n"));
      assert.ok(
        result.output.head.length + result.output.tail.length < 1_100_000,
      );
    },
  );

  Deno.test(
    `run() refuses an empty command and a missing folder (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      await assert.rejects(
        place.sandbox.run(request(place.workspace, [])),
        ToolError,
      );
      await assert.rejects(
        place.run("true", { cwd: `${place.workspace}/none` }),
        ToolError,
      );
    },
  );

  Deno.test(
    `run() takes arguments with every odd character (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const odd = [
        "",
        " ",
        "a'b",
        '"',
        "$HOME",
        "`id`",
        "\n",
        "ü€😀",
        "--",
        "-c",
        "*",
      ];
      const result = await place.sandbox.run(
        request(place.workspace, ["printf", "[%s]", ...odd]),
      );
      assert.equal(result.output.head, odd.map((word) => `[${word}]`).join(""));
    },
  );
}

for (const backend of BACKENDS.filter((name) => name !== "none")) {
  Deno.test(
    `run() loads nothing of the workspace before there is a sandbox (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const library = `${place.workspace}/evil.so`;
      const marker = `${place.base}/marker`;
      await compileLibrary(library, marker);
      const env = { PATH: "/usr/bin:/bin", LD_PRELOAD: library };
      const result = await place.run("echo $LD_PRELOAD", { env });
      assert.equal(result.output.head, `${library}\n`);
      await assert.rejects(Deno.stat(marker), "it ran outside");
      await place.run("true", { env, sandboxed: false });
      await Deno.stat(marker);
    },
  );

  Deno.test(
    `run() believes no command that says the sandbox did not start (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const result = await place.run(
        "echo 'bwrap: made up' | tee /proc/1/fd/2 /proc/$PPID/fd/2 >/dev/null 2>&1; exit 1",
      );
      assert.equal(result.exitCode, 1);
      const late = await place.run(
        "echo 'rondo sandbox: cannot confine the command: no' >&2; exit 125",
      );
      assert.equal(late.exitCode, 125);
    },
  );

  Deno.test(
    `run() ends what calls itself another command's (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const word = `600.${Math.floor(Math.random() * 1e9)}`;
      await place.run(
        `(RONDO_COMMAND=other setsid sleep ${word} >/dev/null 2>&1 &)
         while ! grep -qs ${word} /proc/[0-9]*/cmdline; do :; done`,
      );
      await eventually(
        async () => (await processesWith(word)).length === 0,
        word,
      );
    },
  );

  Deno.test(
    `run() calls a refusal of the sandbox denied (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const outside = await place.run(`echo x > ${place.base}/outside`);
      assert.equal(outside.denied, true);
      assert.notEqual(outside.exitCode, 0);
      const own = await place.run("exit 5");
      assert.equal(own.denied, false);
      const plain = await place.run(`echo x > ${place.base}/outside`, {
        sandboxed: false,
      });
      assert.equal(plain.exitCode, 0, "an approved escalation is not confined");
      assert.equal(plain.backend, "none");
    },
  );

  Deno.test(
    `run() makes the workspace writable, not the folder a command starts in (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const other = `${place.base}/other`;
      await Deno.mkdir(other);
      const result = await place.run("echo x > here", { cwd: other });
      assert.notEqual(result.exitCode, 0);
      await assert.rejects(Deno.stat(`${other}/here`));
      assert.equal(
        (await place.run(`echo x > ${place.workspace}/there`, { cwd: other }))
          .exitCode,
        0,
      );
    },
  );

  Deno.test(
    `run() refuses a workspace that leads elsewhere than at the start (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { base, workspace } = place;
      const secret = `${base}/secret`;
      await Deno.mkdir(secret);
      assert.equal((await place.run("echo x > f")).exitCode, 0);
      // What a command of another thread, in a folder around it, can do.
      await Deno.rename(workspace, `${base}/was`);
      await Deno.symlink(secret, workspace);
      await assert.rejects(
        place.run(`echo x > ${workspace}/f`),
        (error) =>
          error instanceof SandboxUnavailable &&
          /must lead to/.test(error.message),
      );
      assert.deepEqual(await namesIn(secret), []);
    },
  );

  Deno.test(
    `run() opens no root that a command led elsewhere (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const root = `${place.workspace}/sub`;
      await Deno.mkdir(root);
      const secret = `${place.base}/secret`;
      await Deno.mkdir(secret);
      const policy = workspaceWrite({ writableRoots: [root] });
      assert.equal(
        (await place.run(`echo x > ${root}/f`, { policy })).exitCode,
        0,
      );
      // What a command without that root may do between two launches.
      await place.run(`rm -rf sub && ln -s ${secret} sub`);
      const { exitCode } = await place.run(`echo x > ${root}/f`, { policy });
      assert.notEqual(exitCode, 0);
      assert.deepEqual(await namesIn(secret), []);
    },
  );

  Deno.test(
    `run() notices what may not change, and says so (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      await Deno.mkdir(`${place.workspace}/real`);
      await Deno.writeTextFile(`${place.workspace}/real/config`, "[core]\n");
      await Deno.symlink("real", `${place.workspace}/.git`);
      const result = await place.run(
        "mkdir evil && rm .git && ln -s evil .git; true",
      );
      assert.equal(await Deno.readLink(`${place.workspace}/.git`), "real");
      const git = `${place.workspace}/.git`;
      const [restored, moved, ...rest] = result.notes;
      assert.equal(restored, `The sandbox restored protected files: ${git}`);
      assert.ok(
        moved?.startsWith(
          `The sandbox moved protected files aside: ${git}.rondo-moved-`,
        ),
      );
      assert.deepEqual(rest, []);
    },
  );

  Deno.test(
    `run() leaves nothing where nothing was, also beside others (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, i) => place.run(`ls -A; echo ${i}`)),
      );
      assert.deepEqual(
        results.map(({ output }) => output.head),
        Array.from({ length: 8 }, (_, i) => `${i}\n`),
      );
      assert.deepEqual(await namesIn(place.workspace), []);
    },
  );

  Deno.test(
    `run() moves aside what a command plants, deletes nothing and says so (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const result = await place.run(
        "mkdir -p .codex .agents/skills; echo x > .codex/config.toml; echo {} > .mcp.json; ln -s evil .git; echo planted",
      );
      assert.equal(result.output.head, "planted\n");
      assert.equal(result.exitCode, 0);
      const names = await namesIn(place.workspace);
      assert.deepEqual(
        names.map((name) => name.replace(/[0-9a-f]{8}$/, "ID")),
        [".agents", ".codex", ".git", ".mcp.json"].map((name) =>
          `${name}.rondo-moved-ID`
        ),
      );
      const [moved = "", ...rest] = result.notes;
      assert.deepEqual(rest, []);
      for (const name of names) assert.ok(moved.includes(name), name);
      const codex = names.find((name) => name.startsWith(".codex"));
      assert.equal(
        await Deno.readTextFile(`${place.workspace}/${codex}/config.toml`),
        "x\n",
      );
      // What was moved aside is ordinary from then on.
      assert.deepEqual((await place.run("rm -r .[acgm]*")).notes, []);
    },
  );

  Deno.test(
    `run() lets git make a repository, without what would run in it (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const env = {
        PATH: "/usr/bin:/bin",
        HOME: place.workspace,
        GIT_CONFIG_NOSYSTEM: "1",
      };
      const git = "git -c user.name=a -c user.email=a@b.c";
      const quiet = await place.run(
        `git init -q . && echo x > f && git add f && ${git} commit -qm first && echo y > g && ${git} stash -uq && git clean -fdxq && git remote add origin https://example.com/x.git`,
        { env },
      );
      assert.equal(quiet.exitCode, 0, quiet.output.head);
      assert.deepEqual(quiet.notes, []);
      assert.deepEqual(await namesIn(place.workspace), [".git", "f"]);
      await Deno.remove(`${place.workspace}/.git`, { recursive: true });
      const armed = await place.run(
        "git init -q . && git config core.fsmonitor ./evil && git config user.name me && echo ./evil > .git/hooks/pre-commit && mkdir -p .git/info && echo '* filter=x' > .git/info/attributes && echo ../evil > .git/commondir",
        { env },
      );
      assert.equal(armed.exitCode, 0, armed.output.head);
      const top = `${place.workspace}/.git`;
      const config = await Deno.readTextFile(`${top}/config`);
      assert.match(config, /name = me/);
      assert.doesNotMatch(config, /fsmonitor/);
      for (const name of ["hooks/pre-commit", "info/attributes", "commondir"]) {
        await assert.rejects(Deno.lstat(`${top}/${name}`), name);
      }
      assert.match(armed.notes.join(), /moved protected files aside: .*config/);
    },
  );

  Deno.test(
    `run() clones into an empty workspace (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const from = `${place.base}/from`;
      const git = async (...args: string[]) =>
        await new Deno.Command("git", { args, stdout: "null" }).output();
      await git("init", "-q", from);
      await git(
        ...["-C", from, "-c", "user.name=a", "-c", "user.email=a@b.c"],
        ...["commit", "-q", "--allow-empty", "-m", "first"],
      );
      const result = await place.run(
        `git -c safe.directory='*' clone -q ${from} . && git log --format=%s`,
      );
      assert.equal(result.output.head, "first\n");
      assert.deepEqual(result.notes, []);
    },
  );

  Deno.test(
    `run() does not take what a command beside it planted for the person's (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { promise, resolve } = Promise.withResolvers<void>();
      const abort = new AbortController();
      const first = place.run(
        "mkdir .codex; echo evil > .codex/config.toml; echo ready; sleep 600",
        {
          signal: abort.signal,
          onOutput: (text) => text.includes("ready") && resolve(),
        },
      );
      await promise;
      const second = place.run("sleep 0.3");
      await place.run("true");
      abort.abort();
      await Promise.all([first, second]);
      const names = await namesIn(place.workspace);
      assert.equal(names.length, 1);
      assert.match(names[0] ?? "", /^\.codex\.rondo-moved-/);
    },
  );

  Deno.test(
    `run() protects a folder also when another program there has ended (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const { promise, resolve } = Promise.withResolvers<void>();
      const go = `${place.workspace}/go`;
      const long = place.run(
        `echo ready; until test -e go; do :; done; mkdir .codex; echo x > .codex/config.toml`,
        { onOutput: () => resolve() },
      );
      await promise;
      const other = createSandbox({
        host: testHost(),
        codexHome: `${place.base}/codex`,
        reapChild,
        backend,
      });
      await other.run(request(place.workspace, ["true"]));
      await Deno.writeTextFile(go, "");
      assert.match((await long).notes.join(), /\.codex\.rondo-moved-/);
      await assert.rejects(Deno.stat(`${place.workspace}/.codex`));
    },
  );

  Deno.test(
    `run() keeps a repository that the person makes meanwhile (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const abort = new AbortController();
      const { promise, resolve } = Promise.withResolvers<void>();
      const ended = place.run("echo ready; sleep 600", {
        signal: abort.signal,
        onOutput: () => resolve(),
      });
      await promise;
      await new Deno.Command("git", { args: ["init", "-q", place.workspace] })
        .output();
      await Deno.writeTextFile(`${place.workspace}/.git/HEAD`, "mine");
      abort.abort();
      assert.deepEqual((await ended).notes, []);
      assert.equal(
        await Deno.readTextFile(`${place.workspace}/.git/HEAD`),
        "mine",
      );
    },
  );

  Deno.test(
    `run() works where nothing can be created (${backend})`,
    { ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 },
    async () => {
      await using place = await openPlace({ backend });
      const args = ["-t", "tmpfs", "-o", "ro", "none", place.workspace];
      const { success } = await new Deno.Command("mount", { args }).output();
      assert.ok(success);
      try {
        const result = await place.run("echo seen; echo x > f || echo held");
        assert.match(result.output.head, /^seen\n.*held\n$/s);
      } finally {
        await new Deno.Command("umount", { args: [place.workspace] }).output();
      }
    },
  );

  Deno.test(
    `run() writes nothing in read-only (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const result = await place.run(
        "echo x > f || echo y > /tmp/rondo-ro-test || echo held",
        {
          policy: READ_ONLY,
        },
      );
      assert.match(result.output.head, /held\n$/);
    },
  );

  Deno.test(
    `run() says that the network is closed when a name cannot be found (${backend})`,
    LINUX,
    async () => {
      await using place = await openPlace({ backend });
      const result = await place.run(
        "echo 'curl: (6) Could not resolve host: x' >&2; exit 6",
      );
      assert.deepEqual(result.notes, ["No network in this sandbox"]);
      const open = await place.run(
        "echo 'Could not resolve host: x' >&2; exit 6",
        {
          policy: workspaceWrite({ networkAccess: true }),
        },
      );
      assert.deepEqual(open.notes, []);
    },
  );
}
