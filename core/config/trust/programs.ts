/** The scripts that a project's settings name and commands in the sandbox could change. */
import { errorCode } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { asObject, type Json, type JsonObject } from "../../util/json/json.ts";
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

// Files that are executed; what programs only read and write, such as a database or a log,
// changes all the time. A name without an ending may be either.
const SCRIPT =
  /\.([cm]?[jt]s|[jt]sx|bash|bat|cmd|exe|fish|jar|lua|php|p[lm]|ps1|pyw?|rb|sh|so|wasm|zsh)$|(^|\/)[^.\/]+$/i;
// After an interpreter any file is a script.
const INTERPRETED =
  /(?:^|[\s;&|("'`/])(?:(?:ba|da|fi|k|z)?sh|bun|deno|lua|node|perl|php|python[\d.]*|ruby|source|\.)(?:\s+(?:-\S+|run))*\s+([^\s;&|)"'`]+)/g;

/** Stands for what cannot be checked; it is never approved. */
export const UNCHECKED = "";

/** SHA-256 of each file that the words of the content lead to, by path. */
export async function hashPrograms(
  host: FilesHost,
  content: JsonObject,
  place: ProgramPlace,
): Promise<Readonly<Record<string, string>>> {
  const { words, interpreted } = collectWords(content, host);
  const bases = await basesOf(host, words, place);
  if (words.length > LIMITS.trustWords || bases.size > LIMITS.trustFolders) {
    return { "(more words than are looked at)": UNCHECKED };
  }
  const folders = searchedFolders(host, bases, place.writable);
  const scope = { bases, folders, host };
  const pathsOf = (some: readonly string[]): ReadonlySet<string> =>
    new Set(some.flatMap((word) => candidates(word, scope)));
  const scripts = pathsOf(interpreted);
  const found = await Promise.all(
    [...pathsOf(words)].sort().map(async (path) => {
      const hash = await hashIfProgram(host, path, {
        writable: place.writable,
        isScript: scripts.has(path),
      });
      return hash === undefined
        ? []
        : [[relativeTo(path, place.writable[0] ?? "/"), hash] as const];
    }),
  );
  return Object.fromEntries(found.flat());
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

function collectWords(
  content: JsonObject,
  host: FilesHost,
): { readonly words: readonly string[]; readonly interpreted: string[] } {
  const words = new Set<string>();
  const interpreted: string[] = [];
  const visit = (part: Json | undefined): void => {
    if (typeof part === "string") {
      const text = expandVariables(part, host);
      for (const word of [text, ...text.split(/[\s"'`;|&()<>=,$]+/)]) {
        if (word !== "" && words.size <= LIMITS.trustWords) words.add(word);
      }
      for (const [, word = ""] of text.matchAll(INTERPRETED)) {
        interpreted.push(word);
      }
    } else if (typeof part === "object" && part !== null) {
      Object.values(part).forEach(visit);
      const list = Array.isArray(part)
        ? part
        : [asObject(part)?.["command"], asObject(part)?.["args"]].flat();
      const line = list.filter((one) => typeof one === "string").join(" ");
      for (const [, word = ""] of line.matchAll(INTERPRETED)) {
        interpreted.push(expandVariables(word, host));
      }
    }
  };
  visit(content);
  return { words: [...words, ...interpreted], interpreted };
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
  { writable, isScript }: {
    readonly writable: readonly string[];
    readonly isScript: boolean;
  },
): Promise<string | undefined> {
  const isHere = (one: string): boolean =>
    writable.some((folder) => isInside(one, folder));
  try {
    const stat = await host.files.stat(path);
    if (stat === undefined || !stat.isFile) return undefined;
    const real = await host.files.realPath(path);
    if (!isHere(path) && !isHere(real)) return undefined;
    const isRun = isScript || (stat.mode & 0o111) !== 0 || SCRIPT.test(path) ||
      SCRIPT.test(real);
    return isRun ? await hashFile(host, path) : undefined;
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
