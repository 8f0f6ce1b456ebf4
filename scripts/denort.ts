/** Finds denort, the runtime that `deno compile` puts in front of a program. */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";

export interface Denort {
  /** Absolute path, or undefined when Deno's own download serves. */
  readonly path: string | undefined;
  /** For people: where it came from. */
  readonly source: string;
}

// A third party's package that carries an unchanged denort 2.6.10 in front of its own
// program. The hash is of the bare runtime; another package holds the same bytes.
const PACKAGE = "@mcp-stress/linux-x64@0.2.1";
const SHA256 =
  "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2";
const VERSION = "2.6.10";

/**
 * `$DENORT_BIN`, else Deno's own download, else the one in an npm package with a pinned
 * hash. Throws when none can be had.
 */
export async function findDenort(buildDir: string): Promise<Denort> {
  const named = Deno.env.get("DENORT_BIN");
  if (named) return { path: await Deno.realPath(named), source: "$DENORT_BIN" };
  const cached = `${buildDir}/denort-${VERSION}`;
  if (await hasHash(cached)) {
    return { path: cached, source: `${PACKAGE} (kept from an earlier build)` };
  }
  if (await canDownload()) {
    return { path: undefined, source: "the download of Deno itself" };
  }
  await extractFromPackage(cached, buildDir);
  return { path: cached, source: `${PACKAGE} (sha256 checked)` };
}

/** Cuts the runtime off an ELF program with a payload behind it (elf(5), 64 bit). */
export function cutElf(program: Uint8Array): Uint8Array {
  const view = new DataView(program.buffer, program.byteOffset, 64);
  if (view.getUint32(0) !== 0x7f454c46 || view.getUint8(4) !== 2) {
    throw new Error("Cannot cut the runtime: no 64-bit ELF file");
  }
  const sectionsAt = Number(view.getBigUint64(40, true));
  return program.subarray(
    0,
    sectionsAt + view.getUint16(58, true) * view.getUint16(60, true),
  );
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
  const staged = `${target}.${Deno.pid}`;
  await Deno.writeFile(staged, runtime, { mode: 0o755 });
  await Deno.rename(staged, target);
  await Deno.remove(tarball);
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

async function hasHash(path: string): Promise<boolean> {
  try {
    return sha256(await Deno.readFile(path)) === SHA256;
  } catch {
    return false;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
