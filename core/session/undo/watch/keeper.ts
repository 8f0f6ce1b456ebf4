/** Keeps the contents of a folder, each once, and knows where they are. */
import type { Host } from "../../../protocol/host.ts";
import type { ObjectStore } from "../kept/object_store.ts";
import { Packer, type Place } from "./packer.ts";
import type { ScanOptions } from "./scan.ts";
import type { Tree } from "./tree.ts";

export class Keeper {
  readonly #host: Pick<Host, "newId">;
  readonly #store: ObjectStore;
  readonly #places = new Map<string, Place>();

  constructor(host: Pick<Host, "newId">, store: ObjectStore) {
    this.#host = host;
    this.#store = store;
  }

  /** The result of a look, once all that it kept is on the disk. */
  async keeping<T>(
    look: (keep: NonNullable<ScanOptions["keep"]>) => Promise<T>,
  ): Promise<T> {
    const packer = new Packer(this.#host, this.#store, this.#places);
    try {
      const result = await look((hash, bytes) => packer.add(hash, bytes));
      await packer.flush();
      return result;
    } catch (error) {
      // Some of these were never written.
      this.#places.clear();
      await packer.flush().catch(() => {});
      throw error;
    }
  }

  /**
   * The same without contents that were given up for the room of another thread. Those that
   * only another thread has noted count as young from now on.
   */
  async withoutLost(
    tree: Tree | undefined,
    { isOwn }: { readonly isOwn: boolean },
  ): Promise<Tree | undefined> {
    if (tree === undefined) return undefined;
    const find = (pack: string): Promise<boolean> =>
      isOwn ? this.#store.has(pack) : this.#store.renew(pack);
    const there = new Map<string, boolean>();
    const entries = new Map(tree.entries);
    for (const [path, { state }] of tree.entries) {
      if (state.kind !== "file" || state.pack === undefined) continue;
      const { pack, hash, at = 0, mode, bytes, kind } = state;
      const isThere = there.get(pack) ?? await find(pack);
      there.set(pack, isThere);
      if (isThere) this.#places.set(hash, { pack, at });
      else {
        this.#places.delete(hash);
        entries.set(path, { stamp: "", state: { kind, hash, mode, bytes } });
      }
    }
    return [...there.values()].every(Boolean) ? tree : { ...tree, entries };
  }
}
