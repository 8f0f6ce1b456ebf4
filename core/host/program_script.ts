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

/** Where the parts lie in the executable: the cache right behind the source, in bytes. */
export interface ScriptPlace {
  readonly at: number;
  readonly sourceBytes: number;
  readonly cacheBytes: number;
}

interface Parts {
  readonly source: string;
  readonly cachedData: Uint8Array<ArrayBuffer>;
}

/**
 * The Program of the script: at its place in the executable, or else beside `entryUrl`.
 * Compiling 1 MB of modules costs a third of the time to the first request, taking over
 * what was compiled at build time a tenth of that. V8 takes it from a runtime of the same
 * version and flags only, and else compiles the script as any other. Throws when the
 * executable is not whole.
 */
export async function loadProgramScript(
  entryUrl: string,
  place?: ScriptPlace,
): Promise<Program> {
  const { source, cachedData } = place === undefined
    ? readFiles(entryUrl)
    : readPlace(SELF, place);
  const { href: filename } = new URL(PROGRAM_SCRIPT.source, entryUrl);
  const { Script } = await import("node:vm");
  const script = new Script(source, { filename, cachedData });
  // Freed at once, not by the next large collection.
  cachedData.buffer.transfer(0);
  return runProgramScript(script);
}

/** The file that runs, also when another one has taken its path (proc(5)). */
const SELF = "/proc/self/exe";

// There is nothing else to do before they are here.
function readFiles(entryUrl: string): Parts {
  return {
    source: Deno.readTextFileSync(new URL(PROGRAM_SCRIPT.source, entryUrl)),
    cachedData: Deno.readFileSync(new URL(PROGRAM_SCRIPT.cache, entryUrl)),
  };
}

/**
 * The parts at their place in a file, read into the same memory one after the other: a fresh
 * page costs more than what is read into it. Throws when the file ends before they do.
 */
export function readPlace(
  path: string,
  { at, sourceBytes, cacheBytes }: ScriptPlace,
): Parts {
  using file = Deno.openSync(path);
  file.seekSync(at, Deno.SeekMode.Start);
  const memory = new Uint8Array(Math.max(sourceBytes, cacheBytes));
  const source = new TextDecoder().decode(
    readWhole(file, memory.subarray(0, sourceBytes)),
  );
  return {
    source,
    cachedData: readWhole(file, memory.subarray(0, cacheBytes)),
  };
}

function readWhole(
  file: Deno.FsFile,
  part: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  for (let length = 0; length < part.length;) {
    const count = file.readSync(part.subarray(length));
    if (count === null) {
      const missing = part.length - length;
      throw new Error(
        `Cannot start: the executable lacks ${missing} bytes, must be whole; install it again`,
      );
    }
    length += count;
  }
  return part;
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
