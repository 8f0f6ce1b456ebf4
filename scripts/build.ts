/** Builds build/rondo: bundles the program with its texts, then compiles one file. */
import { Buffer } from "node:buffer";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  PROGRAM_SCRIPTS,
  readPlace,
  type ScriptPlace,
  type ScriptPlaces,
} from "../core/host/program_script.ts";
import { elfEnd } from "../core/host/runtime_identity.ts";
import { type Denort, findDenort } from "./denort.ts";
import { attachFirstStage } from "./first_stage/attach.ts";
import {
  type BuiltCommit,
  EVERYDAY,
  recordCache,
  renderRoles,
} from "./program_script.ts";
import { runScript, toPath } from "./run_script.ts";
import { splitScript } from "./split_script.ts";
import { findTarget, localTarget, type Target } from "./targets.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(
  /[/\\]$/,
  "",
);
const buildDir = `${root}/build`;
const bundleDir = `${buildDir}/js`;
const SCRIPTS = (["early", "later"] as const).map((name) => ({
  name,
  source: `${bundleDir}/${PROGRAM_SCRIPTS[name].source}`,
  cache: `${bundleDir}/${PROGRAM_SCRIPTS[name].cache}`,
}));

// The launcher reads /proc, which the runtime allows with every permission only. Each role
// gives up what it does not need as soon as it starts (core/host/process.ts).
const PERMISSIONS = ["--allow-all", "--no-prompt"];

// Room for what a start makes, so that nothing is collected before the first request: 7 of
// 90 ms of a message's CPU time. And no more than that later: V8 would let it grow to 16 MiB
// twice, which is 22 of 147 MiB after a turn of 990 requests, and saves no time. Part of
// what V8 takes a code cache by.
const V8_FLAGS = "--v8-flags=--min-semi-space-size=8,--max-semi-space-size=8";

// `deno compile` writes down when each file changed; the same input gives the same bytes.
const FILE_TIME = new Date(0);

const USAGE = `Usage: deno task build [--target NAME]... [--out DIR] [--release]

Without --target: build/rondo (or DIR/rondo), for this machine.
With it: DIR/rondo-NAME for each, for example --target linux-arm64.
--release takes no runtime but Deno's own with a pinned hash, or $DENORT_BIN.`;

/** What is built, and where to. */
interface Build {
  readonly target: Target;
  readonly output: string;
  readonly isRelease: boolean;
}

if (import.meta.main) {
  await runScript(() => makeExecutables(parseBuilds(Deno.args)));
}

interface Words {
  readonly target?: string[];
  readonly out?: string;
  readonly release?: boolean;
}

/** Throws on words that mean nothing, with how to say it. */
export function parseBuilds(args: readonly string[]): Build[] {
  const { target: names = [], out, release: isRelease = false } = parseWords(
    args,
  );
  const outDir = out === undefined ? buildDir : toPath(out);
  if (names.length === 0) {
    const target = localTarget();
    return [{ target, output: `${outDir}/rondo${target.suffix}`, isRelease }];
  }
  return [...new Set(names.map(findTarget))].map((target) => ({
    target,
    output: `${outDir}/rondo-${target.name}${target.suffix}`,
    isRelease,
  }));
}

function parseWords(args: readonly string[]): Words {
  try {
    return parseArgs({
      args: [...args],
      options: {
        target: { type: "string", multiple: true },
        out: { type: "string" },
        release: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot build: ${reason}\n\n${USAGE}`);
  }
}

/** Writes the executables, one after the other, and says what each was made from. */
async function makeExecutables(builds: readonly Build[]): Promise<void> {
  await Deno.mkdir(buildDir, { recursive: true });
  // Two builds at once would compile each other's half-written bundle.
  using lock = await Deno.open(`${buildDir}/.lock`, {
    create: true,
    write: true,
  });
  await lock.lock(true);
  await removeFolder(bundleDir);
  await Deno.mkdir(bundleDir);
  tellStep("bundling the program");
  // An import map here would pull every npm package into the program.
  await Deno.writeTextFile(`${bundleDir}/deno.json`, "{}\n");
  await makeScripts();
  const commit = await findCommit();
  for (const build of builds) await makeExecutable(build, commit);
}

// The helper roles start as modules, of which there are few; all else starts as a script.
async function makeScripts(): Promise<void> {
  const folder = `${buildDir}/chunks`;
  await removeFolder(folder);
  // Without splitting, modules shared with a dynamic import are miscompiled.
  await bundle("main.ts", ["--code-splitting", `--outdir=${folder}`]);
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  const chunks = new Map<string, string>();
  for (const name of names.sort()) {
    chunks.set(name, await Deno.readTextFile(`${folder}/${name}`));
  }
  const sources = splitScript(chunks, "main.js", EVERYDAY);
  for (const { name, source } of SCRIPTS) {
    await Deno.writeTextFile(source, sources[name]);
  }
  await removeFolder(folder);
}

async function makeExecutable(
  build: Build,
  commit: BuiltCommit,
): Promise<void> {
  const { target, output } = build;
  tellStep("looking for the runtime");
  const denort = await findDenort(buildDir, build);
  await makeCache(denort, target);
  tellStep(`putting together ${shown(output)}`);
  const base = await makeBase(denort.path);
  const roles = `${buildDir}/main.ts`;
  await Deno.writeTextFile(roles, renderRoles(commit, base?.places));
  // Without splitting, modules shared with a dynamic import are miscompiled.
  await bundle(roles, ["--code-splitting", `--outdir=${bundleDir}`]);
  await Deno.mkdir(dirname(output), { recursive: true });
  await compile(base?.path ?? denort.path, "main.js", {
    ...build,
    included: base === undefined
      ? SCRIPTS.flatMap(({ source, cache }) => [source, cache])
      : [],
  });
  if (base !== undefined) await checkPlaces(output, base.places);
  const { size } = await Deno.stat(output);
  console.log(
    `Built ${shown(output)}, ${
      (size / 1e6).toFixed(1)
    } MB, runtime from ${denort.source}`,
  );
}

interface Base {
  readonly path: string;
  readonly places: ScriptPlaces;
}

// What lies in the runtime's own file system is read and copied before our first line, also
// for a role: the scripts lie in front of that. Undefined where the runtime is no ELF file,
// or is Deno's own download, which we never see.
async function makeBase(
  denortPath: string | undefined,
): Promise<Base | undefined> {
  if (denortPath === undefined) return undefined;
  const denort = await Deno.readFile(denortPath);
  if (elfEnd(denort) === undefined) return undefined;
  const parts = [attachFirstStage(denort) ?? denort];
  const places: Partial<Record<keyof ScriptPlaces, ScriptPlace>> = {};
  for (const { name, ...paths } of SCRIPTS) {
    const at = parts.reduce((sum, { length }) => sum + length, 0);
    const source = await Deno.readFile(paths.source);
    const cache = await Deno.readFile(paths.cache);
    places[name] = {
      at,
      sourceBytes: source.length,
      cacheBytes: cache.length,
    };
    parts.push(source, cache);
  }
  const path = `${buildDir}/base`;
  await Deno.writeFile(path, new Blob(parts).stream(), { mode: 0o755 });
  return { path, places: places as ScriptPlaces };
}

// Where another Deno puts things elsewhere, that has to come out here.
async function checkPlaces(
  output: string,
  places: ScriptPlaces,
): Promise<void> {
  using file = await Deno.open(output);
  for (const script of SCRIPTS) {
    const place = places[script.name];
    const { source, cachedData } = readPlace(file, place);
    const isThere = source === await Deno.readTextFile(script.source) &&
      Buffer.from(cachedData).equals(await Deno.readFile(script.cache));
    if (isThere) continue;
    await Deno.remove(output);
    throw new Error(`Cannot build: no script is at byte ${place.at}`);
  }
}

// A minute without a word looks like a standstill.
function tellStep(text: string): void {
  console.log(`Building: ${text} …`);
}

function shown(path: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/** The commit, with "+" where files were changed since; "unknown" outside of a repository. */
async function findCommit(): Promise<BuiltCommit> {
  const id = await readGit(["rev-parse", "HEAD"]);
  if (id === undefined) return { id: "unknown", date: "" };
  const date = await readGit(["log", "-1", "--format=%cs"]) ?? "";
  const changes = await readGit(["status", "--porcelain", "-uno"]);
  return { id: changes === "" ? id : `${id}+`, date };
}

async function readGit(args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args,
      cwd: root,
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

// V8 takes a cache only from a runtime of the same version on the same system, so that
// another system's program starts without one, and a third slower.
async function makeCache(denort: Denort, target: Target): Promise<void> {
  if (target !== localTarget()) {
    for (const { cache } of SCRIPTS) {
      await Deno.writeFile(cache, new Uint8Array());
    }
    console.log(
      `No code cache for ${target.name}: it can only be recorded on that system`,
    );
    return;
  }
  tellStep("recording the code cache");
  await bundle("scripts/code_cache.ts", [`--output=${bundleDir}/recorder.js`]);
  const output = `${buildDir}/recorder${target.suffix}`;
  await compile(denort.path, "recorder.js", { target, output });
  await recordCache(output, bundleDir);
  await Deno.remove(output);
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
  build: Pick<Build, "target" | "output"> & {
    readonly included?: readonly string[];
  },
): Promise<void> {
  const { target, output, included = [] } = build;
  for await (const { name } of Deno.readDir(bundleDir)) {
    await Deno.utime(`${bundleDir}/${name}`, FILE_TIME, FILE_TIME);
  }
  const staged = `${output}.new`;
  await run(bundleDir, [
    "compile",
    "--quiet",
    "--no-check",
    // The runtime's own would lie in /tmp under a name anybody can take first.
    "--no-code-cache",
    ...included.map((file) => `--include=${file}`),
    ...PERMISSIONS,
    V8_FLAGS,
    `--target=${target.triple}`,
    `--output=${staged}`,
    entry,
  ], denortPath === undefined ? {} : { DENORT_BIN: denortPath });
  await Deno.rename(`${staged}${target.suffix}`, output);
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
