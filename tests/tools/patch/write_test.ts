import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import type { Files, Host } from "../../../core/protocol/host.ts";
import {
  type PatchCommandResult,
  runApplyPatch,
} from "../../../tools/patch/command.ts";
import { makeTree, readTree, type TreeFolder } from "./support_tree.ts";

const host = denoHost();
const CHANGING = ["write", "mkdir", "remove", "rename", "chmod"] as const;

const EVERYTHING = [
  "*** Begin Patch",
  "*** Add File: new/deep/n",
  "+n",
  "*** Update File: script",
  "@@",
  "-a",
  "+A",
  "*** Update File: moved",
  "*** Move to: to/moved",
  "@@",
  "-b",
  "+B",
  "*** Add File: over",
  "+new",
  "*** Delete File: gone",
  "*** Delete File: link",
  "*** End Patch",
].join("\n");

async function everything(): Promise<TreeFolder> {
  const folder = await makeTree({
    script: "a\r\nx\r\n",
    moved: "b\n",
    over: "old\n",
    gone: "g\n",
    link: { link: "script" },
  });
  await Deno.chmod(`${folder.path}/script`, 0o750);
  await Deno.chmod(`${folder.path}/moved`, 0o600);
  await Deno.chmod(`${folder.path}/over`, 0o666);
  return folder;
}

const APPLIED = {
  "new/deep/n": "n\n",
  over: "new\n",
  script: "A\r\nx\r\n",
  "to/moved": "B\n",
};

function run(
  folder: TreeFolder,
  patch: string,
  files: Partial<Files> = {},
): Promise<PatchCommandResult> {
  const changed: Host = { ...host, files: { ...host.files, ...files } };
  return runApplyPatch({ host: changed, patch, cwd: folder.path });
}

function mode(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o7777;
}

/** All files with content, permissions, and inode. */
async function state(folder: TreeFolder): Promise<unknown> {
  const tree = await readTree(folder.path);
  return Object.entries(tree).map(([name, content]) => {
    const info = Deno.lstatSync(`${folder.path}/${name}`);
    return [name, content, info.mode, info.isDirectory];
  });
}

/** Files whose nth changing call fails as a full disk would. */
function failingAt(failAt: number): { files: Partial<Files>; calls: number } {
  const spy = { files: {} as Partial<Files>, calls: 0 };
  for (const name of CHANGING) {
    const real = host.files[name] as (...args: unknown[]) => Promise<void>;
    Object.assign(spy.files, {
      [name]: (...args: unknown[]) => {
        if (spy.calls++ === failAt) {
          return Promise.reject(
            new Error("No space left on device (os error 28): there"),
          );
        }
        return real(...args);
      },
    });
  }
  return spy;
}

Deno.test("writeEffects() does all kinds of changes and keeps permissions", async () => {
  await using folder = await everything();
  const result = await run(folder, EVERYTHING);
  assert.equal(result.stderr, "");
  assert.deepEqual(await readTree(folder.path), APPLIED);
  assert.equal(mode(`${folder.path}/script`), 0o750);
  assert.equal(mode(`${folder.path}/to/moved`), 0o600);
  assert.equal(mode(`${folder.path}/over`), 0o666);
  assert.equal(
    mode(`${folder.path}/new/deep/n`),
    0o666 & ~Deno.umask(),
  );
});

Deno.test("writeEffects() puts everything back, wherever it is stopped", async () => {
  let failAt = 0;
  for (;; failAt++) {
    await using folder = await everything();
    const before = await state(folder);
    const spy = failingAt(failAt);
    const result = await run(folder, EVERYTHING, spy.files);
    if (spy.calls <= failAt) {
      assert.equal(result.exitCode, 0);
      break;
    }
    // When the first deleted file is gone for good there is no way back.
    if (result.stderr.includes("the patch is applied")) {
      const left = await readTree(folder.path);
      const hidden = Object.keys(left).filter((name) => name.startsWith("."));
      assert.equal(hidden.length, 1);
      delete left[hidden[0] ?? ""];
      assert.deepEqual(left, APPLIED);
      continue;
    }
    assert.match(
      result.stderr,
      /^Failed to (write|delete) file \/.*: No space left on device \(os error 28\)\n$/,
    );
    assert.deepEqual(await state(folder), before, `stopped at call ${failAt}`);
  }
  assert.ok(failAt > 12, `only ${failAt} calls`);
});

Deno.test("writeEffects() says what it could not put back", async () => {
  await using folder = await everything();
  let renames = 0;
  const result = await run(folder, EVERYTHING, {
    // From the fourth on, the disk takes nothing more.
    rename: (from, to) =>
      ++renames > 3
        ? Promise.reject(new Error("Input/output error (os error 5)"))
        : host.files.rename(from, to),
  });
  assert.equal(result.exitCode, 1);
  assert.match(
    result.stderr,
    /^Failed to write file .*\(os error 5\); and not everything could be put back: /,
  );
});

Deno.test("writeEffects() keeps permissions that the umask would take", async () => {
  await using folder = await everything();
  const result = await run(folder, EVERYTHING, {
    write: (path, data, { mode, ...options } = {}) =>
      host.files.write(path, data, {
        ...options,
        ...(mode === undefined ? {} : { mode: mode & 0o700 }),
      }),
  });
  assert.equal(result.stderr, "");
  assert.equal(mode(`${folder.path}/script`), 0o750);
  assert.equal(mode(`${folder.path}/over`), 0o666);
});

Deno.test("writeEffects() writes in place where it may not make siblings", async () => {
  await using folder = await makeTree({ f: "a\n", g: "b\n" });
  const patch =
    "*** Begin Patch\n*** Update File: f\n@@\n-a\n+A\n*** End Patch";
  const inode = (await Deno.stat(`${folder.path}/f`)).ino;
  const refuse = (): Promise<never> =>
    Promise.reject(
      Object.assign(new Error("Device or resource busy (os error 16)"), {
        code: "EBUSY",
      }),
    );
  const result = await run(folder, patch, { rename: refuse });
  assert.equal(result.stderr, "");
  assert.deepEqual(await readTree(folder.path), { f: "A\n", g: "b\n" });
  assert.equal((await Deno.stat(`${folder.path}/f`)).ino, inode);
});

Deno.test("writeEffects() writes in place what belongs to somebody else", async () => {
  await using folder = await makeTree({ f: "a\n" });
  const inode = (await Deno.stat(`${folder.path}/f`)).ino;
  const patch =
    "*** Begin Patch\n*** Update File: f\n@@\n-a\n+A\n*** End Patch";
  const foreign: Host = { ...host, uid: host.uid + 1 };
  const result = await runApplyPatch({
    host: foreign,
    patch,
    cwd: folder.path,
  });
  assert.equal(result.stderr, "");
  assert.deepEqual(await readTree(folder.path), { f: "A\n" });
  assert.equal((await Deno.stat(`${folder.path}/f`)).ino, inode);
});

Deno.test("writeEffects() undoes what it wrote in place", async () => {
  await using folder = await makeTree({ f: "a\n", g: "b\n" });
  const patch =
    "*** Begin Patch\n*** Update File: f\n@@\n-a\n+A\n*** Update File: g\n@@\n-b\n+B\n*** End Patch";
  const foreign: Host = {
    ...host,
    uid: host.uid + 1,
    files: {
      ...host.files,
      write: (path, data, options) =>
        path.endsWith("/g")
          ? Promise.reject(new Error("Input/output error (os error 5)"))
          : host.files.write(path, data, options),
    },
  };
  const result = await runApplyPatch({
    host: foreign,
    patch,
    cwd: folder.path,
  });
  // Putting g back fails as writing it did; f is what it was.
  assert.match(
    result.stderr,
    /^Failed to write file .*\/g: Input\/output error/,
  );
  assert.deepEqual(await readTree(folder.path), { f: "a\n", g: "b\n" });
});

const MAIN = decodeURIComponent(
  new URL("./apply_patch_main.ts", import.meta.url).pathname,
);

interface Process {
  readonly code: number;
  readonly stderr: string;
}

// Permissions mean nothing to root, so it gives its rights up for the child.
async function runAsOrdinaryUser(
  cwd: string,
  patch: string,
): Promise<Process> {
  const user = Deno.uid() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--no-config", "-A", MAIN],
    cwd,
    env: { DENO_DIR: `${cwd}/.deno`, HOME: cwd },
    clearEnv: true,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
    ...user,
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(patch));
  await writer.close();
  const { code, stderr } = await child.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

// A checkout that only root may read cannot be tested this way.
async function canBeOrdinaryUser(): Promise<boolean> {
  await using folder = await makeTree({});
  await Deno.chmod(folder.path, 0o777);
  const { stderr } = await runAsOrdinaryUser(folder.path, "").catch(() => ({
    stderr: "",
  }));
  return stderr.startsWith("Invalid patch");
}

Deno.test({
  name: "writeEffects() respects permissions and changes nothing without them",
  ignore: !(await canBeOrdinaryUser()),
  async fn() {
    await using folder = await makeTree({
      open: "a\n",
      locked: "b\n",
      "shut/f": "c\n",
    });
    const at = (name: string): string => `${folder.path}/${name}`;
    await Deno.chmod(folder.path, 0o777);
    for (const name of ["open", "shut/f"]) await Deno.chmod(at(name), 0o666);
    await Deno.chmod(at("locked"), 0o444);
    await Deno.chmod(at("shut"), 0o755);
    if (Deno.uid() === 0) await Deno.chown(at("open"), 65_534, 65_534);
    if (Deno.uid() === 0) await Deno.chown(at("locked"), 65_534, 65_534);
    else await Deno.chmod(at("shut"), 0o555);
    const files = async (): Promise<unknown> => {
      const { open, locked, "shut/f": shut } = await readTree(folder.path);
      return { open, locked, shut };
    };
    const before = await files();
    const try_ = (...lines: readonly string[]): Promise<Process> =>
      runAsOrdinaryUser(
        folder.path,
        [
          "*** Begin Patch",
          "*** Update File: open",
          "@@",
          "-a",
          "+A",
          ...lines,
          "*** End Patch",
        ].join("\n"),
      );
    for (
      const [lines, message] of [
        [
          ["*** Update File: locked", "@@", "-b", "+B"],
          "Failed to write file",
        ],
        [["*** Delete File: shut/f"], "Failed to delete file"],
        [["*** Add File: shut/n", "+n"], "Failed to write file"],
        [["*** Add File: shut/n/n", "+n"], "Failed to write file"],
      ] as const
    ) {
      const { code, stderr } = await try_(...lines);
      assert.equal(code, 1);
      const path = lines[0].replace(/^.*: /, "");
      assert.equal(
        stderr,
        `${message} ${at(path)}: Permission denied (os error 13)\n`,
      );
      assert.deepEqual(await files(), before);
    }
    // The file may be written though nothing may be made beside it.
    const inPlace = await try_("*** Update File: shut/f", "@@", "-c", "+C");
    assert.deepEqual(inPlace, { code: 0, stderr: "" });
    assert.deepEqual(await files(), {
      open: "A\n",
      locked: "b\n",
      shut: "C\n",
    });
  },
});
