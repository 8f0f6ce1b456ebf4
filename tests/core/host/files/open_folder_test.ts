/** A folder held open, by a descriptor and by its path: both do the same. */
import assert from "node:assert/strict";
import { errorCode } from "../../../../core/protocol/error.ts";
import { openFolder } from "../../../../core/host/files/open_folder.ts";
import { PlainFolder } from "../../../../core/host/files/plain_folder.ts";
import type { OpenFolderAt } from "../../../../core/util/folder/open_folder.ts";

const WAYS: Readonly<Record<string, OpenFolderAt>> = {
  "by a descriptor": openFolder,
  "by its path": (path) => new PlainFolder(path),
};
const HELLO = new TextEncoder().encode("hello");

for (const [way, open] of Object.entries(WAYS)) {
  Deno.test(`a folder held ${way} shows what is in it`, async () => {
    await using temp = await makeTemp();
    await temp.bash(
      "mkdir sub; chmod 750 sub; printf hello > file; chmod 604 file; " +
        "ln -s nowhere link; mkfifo pipe",
    );
    const folder = open(temp.path);
    assert.deepEqual([...folder.names()].sort(), [
      "file",
      "link",
      "pipe",
      "sub",
    ]);
    const kinds = ["file", "link", "pipe", "sub", "none"]
      .map((name) => folder.look(name)?.kind);
    assert.deepEqual(kinds, ["file", "link", "special", "folder", undefined]);
    assert.equal(folder.look("pipe")?.special, "a named pipe");
    assert.equal(folder.look("file")?.mode, 0o604);
    assert.equal(folder.look("sub")?.mode, 0o750);
    const { bytes, node } = folder.content("file");
    assert.deepEqual(bytes, HELLO);
    assert.equal(node.stamp, folder.look("file")?.stamp);
    assert.equal(folder.linkTarget("link"), "nowhere");
    const sub = folder.enter("sub");
    assert.deepEqual(sub.names(), []);
    assert.equal(sub.node.kind, "folder");
    sub.close();
    folder.close();
  });

  Deno.test(`a folder held ${way} is changed by name`, async () => {
    await using temp = await makeTemp();
    const folder = open(temp.path);
    folder.create("a", HELLO, 0o600);
    assert.throws(() => folder.create("a", HELLO, 0o600), isCode("EEXIST"));
    folder.makeFolder("d", 0o711);
    folder.makeLink("l", "a");
    folder.create("b", HELLO.slice(1), 0o644);
    folder.rename("b", "a");
    folder.chmod("a", 0o640);
    assert.throws(() => folder.chmod("l", 0o600), isCode("ELOOP"));
    assert.equal(await Deno.readTextFile(`${temp.path}/a`), "ello");
    assert.equal(folder.look("a")?.mode, 0o640);
    assert.equal(folder.look("d")?.mode, 0o711);
    for (const name of ["a", "d", "l"]) folder.remove(name);
    assert.deepEqual(folder.names(), []);
    assert.throws(() => folder.remove("a"));
    folder.close();
  });

  Deno.test(`a folder held ${way} leads through no link`, async () => {
    await using temp = await makeTemp();
    await temp.bash("mkdir -p real/in; ln -s real link; printf x > file");
    const refused = (path: string): void =>
      assert.throws(
        () => open(`${temp.path}/${path}`).close(),
        (error) =>
          ["ELOOP", "ENOTDIR", "ENOENT"].includes(errorCode(error) ?? ""),
        path,
      );
    for (const path of ["link", "link/in", "file", "none"]) refused(path);
    const folder = open(temp.path);
    assert.throws(() => folder.enter("link").close());
    assert.throws(() => folder.content("link"));
    assert.throws(() => folder.content("real"));
    folder.close();
  });
}

function isCode(code: string): (error: unknown) => boolean {
  return (error) => {
    const name = error instanceof Deno.errors.AlreadyExists
      ? "EEXIST"
      : errorCode(error);
    return name === code;
  };
}

interface Temp extends AsyncDisposable {
  readonly path: string;
  bash(line: string): Promise<void>;
}

async function makeTemp(): Promise<Temp> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  return {
    path,
    bash: async (line) => {
      const { success } = await new Deno.Command("bash", {
        args: ["-c", line],
        cwd: path,
      }).output();
      assert.ok(success, line);
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
