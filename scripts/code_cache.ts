/** Runs the program's scripts and keeps what V8 compiled of them: `FOLDER -- WORDS... [-- WORDS...]`. */
import { Script } from "node:vm";
import { PROGRAM_SCRIPTS, startProgram } from "../core/host/program_script.ts";

if (import.meta.main) await main(Deno.args);

async function main(argv: readonly string[]): Promise<void> {
  const [folder = "", ...words] = argv;
  for (const { source, cache } of Object.values(PROGRAM_SCRIPTS)) {
    if (words.length === 0) {
      await check(`${folder}/${source}`, `${folder}/${cache}`);
    }
  }
  if (words.length > 0) await record(folder, words);
  Deno.exit(0);
}

// Functions are compiled when they are first called: those of the runs are in the cache.
async function record(folder: string, words: readonly string[]): Promise<void> {
  const { early, later } = PROGRAM_SCRIPTS;
  // V8 keeps the name: one of its own would make another cache in every folder.
  const open = async (filename: string): Promise<Script> =>
    new Script(await Deno.readTextFile(`${folder}/${filename}`), { filename });
  const script = await open(early.source);
  const program = startProgram(script.runInThisContext(), (name) => {
    throw new Error(
      `Cannot make the code cache: an everyday run needs ${name}, must be in EVERYDAY`,
    );
  });
  for (const run of words.join("\0").split("--\0").slice(1)) {
    const code = await program(run.split("\0").filter((word) => word !== ""));
    if (code !== 0) throw new Error(`Cannot make the code cache: exit ${code}`);
  }
  await Deno.writeFile(`${folder}/${early.cache}`, script.createCachedData());
  const rest = await open(later.source);
  rest.runInThisContext();
  await Deno.writeFile(`${folder}/${later.cache}`, rest.createCachedData());
}

// A process of its own: where the script was compiled before, no cache is looked at.
async function check(sourcePath: string, cachePath: string): Promise<void> {
  const source = await Deno.readTextFile(sourcePath);
  const cachedData = await Deno.readFile(cachePath);
  const { cachedDataRejected } = new Script(source, { cachedData });
  if (cachedDataRejected) throw new Error("Cannot use the code cache made");
}
