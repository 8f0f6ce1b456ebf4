/** install.sh with releases that are whole, changed, cut short or not for this machine. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sha256 } from "../../../scripts/denort.ts";
import { makeArchive } from "../../../scripts/release/archive.ts";
import { renderSums } from "../../../scripts/release/manifests.ts";
import { localTarget } from "../../../scripts/targets.ts";

const SCRIPT = fileURLToPath(
  new URL("../../../scripts/install.sh", import.meta.url),
);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Place extends AsyncDisposable {
  readonly release: string;
  readonly prefix: string;
  readonly archive: string;
}

/** A folder with a space, a release of a program that says its version, and a prefix. */
async function openPlace(program: string): Promise<Place> {
  const folder = await Deno.makeTempDir({ prefix: "rondo install " });
  const release = `${folder}/release`;
  await Deno.mkdir(release);
  const archive = `rondo-9.8.7-${localTarget().name}.tar.gz`;
  const bytes = makeArchive("tar.gz", [
    {
      name: "rondo-9.8.7/rondo",
      bytes: encoder.encode(program),
      isProgram: true,
    },
    {
      name: "rondo-9.8.7/rondo.1",
      bytes: encoder.encode(".TH rondo 1\n"),
      isProgram: false,
    },
  ]);
  await Deno.writeFile(`${release}/${archive}`, bytes);
  await Deno.writeTextFile(
    `${release}/SHA256SUMS`,
    renderSums([{ file: archive, sha256: sha256(bytes) }]),
  );
  return {
    release,
    prefix: `${folder}/pre fix`,
    archive,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function install(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [SCRIPT, ...words],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", ...env },
  }).output();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

const VERSION = "#!/bin/sh\necho rondo 9.8.7\n";

Deno.test("a release in a folder is installed, started, and taken away again", async () => {
  await using place = await openPlace(VERSION);
  const { prefix, release } = place;
  const done = await install(["--prefix", prefix, "--from", release]);
  assert.equal(done.stderr, "");
  assert.equal(done.code, 0);
  assert.match(
    done.stdout,
    /^Installed rondo 9\.8\.7 in .*pre fix\/bin\/rondo/,
  );
  assert.match(done.stdout, /Add it to your PATH/);
  assert.deepEqual(await namesIn(`${prefix}/bin`), ["rondo"]);
  assert.deepEqual(await namesIn(`${prefix}/share/man/man1`), ["rondo.1"]);
  const gone = await install(["--uninstall", "--prefix", prefix]);
  assert.equal(gone.code, 0);
  assert.deepEqual(await namesIn(`${prefix}/bin`), []);
  assert.deepEqual(await namesIn(`${prefix}/share/man/man1`), []);
});

Deno.test("a release is fetched from a server and from a file URL", async () => {
  await using place = await openPlace(VERSION);
  const { prefix, release } = place;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async ({ url }) => {
      const path = `${release}${new URL(url).pathname}`;
      return new Response(await Deno.readFile(path));
    },
  );
  const from = `http://127.0.0.1:${server.addr.port}/`;
  assert.equal((await install(["--prefix", prefix, "--from", from])).code, 0);
  const file = ["--prefix", `${prefix}2`, "--from", `file://${release}`];
  assert.equal((await install(file)).code, 0);
  assert.deepEqual(await namesIn(`${prefix}2/bin`), ["rondo"]);
});

Deno.test("an archive that is not what the sums say is not installed", async () => {
  await using place = await openPlace(VERSION);
  const { prefix, release, archive } = place;
  await Deno.writeTextFile(`${release}/${archive}`, "x", { append: true });
  const { code, stderr } = await install([
    "--prefix",
    prefix,
    "--from",
    release,
  ]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /the sha256 of .* is [0-9a-f]{64}, must be [0-9a-f]{64}/,
  );
  assert.deepEqual(await namesIn(prefix), []);
});

Deno.test("a program that does not start leaves the one that was there", async () => {
  await using place = await openPlace(
    "#!/bin/sh\necho no such library\nexit 1\n",
  );
  const { prefix, release } = place;
  await Deno.mkdir(`${prefix}/bin`, { recursive: true });
  await Deno.writeTextFile(`${prefix}/bin/rondo`, "the old one");
  const { code, stderr } = await install([
    "--prefix",
    prefix,
    "--from",
    release,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /no such library\n.*does not start on this system/);
  assert.equal(await Deno.readTextFile(`${prefix}/bin/rondo`), "the old one");
  assert.deepEqual(await namesIn(`${prefix}/bin`), ["rondo"]);
});

Deno.test("what cannot be installed is said in one sentence, with the way out", async () => {
  await using place = await openPlace(VERSION);
  const { prefix, release } = place;
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [["--prefix", prefix], 2, /belongs to no release, must be given --from/],
    [["--from"], 2, /--from has no value, must have one/],
    [["--frm", "x"], 2, /--frm means nothing here/],
    [["--from", release], 2, /HOME is not set, must be, or --prefix DIR/],
    [
      ["--prefix", prefix, "--from", "http://example.com/x"],
      2,
      /is not fetched safely, must begin with https/,
    ],
    [
      ["--prefix", prefix, "--from", `${release}/none`],
      1,
      /SHA256SUMS does not exist, must be a file of the release/,
    ],
    [
      ["--prefix", prefix, "--from", release, "--version", "1.1.1"],
      1,
      /SHA256SUMS of .* does not name rondo-1\.1\.1-/,
    ],
  ];
  for (const [words, code, message] of cases) {
    const answer = await install(words);
    assert.match(answer.stderr, message);
    assert.equal(answer.code, code);
    assert.equal(answer.stdout, "");
  }
});
