/** The application as the build stores it: two scripts, and V8's code cache of each. */
import type { EarlySignals } from "../protocol/terminal.ts";

/** Runs a command line; resolves to the exit code. */
export type Program = (
  argv: readonly string[],
  earlySignals?: EarlySignals,
) => Promise<number>;

/** Files beside the entry: what every run needs, and what is compiled when it is asked for. */
export const PROGRAM_SCRIPTS = {
  early: { source: "program.txt", cache: "program.cache" },
  later: { source: "later.txt", cache: "later.cache" },
} as const;

type ScriptName = keyof typeof PROGRAM_SCRIPTS;

/** Where the parts lie in the executable: the cache right behind the source, in bytes. */
export interface ScriptPlace {
  readonly at: number;
  readonly sourceBytes: number;
  readonly cacheBytes: number;
}

/** The place of each script. */
export type ScriptPlaces = Readonly<Record<ScriptName, ScriptPlace>>;

interface Parts {
  readonly source: string;
  readonly cachedData: Uint8Array<ArrayBuffer>;
}

/**
 * The Program of the scripts: at their places in the executable, or else beside `entryUrl`.
 * Compiling 1 MB of modules costs a third of the time to the first request, taking over
 * what was compiled at build time a tenth of that. V8 takes it from a runtime of the same
 * version and flags only, and else compiles the script as any other. Throws when the
 * executable is not whole.
 */
export async function loadProgramScript(
  entryUrl: string,
  places?: ScriptPlaces,
): Promise<Program> {
  const { Script } = await import("node:vm");
  const read = openParts(entryUrl, places);
  const evaluate = (name: ScriptName): unknown => {
    const { source, cachedData } = read(name);
    const { href: filename } = new URL(
      PROGRAM_SCRIPTS[name].source,
      entryUrl,
    );
    const script = new Script(source, { filename, cachedData });
    // Freed at once, not by the next large collection.
    cachedData.buffer.transfer(0);
    return script.runInThisContext();
  };
  return startProgram(evaluate("early"), () => evaluate("later"));
}

// The file that runs, also when another one has taken its path (proc(5)). It stays open:
// once the process has given up rights, the runtime opens nothing in /proc/self any more.
function openParts(
  entryUrl: string,
  places: ScriptPlaces | undefined,
): (name: ScriptName) => Parts {
  if (places === undefined) return (name) => readFiles(entryUrl, name);
  const self = Deno.openSync("/proc/self/exe");
  return (name) => readPlace(self, places[name]);
}

// There is nothing else to do before they are here.
function readFiles(entryUrl: string, name: ScriptName): Parts {
  const { source, cache } = PROGRAM_SCRIPTS[name];
  return {
    source: Deno.readTextFileSync(new URL(source, entryUrl)),
    cachedData: Deno.readFileSync(new URL(cache, entryUrl)),
  };
}

/**
 * The parts at their place in an open file, read into the same memory one after the other: a fresh
 * page costs more than what is read into it. Throws when the file ends before they do.
 */
export function readPlace(
  file: Deno.FsFile,
  { at, sourceBytes, cacheBytes }: ScriptPlace,
): Parts {
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

/**
 * The Program that the early script makes, given how the later one is evaluated: once, when
 * a chunk of it is first needed.
 */
export function startProgram(
  early: unknown,
  later: (chunk: string) => unknown,
): Program {
  if (typeof early === "function") {
    const { runCommandLine: program } = early(later);
    if (typeof program === "function") return program;
  }
  throw new Error("Broken invariant: the script makes no program");
}
