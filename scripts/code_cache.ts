/** Runs the program's script and keeps what V8 compiled of it: `SCRIPT CACHE -- WORDS... [-- WORDS...]`. */
import { Script } from "node:vm";
import {
  PROGRAM_SCRIPT,
  runProgramScript,
} from "../core/host/program_script.ts";

if (import.meta.main) await main(Deno.args);

async function main(argv: readonly string[]): Promise<void> {
  const [sourcePath = "", cachePath = "", ...words] = argv;
  const source = await Deno.readTextFile(sourcePath);
  if (words.length === 0) await check(source, cachePath);
  else await record({ source, cachePath }, words);
  Deno.exit(0);
}

// Functions are compiled when they are first called: those of the runs are in the cache.
async function record(
  paths: Readonly<Record<"source" | "cachePath", string>>,
  words: readonly string[],
): Promise<void> {
  // V8 keeps the name: one of its own would make another cache in every folder.
  const { source: filename } = PROGRAM_SCRIPT;
  const script = new Script(paths.source, { filename });
  const program = runProgramScript(script);
  for (const run of words.join("\0").split("--\0").slice(1)) {
    const code = await program(run.split("\0").filter((word) => word !== ""));
    if (code !== 0) throw new Error(`Cannot make the code cache: exit ${code}`);
  }
  await Deno.writeFile(paths.cachePath, script.createCachedData());
}

// A process of its own: where the script was compiled before, no cache is looked at.
async function check(source: string, cachePath: string): Promise<void> {
  const cachedData = await Deno.readFile(cachePath);
  const { cachedDataRejected } = new Script(source, { cachedData });
  if (cachedDataRejected) throw new Error("Cannot use the code cache made");
}
