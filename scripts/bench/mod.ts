/** Runs benchmarks, all or those named, the floor and any peer in turns with the program. */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { findDenort } from "../denort.ts";
import { runScript, toPath } from "../run_script.ts";
import { localTarget } from "../targets.ts";
import { readVersion, RUNS_VARIABLE, SUBJECTS_VARIABLE } from "./bench.ts";
import { OWN, renderResults, type Row, ROWS_VARIABLE } from "./rows.ts";

const NAMES = [
  "start",
  "mcp",
  "iteration",
  "deltas",
  "doors",
  "repl",
  "memory",
  "resume",
  "sessions",
  "images",
  "growth",
  "sandbox",
  "undo",
] as const;

const USAGE =
  `Usage: deno task bench [--peer PATH]... [--bin PATH] [--runs N] [--write] [NAME]...

Names: ${NAMES.join(", ")}; all when none is given.
--peer takes turns with the program: a codex, or another rondo.
--bin is measured instead of build/rondo.
--runs is the most that a figure is measured, for a quick look.
--write makes scripts/bench/RESULTS.md of what came out.`;

const folder = decodeURIComponent(new URL(".", import.meta.url).pathname);
const buildDir = `${folder}../../build`;

if (import.meta.main) await runScript(main);

async function main(): Promise<void> {
  const { bin, names, peers, runs, isWritten } = parseWords(Deno.args);
  const rows = await Deno.makeTempFile({ prefix: "bench-" });
  const subjects = [bin, await compileFloor(), ...peers];
  try {
    for (const name of names) {
      console.log(`== ${name}`);
      await run(name, {
        [SUBJECTS_VARIABLE]: subjects.join("\n"),
        [ROWS_VARIABLE]: rows,
        ...(runs !== undefined && { [RUNS_VARIABLE]: runs }),
      });
    }
    if (!isWritten) return;
    const page = renderResults(await readRows(rows), {
      at: new Date(),
      // The names of programs, not where they lie on this machine.
      command: ["deno task bench", ...Deno.args.map((word) => basename(word))]
        .join(" "),
      subjects: subjects.map((path, at) => {
        const version = readVersion(path);
        return [at === 0 ? OWN : version, version];
      }),
    });
    await Deno.writeTextFile(`${folder}RESULTS.md`, page);
  } finally {
    await Deno.remove(rows);
  }
}

function parseWords(args: readonly string[]): {
  readonly bin: string;
  readonly names: readonly string[];
  readonly peers: readonly string[];
  readonly runs: string | undefined;
  readonly isWritten: boolean;
} {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      bin: { type: "string" },
      peer: { type: "string", multiple: true },
      runs: { type: "string" },
      write: { type: "boolean" },
    },
  });
  const unknown = positionals.filter((name) => !NAMES.includes(name as never));
  if (unknown.length > 0) {
    throw new Error(`Cannot run ${unknown.join(", ")}: unknown\n\n${USAGE}`);
  }
  return {
    bin: toPath(values.bin ?? `${buildDir}/rondo`),
    names: positionals.length === 0 ? NAMES : positionals,
    peers: (values.peer ?? []).map(toPath),
    runs: values.runs,
    isWritten: values.write ?? false,
  };
}

/** Compiles floor.ts on the runtime that the program stands on. */
async function compileFloor(): Promise<string> {
  const place = `${buildDir}/floor`;
  await Deno.mkdir(place, { recursive: true });
  // An import map here would pull every npm package into it.
  await Deno.writeTextFile(`${place}/deno.json`, "{}\n");
  await Deno.copyFile(`${folder}floor.ts`, `${place}/floor.ts`);
  const target = localTarget();
  const denort = await findDenort(buildDir, { target, isRelease: false });
  const output = `${place}/floor`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["compile", "--quiet", "--no-check", "--no-code-cache"],
      ...["--allow-all", `--output=${output}`, "floor.ts"],
    ],
    cwd: place,
    ...(denort.path !== undefined && { env: { DENORT_BIN: denort.path } }),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return output;
}

// Figures of another process are in /proc, which the runtime opens to --allow-all alone.
async function run(name: string, env: Record<string, string>): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--no-check", "--quiet"],
      `${folder}${name}.ts`,
    ],
    env,
  }).spawn().status;
  if (code !== 0) {
    throw new Error(`Cannot measure ${name}: it ended with ${code}`);
  }
}

async function readRows(path: string): Promise<Row[]> {
  const lines = (await Deno.readTextFile(path)).trim().split("\n");
  return lines.filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}
