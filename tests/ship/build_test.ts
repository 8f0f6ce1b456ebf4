/** Builds: the same input gives the same bytes, and every system's program can be made. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { parseTar } from "nanotar";
import { sha256 } from "../../scripts/denort.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Programs that stand where a runtime of the system would: real executables of its format,
 * to which the compiler appends, and small. What is built with them does not run.
 */
const STAND_INS: readonly {
  readonly target: string;
  readonly package: string;
  readonly file: string;
  /** First bytes of the format. */
  readonly magic: string;
}[] = [
  {
    target: "linux-arm64",
    package: "@esbuild/linux-arm64@0.25.5",
    file: "package/bin/esbuild",
    magic: "7f454c46",
  },
  {
    target: "macos-x64",
    package: "@esbuild/darwin-x64@0.25.5",
    file: "package/bin/esbuild",
    magic: "cffaedfe",
  },
  {
    target: "macos-arm64",
    package: "@esbuild/darwin-arm64@0.25.5",
    file: "package/bin/esbuild",
    magic: "cffaedfe",
  },
  {
    target: "windows-x64",
    package: "@esbuild/win32-x64@0.25.5",
    file: "package/esbuild.exe",
    magic: "4d5a",
  },
];

Deno.test("two builds in two folders, one with a name of odd characters, have the same bytes", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rondo-build-" });
  try {
    // A tree that nobody changes meanwhile.
    const first = `${folder}/first`;
    await run("cp", ["-r", ROOT, first]);
    for (const name of ["js", "rondo"]) {
      await Deno.remove(`${first}/build/${name}`, { recursive: true });
    }
    const second = `${folder}/second bü%20`;
    await run("cp", ["-r", first, second]);
    const sums: string[] = [];
    for (const cwd of [first, second]) {
      const told = await run(Deno.execPath(), ["task", "build"], { cwd });
      assert.match(
        told,
        /^Building: bundling .* …\n(Building: .* …\n)*Building: recording the code cache …\nBuilding: putting together build\/rondo …\nBuilt /,
      );
      sums.push(sha256(await Deno.readFile(`${cwd}/build/rondo`)));
    }
    assert.equal(sums[0], sums[1]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the program of every other system is made where its runtime can be had", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rondo targets " });
  try {
    for (const row of STAND_INS) {
      const standIn = `${folder}/stand-in`;
      await Deno.writeFile(standIn, await fetchFile(folder, row));
      const out = `${folder}/out`;
      const text = await run(Deno.execPath(), [
        ...["task", "build", "--target", row.target, "--out", out],
      ], { cwd: ROOT, env: { DENORT_BIN: standIn } });
      assert.match(text, /No code cache for .*: it can only be recorded on/);
      const suffix = row.target.startsWith("windows") ? ".exe" : "";
      const bytes = await Deno.readFile(`${out}/rondo-${row.target}${suffix}`);
      assert.equal(bytes.subarray(0, row.magic.length / 2).toHex(), row.magic);
      assert.ok(bytes.length > (await Deno.stat(standIn)).size);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function fetchFile(
  folder: string,
  row: { readonly package: string; readonly file: string },
): Promise<Uint8Array> {
  const printed = await run("npm", [
    ...["pack", "--silent", "--pack-destination", folder, row.package],
  ], { cwd: folder });
  const tarball = `${folder}/${printed.trim().split("\n").at(-1)}`;
  const files = parseTar(gunzipSync(await Deno.readFile(tarball)));
  const found = files.find(({ name }) => name === row.file)?.data;
  assert.ok(found !== undefined, `${row.package} has no ${row.file}`);
  return found;
}

async function run(
  program: string,
  args: string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } =
    {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    ...options,
  }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}
