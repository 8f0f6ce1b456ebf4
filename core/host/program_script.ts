/** The application as the build leaves it in the executable: one script, and what V8 made of it. */
import type { Script } from "node:vm";

/** Runs a command line; resolves to the exit code. */
export type Program = (argv: readonly string[]) => Promise<number>;

/** Files beside the entry, and the global symbol under which the script leaves its Program. */
export const PROGRAM_SCRIPT = {
  source: "program.txt",
  cache: "program.cache",
  symbol: "program",
} as const;

/**
 * The Program of the script beside `entryUrl`; undefined where there is none, as in a run
 * that is not compiled. Compiling 1 MB of modules costs a third of the time to the first
 * request, taking over what was compiled at build time a tenth of that. V8 takes it from a
 * runtime of the same version and flags only, and else compiles the script as any other.
 */
export async function loadProgramScript(
  entryUrl: string,
): Promise<Program | undefined> {
  const filename = new URL(PROGRAM_SCRIPT.source, entryUrl).href;
  const source = readBeside(entryUrl, PROGRAM_SCRIPT.source);
  const cachedData = readBeside(entryUrl, PROGRAM_SCRIPT.cache);
  if (source === undefined || cachedData === undefined) return undefined;
  const { Script } = await import("node:vm");
  return runProgramScript(
    new Script(new TextDecoder().decode(source), { filename, cachedData }),
  );
}

/** What the script leaves behind when it is run. */
export function runProgramScript(script: Script): Program {
  script.runInThisContext();
  const symbol = Symbol.for(PROGRAM_SCRIPT.symbol);
  const program: unknown = Reflect.get(globalThis, symbol);
  if (typeof program !== "function") {
    throw new Error("Broken invariant: the script leaves no program");
  }
  Reflect.deleteProperty(globalThis, symbol);
  return program as Program;
}

function readBeside(
  entryUrl: string,
  name: string,
): Uint8Array<ArrayBuffer> | undefined {
  if (!Deno.build.standalone) return undefined;
  try {
    return Deno.readFileSync(new URL(name, entryUrl));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
