/** "May this be read for the model?", asked by every read of a view of the disk. */
import { isAbsent } from "../../core/protocol/error.ts";
import type { Files } from "../../core/protocol/host.ts";
import { matchesGlob } from "../../core/util/glob.ts";
import {
  basename,
  dirname,
  isInside,
  resolvePath,
} from "../../core/util/path.ts";
import { type HiddenFact, isHiddenBy, readHidden } from "./hidden.ts";
import { type ReadablePlace, readPlaces } from "./places.ts";
import type { ConfinedPolicy } from "./plan.ts";
import { readPrivate } from "./private.ts";

interface Hiding {
  readonly policy: ConfinedPolicy;
  readonly workspace: string;
  readonly codexHome: string | undefined;
}

/** The files as they are, except that what is hidden fails with EACCES. Writes are not touched. */
export function readableFiles(files: Files, hiding: Hiding): Files {
  const view = new ReadableView(files, hiding);
  return {
    ...files,
    readText: async (path) =>
      new TextDecoder().decode(await view.read(path, 0, Infinity)),
    readBytes: (path) => view.read(path, 0, Infinity),
    readRange: (path, offset, bytesMax) => view.read(path, offset, bytesMax),
    readLink: async (path) => {
      await view.check(path, { followsLink: false });
      return await files.readLink(path);
    },
    realPath: async (path) => {
      await view.check(path);
      return await files.realPath(path);
    },
    stat: async (path) => {
      await view.check(path);
      return await files.stat(path);
    },
    lstat: async (path) => {
      await view.check(path, { followsLink: false });
      return await files.lstat(path);
    },
    list: async (path) => {
      await view.check(path);
      return await files.list(path);
    },
  };
}

class ReadableView {
  readonly #files: Files;
  readonly #hiding: Hiding;
  #facts: Promise<readonly HiddenFact[]> | undefined;
  #places: Promise<readonly ReadablePlace[]> | undefined;

  constructor(files: Files, hiding: Hiding) {
    this.#files = files;
    this.#hiding = hiding;
  }

  async read(
    path: string,
    offset: number,
    bytesMax: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const real = await this.check(path);
    // A command in the background may put a link there between the question and the read.
    return await this.#files.readRange(real, offset, bytesMax, { exact: true });
  }

  /** Where the path really lies, as far as it exists. Throws EACCES when that is hidden. */
  async check(
    path: string,
    options: { readonly followsLink?: boolean } = {},
  ): Promise<string> {
    const real = options.followsLink === false
      ? resolvePath(await this.#locate(dirname(path)), basename(path))
      : await this.#locate(path);
    const isHidden = await this.#isHidden(path) ||
      await this.#isHidden(real) || await this.#isOut(real);
    if (isHidden) {
      const message = `Permission denied (os error 13): ${path} is hidden`;
      throw Object.assign(new Error(message), { code: "EACCES" });
    }
    return real;
  }

  async #isHidden(path: string): Promise<boolean> {
    const { policy: { denyRead }, workspace } = this.#hiding;
    return denyRead.some((glob) =>
      matchesGlob(resolvePath(workspace, glob), path)
    ) || isHiddenBy(await this.#load(), path);
  }

  // Commands may find folders above what they can read, and so may we.
  async #isOut(real: string): Promise<boolean> {
    const { policy: { readable }, workspace } = this.#hiding;
    if (readable === undefined) return false;
    this.#places ??= readPlaces(this.#files, readable, workspace);
    return !(await this.#places).some((place) =>
      isInside(real, place.real) || isInside(place.real, real)
    );
  }

  #load(): Promise<readonly HiddenFact[]> {
    return this.#facts ??= this.#readFacts();
  }

  async #readFacts(): Promise<readonly HiddenFact[]> {
    const { policy, workspace, codexHome } = this.#hiding;
    return [
      ...await readHidden(this.#files, policy.denyRead, workspace),
      ...await readPrivate(this.#files, codexHome),
    ];
  }

  async #locate(path: string): Promise<string> {
    try {
      return await this.#files.realPath(path);
    } catch (error) {
      if (!isAbsent(error) || path === "/") throw error;
      return resolvePath(await this.#locate(dirname(path)), basename(path));
    }
  }
}
