/** Large payloads beside the logs, each once, by its SHA-256. */
import { errorText, isAbsent } from "../../protocol/error.ts";
import type { Files } from "../../protocol/host.ts";
import { sha256Hex } from "../../util/sha256.ts";
import type { BlobContent, BlobContents, BlobRef } from "./blob_text.ts";

/**
 * The payloads of the logs of one home.
 *
 * Images are what makes a session large, and they come again: looked at twice, repeated by
 * the history that a compaction writes down, copied by every fork. So no large opaque
 * string is kept in a line; the line says which one belongs where. Not even the first one:
 * then a line would need another one, and a damaged line would take the later ones with
 * it. The price is that a program which knows only the log (Codex) finds a blank image in
 * the place of a large one.
 */
export class BlobStore {
  readonly #files: Files;
  readonly #folder: string;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** Makes sure that it is there, on the disk, when this returns. */
  place(sha256: string, content: Uint8Array<ArrayBuffer>): void {
    const path = this.#pathOf(sha256);
    this.#files.placeSync(path, content, { mode: 0o600 });
  }

  /** The referenced payloads, each once; a lost one says why. */
  async load(refs: readonly BlobRef[]): Promise<BlobContents> {
    const contents = new Map<string, BlobContent>();
    for (const ref of refs) {
      if (contents.has(ref.sha256)) continue;
      contents.set(ref.sha256, await this.#read(ref));
    }
    return contents;
  }

  // A sweep may have put it aside, and brings back what is wanted: then it is neither
  // where it was nor where it was seen to be, and has its place again.
  async #read(ref: BlobRef): Promise<BlobContent> {
    const path = this.#pathOf(ref.sha256);
    try {
      return await this.#readFile(path, ref) ??
        await this.#readAside(ref) ??
        await this.#readFile(path, ref) ??
        { kind: "lost", reason: `${path} does not exist` };
    } catch (error) {
      const reason = `${path} cannot be read: ${errorText(error)}`;
      return { kind: "lost", reason };
    }
  }

  async #readAside(ref: BlobRef): Promise<BlobContent | undefined> {
    const entries = await this.#files.list(this.#folder).catch(() => []);
    const aside = entries.find(({ name }) => name.startsWith(`${ref.sha256}.`));
    return aside && await this.#readFile(`${this.#folder}/${aside.name}`, ref);
  }

  // Undefined where nothing is. Only files are opened: a pipe would never end.
  async #readFile(
    path: string,
    { sha256, bytes }: BlobRef,
  ): Promise<BlobContent | undefined> {
    try {
      const stat = await this.#files.stat(path);
      if (stat === undefined) return undefined;
      if (stat.isFile && stat.size === bytes) {
        const data = await this.#files.readBytes(path);
        if (data.length === bytes && sha256Hex(data) === sha256) {
          return { kind: "found", text: new TextDecoder().decode(data) };
        }
      }
      return { kind: "lost", reason: `${path} is damaged` };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  #pathOf(sha256: string): string {
    return `${this.#folder}/${sha256}`;
  }
}
