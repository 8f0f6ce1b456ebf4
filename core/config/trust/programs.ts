/** The files that a project's settings lead to and commands in the sandbox could change. */
import { errorCode } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { matchesPath } from "../../util/glob.ts";
import type { JsonObject } from "../../util/json/json.ts";
import {
  basename,
  dirname,
  expandHome,
  isAbsolute,
  isInside,
  relativeTo,
  resolvePath,
} from "../../util/path.ts";
import { sha256Hex } from "../../util/sha256.ts";
import { importsOf } from "./imports.ts";
import { FOLDER_RUNNERS, PACKAGE_RUNNERS, RUNNERS } from "./runners.ts";
import { collectWords, type NamedWords } from "./words.ts";

type FilesHost = Pick<Host, "files" | "env" | "homeDir">;

/** Where files are looked for. */
export interface ProgramPlace {
  /** Folders that relative words are meant from. */
  readonly bases: readonly string[];
  /** Absolute folders, the workspace first; paths below it are kept relative to it. */
  readonly writable: readonly string[];
}

// What programs only read and write changes all the time, and starts nothing.
const DATA =
  /\.(db|duckdb|sqlite3?|log|jsonl|ndjson|csv|tsv|parquet|txt|md|rst|html?|css|svg|png|jpe?g|gif|webp|pdf|pid|lock|sock|out|err|tmp)$/i;
// What an interpreter takes of a folder that it is given.
const ENTRY =
  /^((index|main|__main__|__init__|mod|package)\.\w+|pyproject\.toml|setup\.(py|cfg)|Cargo\.toml|(Docker|Container)file)$/;
const WILD = /[*?[{]/;

/** Stands for what cannot be checked; it is never approved. */
export const UNCHECKED = "";

/** SHA-256 of each file that the words of the content lead to, by path. */
export async function hashPrograms(
  host: FilesHost,
  content: JsonObject,
  place: ProgramPlace,
): Promise<Readonly<Record<string, string>>> {
  const named = collectWords(content, (name) => host.env(name));
  const finder = new Finder(host, place);
  await finder.addFolders(named.words);
  if (
    named.words.size > LIMITS.trustWords ||
    finder.folders.size > LIMITS.trustFolders
  ) return { "(more words than are looked at)": UNCHECKED };
  await finder.addFiles(named);
  const found = new Map<string, string>();
  // What was found is read for what it loads, until nothing new is.
  for (let files = finder.take(); files.length > 0; files = finder.take()) {
    const looks = await Promise.all(
      files.map(([path, isScript]) =>
        lookAtProgram(host, path, { ...place, isScript })
      ),
    );
    for (const look of looks) {
      if (look === undefined) continue;
      found.set(look.path, look.sha256);
      await finder.addImports(look);
    }
    if (found.size > LIMITS.trustPrograms) {
      return { "(more files than are looked at)": UNCHECKED };
    }
  }
  return Object.fromEntries(
    [...found].map(([path, hash]) =>
      [relativeTo(path, place.writable[0] ?? "/"), hash] as const
    ).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

class Finder {
  /** Where relative words lead from: `cd tools && ./run.sh`, a server's `cwd`. */
  readonly folders: Set<string>;
  /** By absolute path: whether it is a script, whatever its ending. */
  readonly #files = new Map<string, boolean>();
  #fresh: string[] = [];
  readonly #host: FilesHost;
  readonly #writable: readonly string[];
  /** Those that were not named by a word of the content. */
  readonly #starts: ReadonlySet<string>;
  readonly #lists = new Map<string, Promise<readonly string[]>>();

  constructor(host: FilesHost, { bases, writable }: ProgramPlace) {
    this.#host = host;
    this.#writable = writable;
    this.#starts = new Set([writable[0] ?? "/", ...bases]);
    this.folders = new Set(this.#starts);
  }

  async addFolders(words: NamedWords["words"]): Promise<void> {
    const { files } = this.#host;
    for (const start of this.#starts) {
      for (const word of words) {
        const path = resolvePath(start, this.#plain(word));
        if (this.folders.size > LIMITS.trustFolders) return;
        if (this.folders.has(path) || !this.#isHere(path)) continue;
        const stat = await files.stat(path).catch(() => undefined);
        if (stat?.isDirectory) this.folders.add(path);
      }
    }
  }

  async addFiles({ words, scripts, commands }: NamedWords): Promise<void> {
    const runners = [...words].map(basename);
    const takesPackages = runners.some((one) => PACKAGE_RUNNERS.has(one));
    const runsFolders = runners.some((one) => FOLDER_RUNNERS.has(one));
    const own = runners.flatMap((one) => RUNNERS.get(one) ?? []);
    for (const folder of this.folders) {
      for (const path of own) {
        if (WILD.test(path)) await this.#addMatches(resolvePath(folder, path));
        else this.#add(resolvePath(folder, path), true);
      }
      if (!this.#starts.has(folder) && !this.#writable.includes(folder)) {
        for (const name of await this.#list(folder)) {
          const isRun = runsFolders || ENTRY.test(name);
          if (isRun) this.#add(`${folder}/${name}`, true);
        }
      }
      for (const word of words) {
        await this.#addBelow(folder, word, scripts.has(word));
        if (takesPackages) this.#addPackage(folder, word);
      }
    }
    for (const word of words) {
      const path = this.#plain(word);
      if (isAbsolute(path)) {
        this.#add(resolvePath("/", path), scripts.has(word));
      }
    }
    this.#addSearched(commands);
  }

  /** What was found since the last time. */
  take(): readonly (readonly [path: string, isScript: boolean])[] {
    const fresh = [...new Set(this.#fresh)];
    this.#fresh = [];
    return fresh.map((path) => [path, this.#files.get(path) === true]);
  }

  /** What a script loads from beside it, or from where programs are started. */
  async addImports({ path, text }: ProgramLook): Promise<void> {
    const { paths, modules } = importsOf(path, text);
    const here = dirname(path);
    for (const folder of new Set([here, ...this.#starts])) {
      for (const one of paths) await this.#addBelow(folder, one, true);
    }
    for (const module of modules) {
      const [, dots = "", name = ""] = /^(\.*)(.*)$/.exec(module) ?? [];
      const up = "../".repeat(Math.max(0, dots.length - 1));
      await this.#addModule(resolvePath(here, `./${up}`), name);
    }
  }

  // "$(git rev-parse --show-toplevel)/x.sh" leaves "/x.sh" of itself.
  async #addBelow(
    folder: string,
    word: string,
    isScript: boolean,
  ): Promise<void> {
    const plain = this.#plain(word);
    const path = resolvePath(folder, isAbsolute(plain) ? `.${plain}` : plain);
    if (isScript && WILD.test(plain)) return await this.#addMatches(path);
    await this.#addNamed(path, isScript);
    // `python -m package.module`
    if (isScript && /^\w+(\.\w+)*$/.test(plain)) {
      await this.#addModule(folder, plain);
    }
  }

  async #addModule(folder: string, name: string): Promise<void> {
    const module = resolvePath(folder, name.replaceAll(".", "/"));
    if (module !== folder) await this.#addNamed(module, true);
    this.#add(`${module}/__main__.py`, true);
    for (let at = module; isInside(at, folder); at = dirname(at)) {
      this.#add(`${at}/__init__.py`, true);
      if (at === folder) break;
    }
  }

  // The file, or the one that an interpreter finds by its name without the ending.
  async #addNamed(path: string, isScript: boolean): Promise<void> {
    if (path === "/" || !this.#isHere(path)) return;
    const name = basename(path).toLowerCase();
    for (const one of await this.#list(dirname(path))) {
      const lower = one.toLowerCase();
      const isMeant = lower === name ||
        ((isScript || !name.includes(".")) && lower.startsWith(`${name}.`) &&
          !DATA.test(one));
      if (isMeant) this.#add(resolvePath(dirname(path), one), isScript);
    }
  }

  async #addMatches(glob: string): Promise<void> {
    const folder = dirname(glob.slice(0, glob.search(WILD)) + "x");
    if (!this.#isHere(folder)) return;
    for (const name of await this.#list(folder)) {
      const path = `${folder}/${name}`;
      if (glob.includes("{") || matchesPath(glob, path)) this.#add(path, true);
    }
  }

  #addPackage(folder: string, word: string): void {
    const name = /^(@[\w.-]+\/)?[\w.-]+/.exec(word)?.[0];
    if (name === undefined) return;
    const modules = `${folder}/node_modules`;
    this.#add(`${modules}/.bin/${basename(name)}`, true);
    this.#add(`${modules}/${name}/package.json`, true);
  }

  // In the folders of PATH a command could put a program, or be the target of a link.
  #addSearched(commands: NamedWords["commands"]): void {
    const searched = (this.#host.env("PATH") ?? "").split(":").flatMap((one) =>
      isAbsolute(one)
        ? [resolvePath("/", one)]
        : [...this.folders].map((folder) => resolvePath(folder, one))
    );
    for (const folder of new Set(searched)) {
      for (const command of commands) {
        if (/^[^/]+$/.test(command)) this.#add(`${folder}/${command}`, true);
      }
    }
  }

  #add(path: string, isScript: boolean): void {
    const known = this.#files.get(path);
    if (known === true || known === isScript) return;
    this.#files.set(path, isScript);
    this.#fresh.push(path);
  }

  #plain(word: string): string {
    return expandHome(word, this.#host.homeDir() ?? "/");
  }

  #isHere(path: string): boolean {
    return this.#writable.some((folder) => isInside(path, folder));
  }

  #list(folder: string): Promise<readonly string[]> {
    const known = this.#lists.get(folder);
    if (known !== undefined) return known;
    const list = this.#host.files.list(folder).then(
      (entries) => entries.map(({ name }) => name),
      () => [],
    );
    this.#lists.set(folder, list);
    return list;
  }
}

/** A file that counts, and what is known of it. */
interface ProgramLook {
  readonly path: string;
  readonly sha256: string;
  /** Empty of what is no text, or too long to be one. */
  readonly text: string;
}

async function lookAtProgram(
  host: FilesHost,
  path: string,
  { writable, isScript }: {
    readonly writable: readonly string[];
    readonly isScript: boolean;
  },
): Promise<ProgramLook | undefined> {
  const isHere = (one: string): boolean =>
    writable.some((folder) => isInside(one, folder));
  try {
    const stat = await host.files.stat(path);
    if (stat === undefined || !stat.isFile) return undefined;
    const real = await host.files.realPath(path);
    if (!isHere(path) && !isHere(real)) return undefined;
    const isRun = isScript || (stat.mode & 0o111) !== 0 || !DATA.test(path) ||
      !DATA.test(real);
    if (!isRun) return undefined;
    if (stat.size > LIMITS.trustProgramBytes) {
      return { path, sha256: UNCHECKED, text: "" };
    }
    const bytes = await host.files.readBytes(path);
    const isText = bytes.length <= LIMITS.trustTextBytes && !bytes.includes(0);
    const text = isText ? new TextDecoder().decode(bytes) : "";
    return { path, sha256: await sha256Hex(bytes), text };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}
