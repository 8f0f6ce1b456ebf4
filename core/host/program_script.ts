/** The application as the build stores it: one script, and V8's code cache of it. */
import type { Script } from "node:vm";
import type { EarlySignals } from "../protocol/terminal.ts";

/** Runs a command line; resolves to the exit code. */
export type Program = (
  argv: readonly string[],
  earlySignals?: EarlySignals,
) => Promise<number>;

/** Files beside the entry, and the global symbol under which the script leaves its Program. */
export const PROGRAM_SCRIPT = {
  source: "program.txt",
  cache: "program.cache",
  symbol: "program",
} as const;

/**
 * The Program of the script beside `entryUrl`. Compiling 1 MB of modules costs a third of the time to the first
 * request, taking over what was compiled at build time a tenth of that. V8 takes it from a
 * runtime of the same version and flags only, and else compiles the script as any other.
 */
export async function loadProgramScript(
  entryUrl: string,
): Promise<Program> {
  const { filename, source, cachedData } = readParts(entryUrl);
  const { Script } = await import("node:vm");
  const script = new Script(source, { filename, cachedData });
  // Freed at once, not by the next large collection.
  cachedData.buffer.transfer(0);
  return runProgramScript(script);
}

// There is nothing else to do before they are here.
function readParts(entryUrl: string): {
  readonly filename: string;
  readonly source: string;
  readonly cachedData: Uint8Array<ArrayBuffer>;
} {
  const { href: filename } = new URL(PROGRAM_SCRIPT.source, entryUrl);
  return {
    filename,
    source: Deno.readTextFileSync(new URL(filename)),
    cachedData: Deno.readFileSync(new URL(PROGRAM_SCRIPT.cache, entryUrl)),
  };
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
