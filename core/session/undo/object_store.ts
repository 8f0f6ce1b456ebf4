/** File contents by their hash, in bounded room: the same content is kept once. */
import { isAbsent } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { sha256Hex } from "../../util/sha256.ts";

interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** The store of one folder. Notes beside the objects say which are still wanted. */
export class ObjectStore {
  readonly #host: Host;
  readonly #folder: string;
  readonly #keepNotes: string;
  #isPrepared = false;
  /** Bytes of all objects; unknown before the first write. */
  #used: number | undefined;

  constructor(
    host: Host,
    options: {
      readonly folder: string;
      /** Notes that are never given up for room. */
      readonly keepNotes: string;
    },
  ) {
    this.#host = host;
    this.#folder = options.folder;
    this.#keepNotes = options.keepNotes;
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
    if (!await this.#makeRoom(content.length)) return undefined;
    // Under its name only when it is whole: a name is a promise of the content.
    const aside = `${this.#folder}/objects/.${this.#host.newId()}`;
    await files.write(aside, content, { mode: 0o600, exclusive: true });
    await files.rename(aside, path);
    this.#used = (this.#used ?? 0) + content.length;
    return hash;
  }

  /** The content. Throws when it is gone or is not what its name says. */
  async read(hash: string): Promise<Uint8Array> {
    const content = await this.#host.files.readBytes(this.#pathOf(hash));
    if (this.hash(content) !== hash) {
      throw new Error("its stored copy is damaged");
    }
    return content;
  }

  /**
   * Removes objects that no notes name; how many bytes that gave back. Young ones stay:
   * another process may be about to write its note.
   */
  async sweep(): Promise<number> {
    const { files } = this.#host;
    const youngMs = this.#host.now().getTime() - LIMITS.lockForeignMs;
    const wanted = new Set<string>();
    for (const { path } of await this.#listNotes()) {
      const text = await files.readText(path);
      for (const [, hash = ""] of text.matchAll(/"hash":"([0-9a-f]{64})"/g)) {
        wanted.add(hash);
      }
    }
    let freed = 0;
    for (const { name, bytes, mtimeMs } of await this.#listObjects()) {
      if (wanted.has(name) || mtimeMs > youngMs) continue;
      await files.remove(`${this.#folder}/objects/${name}`);
      freed += bytes;
    }
    return freed;
  }

  async #makeRoom(bytes: number): Promise<boolean> {
    this.#used ??= await this.#sum();
    if (this.#used + bytes <= LIMITS.checkpointBytes) return true;
    const notes = (await this.#listNotes())
      .filter(({ path }) => path !== this.#keepNotes)
      .sort((a, b) => a.mtimeMs - b.mtimeMs);
    for (const { path } of notes) {
      await this.#host.files.remove(path);
      this.#used -= await this.sweep();
      if (this.#used + bytes <= LIMITS.checkpointBytes) return true;
    }
    return false;
  }

  async #sum(): Promise<number> {
    const objects = await this.#listObjects();
    return objects.reduce((sum, { bytes }) => sum + bytes, 0);
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
    readonly { readonly path: string; readonly mtimeMs: number }[]
  > {
    const { files } = this.#host;
    const entries = await listOrNone(() => files.list(this.#folder));
    const paths = entries.filter(({ name }) => name.endsWith(".jsonl"))
      .map(({ name }) => `${this.#folder}/${name}`);
    return await Promise.all(paths.map(async (path) => ({
      path,
      mtimeMs: (await files.stat(path))?.mtimeMs ?? 0,
    })));
  }

  #pathOf(hash: string): string {
    return `${this.#folder}/objects/${hash}`;
  }
}

async function listOrNone<T>(list: () => Promise<T[]>): Promise<T[]> {
  try {
    return await list();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
