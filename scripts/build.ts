/** Builds build/rondo: bundles the program with its texts, then compiles one file. */
import { findDenort } from "./denort.ts";

const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const buildDir = `${root}/build`;
const bundleDir = `${buildDir}/js`;
const output = `${buildDir}/rondo`;

// The launcher reads /proc, which the runtime allows with every permission only. Each role
// gives up what it does not need as soon as it starts (core/host/process.ts).
const PERMISSIONS = ["--allow-all", "--no-prompt"];

if (import.meta.main) await build();

/** Writes build/rondo and says what it was made from. */
export async function build(): Promise<void> {
  await Deno.mkdir(buildDir, { recursive: true });
  // Two builds at once would compile each other's half-written bundle.
  using lock = await Deno.open(`${buildDir}/.lock`, {
    create: true,
    write: true,
  });
  await lock.lock(true);
  await removeFolder(bundleDir);
  const denort = await findDenort(buildDir);
  await run(root, [
    "bundle",
    "--quiet",
    "--minify",
    // Without splitting, modules shared with a dynamic import are miscompiled.
    "--code-splitting",
    "--platform=deno",
    `--outdir=${bundleDir}`,
    "main.ts",
  ]);
  // An import map here would pull every npm package into the program.
  await Deno.writeTextFile(`${bundleDir}/deno.json`, "{}\n");
  await compile(denort.path);
  const { size } = await Deno.stat(output);
  console.log(
    `Built build/rondo, ${
      (size / 1e6).toFixed(1)
    } MB, runtime from ${denort.source}`,
  );
}

async function compile(denortPath: string | undefined): Promise<void> {
  const staged = `${output}.new`;
  await run(bundleDir, [
    "compile",
    "--quiet",
    "--no-check",
    // The cache would lie in /tmp under a name anybody can take first.
    "--no-code-cache",
    ...PERMISSIONS,
    `--output=${staged}`,
    "main.js",
  ], denortPath === undefined ? {} : { DENORT_BIN: denortPath });
  await Deno.rename(staged, output);
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
