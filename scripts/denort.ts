/** Finds denort, the runtime that `deno compile` puts in front of a program. */
import { createHash } from "node:crypto";
import { gunzipSync, inflateRawSync } from "node:zlib";
import { elfEnd } from "../core/host/runtime_identity.ts";

export interface Denort {
  /** Absolute path, or undefined when Deno's own download serves. */
  readonly path: string | undefined;
  /** For people: where it came from. */
  readonly source: string;
}

// A third party's package that carries an unchanged denort 2.6.10 in front of its own
// program. The hash is of the bare runtime; another package holds the same bytes.
const PACKAGE = "@mcp-stress/linux-x64@0.2.1";
const VERSION = "2.6.10";

/** SHA-256 of the denort that belongs to a version and a target, as Deno gives it out. */
const PINNED: Readonly<Record<string, string>> = {
  "2.6.10 x86_64-unknown-linux-gnu":
    "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
};
const SHA256 = PINNED[`${VERSION} x86_64-unknown-linux-gnu`];

/**
 * The runtime to compile with. A release takes the file in `$DENORT_BIN`, or Deno's own
 * download with a pinned hash, and nothing else. Any other build takes what can be had:
 * `$DENORT_BIN`, what Deno downloads by itself, or the one in an npm package. Throws when
 * there is none.
 */
export async function findDenort(
  buildDir: string,
  options: { readonly isRelease: boolean },
): Promise<Denort> {
  const named = Deno.env.get("DENORT_BIN");
  if (named) return { path: await Deno.realPath(named), source: "$DENORT_BIN" };
  if (options.isRelease) return await downloadPinned(buildDir);
  const cached = `${buildDir}/denort-${VERSION}`;
  if (await hasHash(cached, SHA256)) {
    return { path: cached, source: `${PACKAGE} (kept from an earlier build)` };
  }
  if (await canDownload()) {
    return { path: undefined, source: "the download of Deno itself" };
  }
  await extractFromPackage(cached, buildDir);
  return { path: cached, source: `${PACKAGE} (sha256 checked)` };
}

async function downloadPinned(buildDir: string): Promise<Denort> {
  const { target } = Deno.build;
  const version = Deno.version.deno;
  const sha256 = PINNED[`${version} ${target}`];
  if (sha256 === undefined) {
    throw new Error(
      `Cannot make a release: no sha256 of denort ${version} for ${target} is pinned in scripts/denort.ts, must be there or DENORT_BIN must name the file`,
    );
  }
  const path = `${buildDir}/denort-${version}-${target}`;
  if (!await hasHash(path, sha256)) {
    const url = `https://dl.deno.land/release/v${version}/denort-${target}.zip`;
    await writeStaged(path, await downloadZipped(url, sha256));
  }
  return { path, source: `dl.deno.land (sha256 ${sha256} checked)` };
}

/** The one file of a zip archive, if it has that hash. */
export async function downloadZipped(
  url: string,
  expected: string,
): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok) {
    throw new Error(`Cannot fetch ${url}: HTTP status ${answer.status}`);
  }
  const content = unzipOne(new Uint8Array(await answer.arrayBuffer()));
  const found = sha256(content);
  if (found === expected) return content;
  throw new Error(
    `Cannot use ${url}: its sha256 is ${found}, must be ${expected}`,
  );
}

// APPNOTE 4.3: the sizes stand in the central directory, the local header may lack them.
function unzipOne(zip: Uint8Array): Uint8Array {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  let end = zip.length - 22;
  while (end > 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end <= 0) throw new Error("Cannot read the archive: it is no zip file");
  const entry = view.getUint32(end + 16, true);
  const method = view.getUint16(entry + 10, true);
  const size = view.getUint32(entry + 20, true);
  const local = view.getUint32(entry + 42, true);
  const start = local + 30 + view.getUint16(local + 26, true) +
    view.getUint16(local + 28, true);
  const packed = zip.subarray(start, start + size);
  return method === 0 ? packed : inflateRawSync(packed);
}

/** Cuts the runtime off an ELF program with a payload behind it. */
export function cutElf(program: Uint8Array): Uint8Array {
  const end = elfEnd(program);
  if (end !== undefined) return program.subarray(0, end);
  throw new Error("Cannot cut the runtime: no 64-bit ELF file");
}

/** The first large executable in a tar archive (POSIX ustar). */
export function findProgram(tar: Uint8Array): Uint8Array {
  const decoder = new TextDecoder();
  for (let at = 0; at + 512 <= tar.length;) {
    const octal = decoder.decode(tar.subarray(at + 124, at + 136));
    const size = parseInt(octal.replace(/[\0 ]/g, "") || "0", 8);
    const content = tar.subarray(at + 512, at + 512 + size);
    if (size > 10_000_000 && content[0] === 0x7f) return content;
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error("Cannot find the runtime: the package holds no program");
}

async function canDownload(): Promise<boolean> {
  try {
    const answer = await fetch("https://dl.deno.land/release-latest.txt", {
      signal: AbortSignal.timeout(5_000),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function extractFromPackage(
  target: string,
  buildDir: string,
): Promise<void> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(
      `Cannot build for ${Deno.build.target}: dl.deno.land is not reachable; set DENORT_BIN to the denort of Deno ${Deno.version.deno}`,
    );
  }
  const tarball = await npmPack(buildDir);
  const program = findProgram(gunzipSync(await Deno.readFile(tarball)));
  const runtime = cutElf(program);
  if (sha256(runtime) !== SHA256) {
    throw new Error(`Cannot use ${PACKAGE}: its runtime has another sha256`);
  }
  await writeStaged(target, runtime);
  await Deno.remove(tarball);
}

async function writeStaged(path: string, program: Uint8Array): Promise<void> {
  const staged = `${path}.${Deno.pid}`;
  await Deno.writeFile(staged, program, { mode: 0o755 });
  await Deno.rename(staged, path);
}

// `npm pack` and not a URL of ours, so that the person's registry settings hold.
async function npmPack(buildDir: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("npm", {
    args: ["pack", "--silent", "--pack-destination", buildDir, PACKAGE],
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new Error(`Cannot fetch ${PACKAGE}: ${decoder.decode(stderr)}`);
  }
  return `${buildDir}/${decoder.decode(stdout).trim().split("\n").at(-1)}`;
}

async function hasHash(
  path: string,
  expected: string | undefined,
): Promise<boolean> {
  try {
    return sha256(await Deno.readFile(path)) === expected;
  } catch {
    return false;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
