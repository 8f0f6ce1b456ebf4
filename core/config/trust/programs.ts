/** The scripts that a project's settings name and commands in the sandbox could change. */
import { errorCode } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { JsonObject } from "../../util/json/json.ts";
import {
  expandHome,
  isAbsolute,
  isInside,
  relativeTo,
  resolvePath,
} from "../../util/path.ts";
import { sha256Hex } from "../../util/sha256.ts";

type FilesHost = Pick<Host, "files" | "env" | "homeDir">;

interface ProgramPlace {
  /** The folder of the settings file. */
  readonly base: string;
  readonly cwd: string;
  /** Absolute folders, the workspace first; paths below it are kept relative to it. */
  readonly writable: readonly string[];
}

// What programs write as they run: a database named in an argument is no script.
const DATA =
  /\.(csv|db|db-(journal|shm|wal)|log|md|pid|sock|sqlite3?|tsv|txt)$/i;

/** Stands for what cannot be checked; it is never approved. */
export const UNCHECKED = "";

/** SHA-256 of each file that the words of the content lead to, by path. */
export async function hashPrograms(
  host: FilesHost,
  content: JsonObject,
  place: ProgramPlace,
): Promise<Readonly<Record<string, string>>> {
  const words = wordsOf(content, host);
  const bases = await basesOf(host, words, place);
  if (words.length > LIMITS.trustWords || bases.size > LIMITS.trustFolders) {
    return { "(more words than are looked at)": UNCHECKED };
  }
  const folders = searchedFolders(host, bases, place.writable);
  const hashes: Record<string, string> = {};
  const paths = new Set(
    words.flatMap((word) => candidates(word, { bases, folders, host })),
  );
  for (const path of [...paths].sort()) {
    const hash = await hashIfProgram(host, path, place.writable);
    if (hash === undefined) continue;
    hashes[relativeTo(path, place.writable[0] ?? "/")] = hash;
  }
  return hashes;
}

/** The first of these files that is another one by now, or is gone. */
export async function findChanged(
  host: Pick<Host, "files">,
  programs: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  for (const [path, hash] of Object.entries(programs)) {
    const now = await hashFile(host, path);
    if (now === UNCHECKED || now !== hash) return path;
  }
  return undefined;
}

function wordsOf(value: unknown, host: FilesHost): readonly string[] {
  const words = new Set<string>();
  const visit = (part: unknown): void => {
    if (typeof part === "string") {
      const text = expandVariables(part, host);
      for (const word of [text, ...text.split(/[\s"'`;|&()<>=,$]+/)]) {
        if (word !== "" && words.size <= LIMITS.trustWords) words.add(word);
      }
    } else if (typeof part === "object" && part !== null) {
      Object.values(part).forEach(visit);
    }
  };
  visit(value);
  return [...words];
}

function expandVariables(text: string, host: FilesHost): string {
  return text.replace(
    /\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))/g,
    (_, name: string | undefined, fallback: string | undefined, bare: string) =>
      host.env(name ?? bare) || fallback || "",
  );
}

// The folders that relative words are meant from: `cd tools && ./run.sh`, and the `cwd`
// of a server, lead into others.
async function basesOf(
  host: FilesHost,
  words: readonly string[],
  { base, cwd, writable }: ProgramPlace,
): Promise<ReadonlySet<string>> {
  const starts = [...new Set([cwd, writable[0] ?? "/", base])];
  const bases = new Set(starts);
  for (const start of starts) {
    for (const word of words) {
      const path = resolvePath(start, word);
      if (bases.size > LIMITS.trustFolders || bases.has(path)) continue;
      if (!writable.some((folder) => isInside(path, folder))) continue;
      const stat = await host.files.stat(path).catch(() => undefined);
      if (stat?.isDirectory) bases.add(path);
    }
  }
  return bases;
}

// The folders of PATH in which a command could put a program.
function searchedFolders(
  host: FilesHost,
  bases: ReadonlySet<string>,
  writable: readonly string[],
): readonly string[] {
  const path = (host.env("PATH") ?? "").split(":");
  const folders = path.flatMap((folder) =>
    [...bases].map((base) => resolvePath(base, folder))
  );
  return [...new Set(folders)].filter((one) =>
    writable.some((folder) => isInside(one, folder))
  );
}

function candidates(
  word: string,
  { bases, folders, host }: {
    readonly bases: ReadonlySet<string>;
    readonly folders: readonly string[];
    readonly host: FilesHost;
  },
): readonly string[] {
  const plain = expandHome(word, host.homeDir() ?? "/");
  // "$(git rev-parse --show-toplevel)/x.sh" leaves "/x.sh" of itself.
  const below = [...bases].map((base) =>
    resolvePath(base, isAbsolute(plain) ? `.${plain}` : plain)
  );
  if (isAbsolute(plain)) return [resolvePath("/", plain), ...below];
  if (plain.includes("/")) return below;
  return [...below, ...folders.map((folder) => resolvePath(folder, plain))];
}

async function hashIfProgram(
  host: FilesHost,
  path: string,
  writable: readonly string[],
): Promise<string | undefined> {
  const isHere = (one: string): boolean =>
    writable.some((folder) => isInside(one, folder));
  try {
    const stat = await host.files.stat(path);
    if (stat === undefined || !stat.isFile) return undefined;
    const real = await host.files.realPath(path);
    if (!isHere(path) && !isHere(real)) return undefined;
    const isExecutable = ((stat.mode ?? 0) & 0o111) !== 0;
    if (DATA.test(real) && !isExecutable) return undefined;
    return await hashFile(host, path);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

async function hashFile(
  host: Pick<Host, "files">,
  path: string,
): Promise<string> {
  const stat = await host.files.stat(path).catch(() => undefined);
  if (stat === undefined || !stat.isFile) return UNCHECKED;
  if (stat.size > LIMITS.trustProgramBytes) return UNCHECKED;
  return sha256Hex(await host.files.readBytes(path));
}
