/** File contents in bounded room: each by its hash, or many in one object. */
import { isAbsent } from "../../../protocol/error.ts";
import type { Host } from "../../../protocol/host.ts";
import { LIMITS } from "../../../protocol/limits.ts";
import { sha256Hex } from "../../../util/sha256.ts";
import type { FileState } from "./plan.ts";

interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** Where a content is: the object of its hash, or the part of a pack. */
type StoredContent = Omit<Extract<FileState, { kind: "file" }>, "kind">;

/** Of the notes of others, the part that is given up at a time: the oldest of so many. */
const GIVEN_UP = 8;
// Objects that notes need.
const NAMED = /"(?:hash|pack)":"([0-9a-f]{64})"/g;

/** Where the threads note what their folders held. */
export function treesFolder(checkpoints: string): string {
  return `${checkpoints}/trees`;
}

/** The note of a turn that runs, or was cut off. */
export function openTurnPath(
  { folder, threadId }: {
    /** Of all that is kept for undo. */
    readonly folder: string;
    readonly threadId: string;
  },
): string {
  return `${folder}/open/${threadId}`;
}

/** The store of one folder. Notes beside the objects say which are still wanted. */
export class ObjectStore {
  readonly #host: Host;
  readonly #folder: string;
  readonly #keepThread: string;
  #isPrepared = false;
  /** Bytes of all objects; unknown before the first write. */
  #used: number | undefined;
  #pack:
    | { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
    | undefined;

  constructor(
    host: Host,
    options: {
      readonly folder: string;
      /** The thread whose notes are never given up for room. */
      readonly keepThread: string;
    },
  ) {
    this.#host = host;
    this.#folder = options.folder;
    this.#keepThread = options.keepThread;
  }

  hash(content: Uint8Array): string {
    return sha256Hex(content);
  }

  async prepare(): Promise<void> {
    if (this.#isPrepared) return;
    await this.#host.files.mkdir(`${this.#folder}/objects`, { mode: 0o700 });
    this.#isPrepared = true;
  }

  /** Keeps the content; its hash, or undefined when there is no room for it. */
  async write(content: Uint8Array): Promise<string | undefined> {
    const { files } = this.#host;
    await this.prepare();
    const hash = this.hash(content);
    const path = this.#pathOf(hash);
    if (await files.stat(path) !== undefined) return hash;
    if (!await this.reserve(content.length)) return undefined;
    await this.#place(hash, content);
    return hash;
  }

  /** Takes room for so many bytes; false when there is none. */
  async reserve(bytes: number): Promise<boolean> {
    if (!await this.#makeRoom(bytes)) return false;
    this.#used = (this.#used ?? 0) + bytes;
    return true;
  }

  /** Keeps an object of many contents, whose room is reserved. */
  async writePack(name: string, content: Uint8Array): Promise<void> {
    await this.prepare();
    await this.#place(name, content);
  }

  async has(name: string): Promise<boolean> {
    return await this.#host.files.stat(this.#pathOf(name)) !== undefined;
  }

  /** Whether there is an object of that name; it counts as young from now on. */
  async renew(name: string): Promise<boolean> {
    const path = this.#pathOf(name);
    try {
      await this.#host.files.setModified(path, this.#host.now().getTime());
      return true;
    } catch {
      return await this.has(name);
    }
  }

  /** The content. Throws when it is gone or is not what its hash says. */
  async read(
    { hash, bytes, pack, at }: StoredContent,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const content = pack === undefined
      ? await this.#host.files.readBytes(this.#pathOf(hash))
      : (await this.#loadPack(pack)).slice(at ?? 0, (at ?? 0) + bytes);
    if (this.hash(content) !== hash) {
      throw new Error("its stored copy is damaged");
    }
    return content;
  }

  // Who wants one content of it wants the next one, too.
  async #loadPack(name: string): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#pack?.name !== name) {
      const bytes = await this.#host.files.readBytes(this.#pathOf(name));
      this.#pack = { name, bytes };
    }
    return this.#pack.bytes;
  }

  /** Bytes of all that is kept, for all threads. */
  async size(): Promise<number> {
    return await this.#sum();
  }

  // Under its name only when it is whole: a name is a promise of the content.
  async #place(name: string, content: Uint8Array): Promise<void> {
    const { files } = this.#host;
    const aside = `${this.#folder}/objects/.${this.#host.newId()}`;
    await files.write(aside, content, { mode: 0o600, exclusive: true });
    await files.rename(aside, this.#pathOf(name));
  }

  /**
   * Removes objects that no notes name; how many bytes that gave back. Young ones stay:
   * another process may be about to write its note.
   */
  async sweep(): Promise<number> {
    const { files } = this.#host;
    const wanted = new Set<string>();
    for (const { path } of await this.#listNotes()) {
      const text = await files.readText(path);
      for (const [, name = ""] of text.matchAll(NAMED)) wanted.add(name);
    }
    let freed = 0;
    for (const { name, bytes, mtimeMs } of await this.#listObjects()) {
      if (wanted.has(name) || this.#isYoung(mtimeMs)) continue;
      await files.remove(`${this.#folder}/objects/${name}`);
      freed += bytes;
    }
    return freed;
  }

  async #makeRoom(bytes: number): Promise<boolean> {
    this.#used ??= await this.#sum();
    const fits = (): boolean =>
      (this.#used ?? 0) + bytes <= LIMITS.checkpointBytes;
    if (fits()) return true;
    const notes = (await this.#listNotes())
      .filter(({ path }) => !isOf(path, this.#keepThread))
      .sort((a, b) => a.mtimeMs - b.mtimeMs);
    // A sweep reads all that is left: not one for each.
    while (!fits() && notes.length > 0) {
      // What is young may not be swept yet: its notes would be given up for nothing.
      const oldest = notes.splice(0, Math.ceil(notes.length / GIVEN_UP))
        .filter(({ mtimeMs }) => !this.#isYoung(mtimeMs));
      if (oldest.length === 0) break;
      for (const { path, bytes: own } of oldest) {
        await this.#host.files.remove(path);
        this.#used -= own;
      }
      this.#used -= await this.sweep();
    }
    return fits();
  }

  #isYoung(mtimeMs: number): boolean {
    return mtimeMs > this.#host.now().getTime() - LIMITS.lockForeignMs;
  }

  async #sum(): Promise<number> {
    const all = [...await this.#listObjects(), ...await this.#listNotes()];
    return all.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async #listObjects(): Promise<readonly StoredObject[]> {
    const { files } = this.#host;
    const folder = `${this.#folder}/objects`;
    const entries = await listOrNone(() => files.list(folder));
    return await Promise.all(entries.map(async ({ name }) => {
      const stat = await files.stat(`${folder}/${name}`);
      return { name, bytes: stat?.size ?? 0, mtimeMs: stat?.mtimeMs ?? 0 };
    }));
  }

  async #listNotes(): Promise<
    readonly (Omit<StoredObject, "name"> & { readonly path: string })[]
  > {
    const { files } = this.#host;
    const trees = treesFolder(this.#folder);
    const paths = [
      ...(await listOrNone(() => files.list(this.#folder)))
        .filter(({ name }) => name.endsWith(".jsonl"))
        .map(({ name }) => `${this.#folder}/${name}`),
      ...(await listOrNone(() => files.list(trees)))
        .map(({ name }) => `${trees}/${name}`),
    ];
    return await Promise.all(paths.map(async (path) => {
      const stat = await files.stat(path);
      return { path, bytes: stat?.size ?? 0, mtimeMs: stat?.mtimeMs ?? 0 };
    }));
  }

  #pathOf(hash: string): string {
    return `${this.#folder}/objects/${hash}`;
  }
}

function isOf(path: string, threadId: string): boolean {
  return threadId !== "" && path.includes(threadId);
}

async function listOrNone<T>(list: () => Promise<T[]>): Promise<T[]> {
  try {
    return await list();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
