/** Puts many small contents into few objects: making a file costs more than what is in it. */
import type { Host } from "../../../protocol/host.ts";
import { LIMITS } from "../../../protocol/limits.ts";
import { concatBytes } from "../../../util/bytes.ts";
import { sha256Hex } from "../../../util/sha256.ts";
import type { ObjectStore } from "../kept/object_store.ts";

/** The object that a content is in, and where it begins. */
export interface Place {
  readonly pack: string;
  readonly at: number;
}

export class Packer {
  readonly #host: Pick<Host, "newId">;
  readonly #store: ObjectStore;
  readonly #places: Map<string, Place>;
  #parts: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  #name = "";
  #writing: Promise<void> = Promise.resolve();

  /** `places` are those of contents that are kept already, by their hashes. */
  constructor(
    host: Pick<Host, "newId">,
    store: ObjectStore,
    places: Map<string, Place>,
  ) {
    this.#host = host;
    this.#store = store;
    this.#places = places;
  }

  /** Undefined when there is no room. It is on the disk after `flush()`. */
  async add(
    hash: string,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<Place | undefined> {
    const known = this.#places.get(hash);
    if (known !== undefined) return known;
    if (!await this.#store.reserve(bytes.length)) return undefined;
    if (this.#bytes + bytes.length > LIMITS.checkpointPackBytes) {
      await this.#begin();
    }
    if (this.#name === "") this.#name = sha256Hex(this.#host.newId());
    const place = { pack: this.#name, at: this.#bytes };
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    this.#places.set(hash, place);
    return place;
  }

  /** Throws what kept them from being written. */
  async flush(): Promise<void> {
    await this.#begin();
    await this.#writing;
  }

  // One is written while the next one fills.
  async #begin(): Promise<void> {
    const [parts, name] = [this.#parts, this.#name];
    this.#parts = [];
    this.#bytes = 0;
    this.#name = "";
    await this.#writing;
    if (parts.length === 0) return;
    this.#writing = this.#store.writePack(name, concatBytes(parts));
    // It is waited for later, and until then not unhandled.
    this.#writing.catch(() => {});
  }
}
