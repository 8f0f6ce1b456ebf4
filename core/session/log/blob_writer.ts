/** The payloads of the lines that one log is about to get. */
import type { Files } from "../../protocol/host.ts";
import { BlobStore } from "./blob_store.ts";
import { type BlobRef, takeBlobs } from "./blob_text.ts";
import type { LineBody } from "./line.ts";

/** Called in this order for each write: `blobText()` for its lines, `place()`, `confirm()`. */
export class BlobWriter {
  readonly #store: BlobStore;
  /** Referred to by lines of this log. */
  readonly #used = new Set<string>();
  #next = new Map<string, Uint8Array<ArrayBuffer>>();
  #bytes = 0;

  constructor(files: Files, folder: string) {
    this.#store = new BlobStore(files, folder);
  }

  /** Of all payloads that the log refers to. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts the payloads that lines of the log refer to already, and those not named here. */
  count(
    refs: readonly Pick<BlobRef, "sha256" | "bytes">[],
    olderBytes = 0,
  ): void {
    this.#bytes += olderBytes;
    for (const { sha256, bytes } of refs) {
      if (!this.#used.has(sha256)) this.#bytes += bytes;
      this.#used.add(sha256);
    }
  }

  /** Forgets the payloads of a write that failed. */
  begin(): void {
    this.#next = new Map();
  }

  /** The line without its payloads, which are remembered. */
  blobText({ type, payload }: LineBody): Required<LineBody> {
    const { blobText, contents } = takeBlobs(payload);
    for (const [sha256, content] of contents) this.#next.set(sha256, content);
    return { type, payload: blobText.text, blobs: blobText.blobs };
  }

  /** Before the lines are written: a line never refers to what is not there. */
  place(): void {
    for (const [sha256, content] of this.#next) {
      this.#store.place(sha256, content);
    }
  }

  /** After they were: a sweep may have removed payloads that no line referred to yet. */
  confirm(): void {
    this.place();
    for (const [sha256, { length }] of this.#next) {
      this.count([{ sha256, bytes: length }]);
    }
    this.#next = new Map();
  }
}
