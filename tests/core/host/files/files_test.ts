import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";

Deno.test("placeSync() puts a whole file and its folder in place, privately", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const path = `${temp.path}/a/b/file`;
  files.placeSync(path, bytes("one"), { mode: 0o600 });
  assert.equal(await Deno.readTextFile(path), "one");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(`${temp.path}/a/b`)).mode! & 0o777, 0o700);
  assert.deepEqual(await namesIn(`${temp.path}/a/b`), ["file"]);
});

Deno.test("placeSync() leaves the same content alone and replaces any other", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const path = `${temp.path}/file`;
  files.placeSync(path, bytes("one"));
  const { ino } = await Deno.stat(path);
  files.placeSync(path, bytes("one"));
  assert.equal((await Deno.stat(path)).ino, ino);
  for (const other of ["two", "longer", ""]) {
    files.placeSync(path, bytes(other));
    assert.equal(await Deno.readTextFile(path), other);
  }
  assert.deepEqual(await namesIn(temp.path), ["file"]);
});

Deno.test("placeSync() that cannot leaves nothing behind", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  await Deno.mkdir(`${temp.path}/taken/inside`, { recursive: true });
  assert.throws(() => files.placeSync(`${temp.path}/taken`, bytes("one")));
  await Deno.writeTextFile(`${temp.path}/plain`, "");
  assert.throws(() => files.placeSync(`${temp.path}/plain/x`, bytes("one")));
  assert.deepEqual(await namesIn(temp.path), ["plain", "taken"]);
});

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

async function namesIn(path: string): Promise<readonly string[]> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  return entries.map(({ name }) => name).sort();
}

async function tempFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

Deno.test(
  "what is no regular file is neither read nor written, and never waited for",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    await using temp = await tempFolder();
    const { files } = denoHost();
    const fifo = `${temp.path}/fifo`;
    await run("mkfifo", fifo);
    const calls = [
      () => files.readText(fifo),
      () => files.readBytes(fifo),
      () => files.readRange(fifo, 0, 10),
      () => files.write(fifo, "x"),
      () => files.openAppend(fifo),
    ];
    for (const call of calls) {
      await assert.rejects(call, {
        code: "EINVAL",
        message: `it is a named pipe, must be a regular file: ${fifo}`,
      });
    }
  },
);

Deno.test("a file is read up to its limit, without its byte order mark", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const path = `${temp.path}/file`;
  await Deno.writeTextFile(path, "\ufeffabc");
  assert.equal(await files.readText(path, { bytesMax: 6 }), "abc");
  await assert.rejects(() => files.readText(path, { bytesMax: 5 }), {
    code: "EFBIG",
    message: `it has 6 bytes, must be at most 5: ${path}`,
  });
});

Deno.test("a pipe is read to its end where that is asked for", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const fifo = `${temp.path}/fifo`;
  await run("mkfifo", fifo);
  const script = `head -c 200000 /dev/zero | tr '\\0' x > "$0"`;
  const [text] = await Promise.all([
    files.readText(fifo, { pipe: true }),
    run("sh", "-c", script, fifo),
  ]);
  assert.equal(text, "x".repeat(200_000));
  const feeding = run("sh", "-c", script, fifo).catch(() => {});
  await assert.rejects(
    () => files.readText(fifo, { pipe: true, bytesMax: 1_000 }),
    { code: "EFBIG" },
  );
  await feeding;
  await assert.rejects(() => files.readText(fifo, { pipe: true }), {
    code: "ETIMEDOUT",
  });
});

Deno.test("a pipe is written to when somebody reads it", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const fifo = `${temp.path}/fifo`;
  await run("mkfifo", fifo);
  await assert.rejects(() => files.writePipe(fifo, "x"), { code: "ENXIO" });
  // Open for both, so that the reader is there before the writer.
  const reader = new Deno.Command("sh", {
    args: ["-c", 'exec 3<>"$0"; echo; head -c 200000 <&3 | wc -c', fifo],
    stdout: "piped",
  }).spawn();
  const out = reader.stdout.getReader();
  await out.read();
  await files.writePipe(fifo, "x".repeat(200_000));
  const { value } = await out.read();
  assert.equal(new TextDecoder().decode(value).trim(), "200000");
  await reader.status;
});

Deno.test("an error of a file names its path and has an errno", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const loop = `${temp.path}/loop`;
  await Deno.symlink(loop, loop);
  await Deno.writeTextFile(`${temp.path}/file`, "");
  const cases: [string, string][] = [
    [loop, "ELOOP"],
    [`${temp.path}/${"n".repeat(300)}`, "ENAMETOOLONG"],
    [`${temp.path}/a\0b`, "EINVAL"],
    [`${temp.path}/none`, "ENOENT"],
    [`${temp.path}/file/x`, "ENOTDIR"],
  ];
  for (const [path, code] of cases) {
    const calls = [
      () => files.readText(path),
      () => files.readBytes(path),
      () => files.readRange(path, 0, 1),
      () => files.realPath(path),
      () => files.list(path),
      () => files.truncate(path, 0),
      ...code === "ENOENT" ? [] : [
        () => files.write(path, ""),
        () => files.openAppend(path),
      ],
    ];
    for (const call of calls) {
      await assert.rejects(call, (error: Error & { code?: string }) => {
        assert.equal(error.code, code, `${call} ${error.message}`);
        assert.ok(error.message.includes(path), error.message);
        return true;
      });
    }
  }
});

async function run(command: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(command, { args }).output();
  assert.ok(success, command);
}

Deno.test(
  "what is at a path is told as the runtime tells it, and nothing is no error",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await using temp = await tempFolder();
    const { files } = denoHost();
    const at = (name: string): string => `${temp.path}/${name}`;
    await Deno.writeTextFile(at("file"), "12345", { mode: 0o640 });
    await Deno.symlink(at("file"), at("link"));
    await Deno.symlink(at("none"), at("dangling"));
    await run("mkfifo", at("fifo"));
    for (const path of ["file", "link", "fifo", ".", "none/../file"].map(at)) {
      for (const how of ["stat", "lstat"] as const) {
        const found = await files[how](path);
        const told = await Deno[how](path).catch(() => undefined);
        assert.deepEqual(
          found && [
            found.isFile,
            found.isDirectory,
            found.isSymlink,
            found.special,
            found.size,
            found.mode,
            found.mtimeMs,
            found.ino,
            found.uid,
          ],
          told && [
            told.isFile,
            told.isDirectory,
            told.isSymlink,
            told.isFifo ? "a named pipe" : undefined,
            told.size,
            told.mode! & 0o7777,
            told.mtime!.getTime(),
            told.ino,
            told.uid,
          ],
          `${how} ${path}`,
        );
      }
    }
    assert.equal(await files.stat(at("dangling")), undefined);
    assert.equal((await files.lstat(at("dangling")))?.isSymlink, true);
    await assert.rejects(() => files.stat(at("file\0")), { code: "EINVAL" });
    await assert.rejects(() => files.readRange(at("file"), -3, 4), {
      code: "EINVAL",
    });
  },
);

Deno.test("what is nowhere is told, made and appended to, with libc and with the runtime alone", async () => {
  for (const flags of [[], ["--deny-ffi"]]) {
    await using temp = await tempFolder();
    const args = [...flags, program("absence.ts"), temp.path];
    const { code, stderr } = await runDeno(args);
    assert.equal(code, 0, `${flags}: ${stderr}`);
  }
});

Deno.test(
  "a file that others put in place meanwhile is read whole, the old one or the new",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await using temp = await tempFolder();
    const { files } = denoHost();
    const path = `${temp.path}/file`;
    const texts = ["short", "long ".repeat(600)];
    await Deno.writeTextFile(path, texts[0]!);
    const swap =
      'cd "$0"; printf %s "$1" >a; printf %s "$2" >b; echo; while [ ! -e stop ]; do ln a t; mv t file; ln b t; mv t file; done';
    const swapper = new Deno.Command("sh", {
      args: ["-c", swap, temp.path, ...texts],
      stdout: "piped",
    }).spawn();
    const begun = swapper.stdout.getReader();
    await begun.read();
    const seen = new Set<string>();
    const decoder = new TextDecoder();
    for (let reads = 0; reads < 10_000; reads++) {
      seen.add(await files.readText(path));
      seen.add(decoder.decode(await files.readRange(path, 0, 65_536)));
    }
    await Deno.writeTextFile(`${temp.path}/stop`, "");
    await begun.cancel();
    await swapper.status;
    assert.deepEqual([...seen].sort(), texts.toSorted());
  },
);

Deno.test("parts of a file are its bytes", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const path = `${temp.path}/file`;
  const whole = crypto.getRandomValues(new Uint8Array(64 * 1024));
  await Deno.writeFile(path, whole);
  for (const [offset, bytes] of [[0, 10], [65_530, 100], [70_000, 5]]) {
    assert.deepEqual(
      await files.readRange(path, offset!, bytes!),
      whole.slice(offset, offset! + bytes!),
    );
  }
  assert.deepEqual(await files.readBytes(path), whole);
});

Deno.test("many files leave others their turn, large and small, read and written", async () => {
  await using temp = await tempFolder();
  const { files } = denoHost();
  const path = `${temp.path}/file`;
  const block = new Uint8Array(64 * 1024);
  await Deno.writeFile(path, block);
  let made = 0;
  const ways: readonly (() => Promise<unknown>)[] = [
    () => files.readRange(path, 0, block.length),
    () => files.readRange(path, 0, 10),
    () => files.write(`${path}${made++}`, "x", { exclusive: true }),
  ];
  for (const way of ways) {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    for (let times = 0; times < 2_000; times++) await way();
    clearInterval(timer);
    assert.ok(turns > 0, `${way}: ${turns}`);
  }
});

Deno.test(
  "what the runtime keeps from a program is not read through a link either",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    await using temp = await tempFolder();
    const kept = ["/proc/self/environ", "/sys/kernel/uevent_seqnum"];
    const links = kept.map((_, at) => `${temp.path}/link${at}`);
    for (const [at, path] of kept.entries()) {
      await Deno.symlink(path, links[at]!);
    }
    const args = [program("kept.ts"), ...kept, ...links];
    const { stdout, stderr } = await runDeno(args);
    assert.equal(stdout, "EACCES EACCES\n".repeat(4), stderr);
  },
);

function program(name: string): string {
  return decodeURIComponent(new URL(name, import.meta.url).pathname);
}

async function runDeno(args: readonly string[]): Promise<{
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--cached-only", "--allow-all", ...args],
  }).output();
  const decoder = new TextDecoder();
  const [out, err] = [decoder.decode(stdout), decoder.decode(stderr)];
  return { code, stdout: out, stderr: err };
}
