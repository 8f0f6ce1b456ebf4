/** Names in a tree of folders, found again without reading what has not changed. */
/** What a search below folders looks for. */
export interface WantedNames {
  /** Entries that are reported and not entered. */
  readonly names: readonly string[];
  /** A folder that holds all of these is reported as marked and not entered. */
  readonly marks: readonly string[];
  /** Folders that are looked into at most, those near the top first. */
  readonly foldersMax: number;
}

/** What was found below the folders, that near the top first. */
export interface NamesBelow {
  readonly named: readonly string[];
  readonly marked: readonly string[];
  /** Folders that cannot be looked into. */
  readonly closed: readonly string[];
  /** There are more folders than were looked into. */
  readonly isCut: boolean;
}

/** A search that is repeated: folders that have not changed are not read again. */
export interface NameIndex {
  /** At once: it follows no link, and thousands of folders take tens of milliseconds. */
  findSync(tops: readonly string[]): NamesBelow;
}

/** What the index asks of the disk. Nothing throws. */
export interface FolderReader {
  nowMs(): number;
  existsSync(path: string): boolean;
  /** `id` differs after every change of a name in it; undefined for what is no folder. */
  stampSync(
    path: string,
  ): { readonly id: string; readonly changedMs: number } | undefined;
  /** Undefined when it cannot be read. */
  listSync(path: string): readonly FolderEntry[] | undefined;
}

interface FolderEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

interface Folder {
  readonly id: string;
  /** It had not changed for a while when it was read, so a later change has a later time. */
  readonly isSettled: boolean;
  readonly named: readonly string[];
  readonly folders: readonly string[];
  readonly isMarked: boolean;
  readonly isClosed: boolean;
}

// Times of the coarsest file systems, and of servers whose clock is a little behind.
const SETTLED_MS = 2_000;

export class FolderIndex implements NameIndex {
  readonly #reader: FolderReader;
  readonly #wanted: WantedNames;
  #known: ReadonlyMap<string, Folder> = new Map();
  #last: NamesBelow = { named: [], marked: [], closed: [], isCut: false };

  constructor(reader: FolderReader, wanted: WantedNames) {
    this.#reader = reader;
    this.#wanted = wanted;
  }

  findSync(tops: readonly string[]): NamesBelow {
    const seen = new Map<string, Folder>();
    const named = new Set<string>();
    const marked = new Set<string>();
    const closed: string[] = [];
    const open = [...tops];
    let isCut = false;
    for (const path of open) {
      if (seen.has(path)) continue;
      if (seen.size >= this.#wanted.foldersMax) {
        isCut = true;
        break;
      }
      const folder = this.#look(path);
      if (folder === undefined) continue;
      seen.set(path, folder);
      if (folder.isClosed) closed.push(path);
      for (const name of folder.named) named.add(`${path}/${name}`);
      if (folder.isMarked && !tops.includes(path)) marked.add(path);
      else open.push(...folder.folders.map((name) => `${path}/${name}`));
    }
    // A tree that grows past the limit must not hide what was found before.
    if (isCut) {
      for (const path of this.#last.named) this.#keep(path, named);
      for (const path of this.#last.marked) this.#keep(path, marked);
    }
    this.#known = seen;
    return this.#last = {
      named: [...named],
      marked: [...marked],
      closed,
      isCut,
    };
  }

  #keep(path: string, found: Set<string>): void {
    if (this.#reader.existsSync(path)) found.add(path);
  }

  #look(path: string): Folder | undefined {
    const stamp = this.#reader.stampSync(path);
    if (stamp === undefined) return undefined;
    const known = this.#known.get(path);
    if (known?.isSettled && known.id === stamp.id) return known;
    const isSettled = this.#reader.nowMs() - stamp.changedMs > SETTLED_MS;
    const list = this.#reader.listSync(path);
    const entries = list ?? [];
    const named = this.#pickNamed(path, entries);
    const names = new Set(entries.map(({ name }) => name));
    return {
      id: stamp.id,
      isSettled,
      named,
      folders: entries.filter(({ name, isDirectory }) =>
        isDirectory && !named.includes(name)
      ).map(({ name }) => name),
      isMarked: this.#wanted.marks.every((mark) => names.has(mark)),
      isClosed: list === undefined,
    };
  }

  #pickNamed(path: string, entries: readonly FolderEntry[]): string[] {
    return this.#wanted.names.filter((wanted) =>
      entries.some(({ name }) =>
        name === wanted ||
        // Where case does not matter the file system finds it by the wanted name, too.
        (name.length === wanted.length && name.toLowerCase() === wanted &&
          this.#reader.existsSync(`${path}/${wanted}`))
      )
    );
  }
}
