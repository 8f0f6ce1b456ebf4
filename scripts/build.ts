/** Builds build/rondo: bundles the program with its texts, then compiles one file. */
import { Buffer } from "node:buffer";
import {
  PROGRAM_SCRIPT,
  readPlace,
  type ScriptPlace,
} from "../core/host/program_script.ts";
import { elfEnd } from "../core/host/runtime_identity.ts";
import { findDenort } from "./denort.ts";
import { holdEarlySignals } from "./early_signals.ts";
import {
  recordCache,
  renderEntry,
  renderRoles,
  toScript,
} from "./program_script.ts";

const root = decodeURIComponent(new URL("..", import.meta.url).pathname)
  .replace(/\/$/, "");
const buildDir = `${root}/build`;
const bundleDir = `${buildDir}/js`;
const output = `${buildDir}/rondo`;
const SOURCE = `${bundleDir}/${PROGRAM_SCRIPT.source}`;
const CACHE = `${bundleDir}/${PROGRAM_SCRIPT.cache}`;

// The launcher reads /proc, which the runtime allows with every permission only. Each role
// gives up what it does not need as soon as it starts (core/host/process.ts).
const PERMISSIONS = ["--allow-all", "--no-prompt"];

// Room for what a start makes, so that nothing is collected before the first request: 7 of
// 90 ms of a message's CPU time. Part of what V8 takes a code cache by.
const V8_FLAGS = "--v8-flags=--min-semi-space-size=8";

if (import.meta.main) {
  await makeExecutable({ isRelease: Deno.args.includes("--release") });
}

/** Writes build/rondo and says what it was made from. */
async function makeExecutable(
  options: { readonly isRelease: boolean },
): Promise<void> {
  await Deno.mkdir(buildDir, { recursive: true });
  // Two builds at once would compile each other's half-written bundle.
  using lock = await Deno.open(`${buildDir}/.lock`, {
    create: true,
    write: true,
  });
  await lock.lock(true);
  await removeFolder(bundleDir);
  const denort = await findDenort(buildDir, options);
  await Deno.mkdir(bundleDir);
  // An import map here would pull every npm package into the program.
  await Deno.writeTextFile(`${bundleDir}/deno.json`, "{}\n");
  await makeScript(denort.path);
  const base = await makeBase(denort.path);
  const entry = `${buildDir}/main.ts`;
  await Deno.writeTextFile(entry, renderRoles(base?.place));
  // Without splitting, modules shared with a dynamic import are miscompiled.
  await bundle(entry, ["--code-splitting", `--outdir=${bundleDir}`]);
  await compile(base?.path ?? denort.path, "main.js", {
    path: output,
    included: base === undefined ? [SOURCE, CACHE] : [],
  });
  if (base !== undefined) await checkPlace(base.place);
  const { size } = await Deno.stat(output);
  console.log(
    `Built build/rondo, ${
      (size / 1e6).toFixed(1)
    } MB, runtime from ${denort.source}`,
  );
}

interface Base {
  readonly path: string;
  readonly place: ScriptPlace;
}

// What lies in the runtime's own file system is read and copied before our first line, also
// for a role: the script lies in front of that. Undefined where the runtime is no ELF file,
// or is Deno's own download, which we never see.
async function makeBase(
  denortPath: string | undefined,
): Promise<Base | undefined> {
  if (denortPath === undefined) return undefined;
  const denort = await Deno.readFile(denortPath);
  if (elfEnd(denort) === undefined) return undefined;
  const runtime = holdEarlySignals(denort) ?? denort;
  const source = await Deno.readFile(SOURCE);
  const cache = await Deno.readFile(CACHE);
  const path = `${buildDir}/base`;
  await Deno.writeFile(path, new Blob([runtime, source, cache]).stream(), {
    mode: 0o755,
  });
  const place = {
    at: runtime.length,
    sourceBytes: source.length,
    cacheBytes: cache.length,
  };
  return { path, place };
}

// Where another Deno puts things elsewhere, that has to come out here.
async function checkPlace(place: ScriptPlace): Promise<void> {
  const { source, cachedData } = readPlace(output, place);
  const isThere = source === await Deno.readTextFile(SOURCE) &&
    Buffer.from(cachedData).equals(await Deno.readFile(CACHE));
  if (isThere) return;
  await Deno.remove(output);
  throw new Error(`Cannot build: the script is not at byte ${place.at}`);
}

// The helper roles start as modules, of which there are few; all else starts as the script.
async function makeScript(denortPath: string | undefined): Promise<void> {
  const entry = `${buildDir}/program_entry.ts`;
  await Deno.writeTextFile(entry, renderEntry("../main.ts"));
  await bundle(entry, ["--format=iife", `--output=${SOURCE}`]);
  await Deno.writeTextFile(SOURCE, toScript(await Deno.readTextFile(SOURCE)));
  await bundle("scripts/code_cache.ts", [`--output=${bundleDir}/recorder.js`]);
  const recorder = `${buildDir}/recorder`;
  await compile(denortPath, "recorder.js", { path: recorder });
  await recordCache(recorder, { source: SOURCE, cache: CACHE });
  await Deno.remove(recorder);
  await Deno.remove(`${bundleDir}/recorder.js`);
}

async function bundle(entry: string, options: string[]): Promise<void> {
  await run(root, [
    "bundle",
    "--quiet",
    "--minify",
    "--platform=deno",
    ...options,
    entry,
  ]);
}

async function compile(
  denortPath: string | undefined,
  entry: string,
  { path, included = [] }: {
    readonly path: string;
    readonly included?: readonly string[];
  },
): Promise<void> {
  const staged = `${path}.new`;
  await run(bundleDir, [
    "compile",
    "--quiet",
    "--no-check",
    // The runtime's own would lie in /tmp under a name anybody can take first.
    "--no-code-cache",
    ...included.map((file) => `--include=${file}`),
    ...PERMISSIONS,
    V8_FLAGS,
    `--output=${staged}`,
    entry,
  ], denortPath === undefined ? {} : { DENORT_BIN: denortPath });
  await Deno.rename(staged, path);
}

async function run(
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args, cwd, env })
    .spawn().status;
  if (code !== 0) {
    throw new Error(`Cannot build: deno ${args[0]} ended with ${code}`);
  }
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
