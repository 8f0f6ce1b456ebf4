/** Builds build/rondo: bundles the program with its texts, then compiles one file. */
import { PROGRAM_SCRIPT } from "../core/host/program_script.ts";
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
  // Without splitting, modules shared with a dynamic import are miscompiled.
  const entry = `${buildDir}/main.ts`;
  await Deno.writeTextFile(entry, renderRoles());
  await bundle(entry, ["--code-splitting", `--outdir=${bundleDir}`]);
  // An import map here would pull every npm package into the program.
  await Deno.writeTextFile(`${bundleDir}/deno.json`, "{}\n");
  await makeScript(denort.path);
  await compile(await holdingSignals(denort.path), "main.js", output);
  const { size } = await Deno.stat(output);
  console.log(
    `Built build/rondo, ${
      (size / 1e6).toFixed(1)
    } MB, runtime from ${denort.source}`,
  );
}

// Where Deno takes its own download we never see the file, and it starts as it is.
async function holdingSignals(
  denortPath: string | undefined,
): Promise<string | undefined> {
  if (denortPath === undefined) return undefined;
  const changed = holdEarlySignals(await Deno.readFile(denortPath));
  if (changed === undefined) return denortPath;
  const path = `${buildDir}/denort-holding-signals`;
  await Deno.writeFile(path, changed, { mode: 0o755 });
  return path;
}

// The helper roles start as modules, of which there are few; all else starts as the script.
async function makeScript(denortPath: string | undefined): Promise<void> {
  const entry = `${buildDir}/program_entry.ts`;
  const source = `${bundleDir}/${PROGRAM_SCRIPT.source}`;
  const cache = `${bundleDir}/${PROGRAM_SCRIPT.cache}`;
  await Deno.writeTextFile(entry, renderEntry("../main.ts"));
  await bundle(entry, ["--format=iife", `--output=${source}`]);
  await Deno.writeTextFile(source, toScript(await Deno.readTextFile(source)));
  await bundle("scripts/code_cache.ts", [`--output=${bundleDir}/recorder.js`]);
  const recorder = `${buildDir}/recorder`;
  await compile(denortPath, "recorder.js", recorder);
  await recordCache(recorder, { source, cache });
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
  path: string,
): Promise<void> {
  const staged = `${path}.new`;
  const included = [PROGRAM_SCRIPT.source, PROGRAM_SCRIPT.cache]
    .map((name) => `--include=${name}`);
  await run(bundleDir, [
    "compile",
    "--quiet",
    "--no-check",
    // The runtime's own would lie in /tmp under a name anybody can take first.
    "--no-code-cache",
    ...(entry === "main.js" ? included : []),
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
