/** Looks at a writable folder: only what has changed since the last look is read. */
import { errorCode, errorReason, isAbsent } from "../../../protocol/error.ts";
import type { Files, Host } from "../../../protocol/host.ts";
import { LIMITS } from "../../../protocol/limits.ts";
import type { Node, OpenFolder } from "../../../util/folder/open_folder.ts";
import { basename, dirname, isInside } from "../../../util/path.ts";
import { stateOfNode, unkept } from "./node_state.ts";
import type { FileState } from "../kept/plan.ts";
import { CACHE_REASON, isCache, skippedFolder, TOO_LATE } from "./skipped.ts";
import { joinPath, othersIn, type Tree, type TreeEntry } from "./tree.ts";

export interface ScanOptions {
  /** Absolute, without links. */
  readonly root: string;
  /** The last look: what it knows stays known. */
  readonly previous?: Tree | undefined;
  /** What the last look left out stays so: then nobody knows whether it is new. */
  readonly keepsLeft: boolean;
  /** Keeps a content; where it is, or undefined when there is no room. Absent: only hashes. */
  readonly keep?: (
    hash: string,
    bytes: Uint8Array<ArrayBuffer>,
  ) => Promise<{ readonly pack: string; readonly at: number } | undefined>;
  /** Fails with EACCES for what may not be read; absent where nothing is hidden. */
  readonly readable?: Pick<Files, "lstat"> | undefined;
  /** Absolute: rondo's own. */
  readonly own: string;
  readonly signal?: AbortSignal | undefined;
}

type ScanHost =
  & Required<Pick<Host, "openFolder">>
  & Pick<
    Host,
    "monotonicMs" | "now" | "sleep"
  >;

/** Rejects with the signal's reason. */
export async function scanTree(
  host: ScanHost,
  options: ScanOptions,
): Promise<Tree> {
  return await new Scan(host, options).run();
}

class Scan {
  readonly #host: ScanHost;
  readonly #options: ScanOptions;
  readonly #entries = new Map<string, TreeEntry>();
  readonly #left: Map<string, string>;
  readonly #startedMs: number;
  #sliceMs: number;
  #keptBytes = 0;
  #device = "";

  constructor(host: ScanHost, options: ScanOptions) {
    this.#host = host;
    this.#options = options;
    const { previous, keepsLeft } = options;
    this.#left = new Map(keepsLeft ? previous?.left : []);
    this.#startedMs = host.monotonicMs();
    this.#sliceMs = this.#startedMs;
  }

  async run(): Promise<Tree> {
    const { root } = this.#options;
    let folder: OpenFolder;
    try {
      folder = this.#host.openFolder(root);
    } catch (error) {
      return this.#withoutRoot(error);
    }
    try {
      const { mode, device } = folder.node;
      this.#device = device;
      this.#entries.set("", { stamp: "", state: { kind: "folder", mode } });
      await this.#visit(folder, "", 0);
    } finally {
      folder.close();
    }
    return { root, entries: this.#entries, left: this.#left };
  }

  // It was taken away, or shut: then what was in it is taken to be as it was.
  #withoutRoot(error: unknown): Tree {
    const { root, previous } = this.#options;
    const left = this.#left;
    if (isAbsent(error) || errorCode(error) === "ELOOP") {
      return { root, entries: new Map(), left };
    }
    left.set(othersIn(""), errorReason(error));
    const entries = new Map(previous?.entries);
    const above = this.#host.openFolder(dirname(root));
    try {
      const mode = above.look(basename(root))?.mode ?? 0;
      entries.set("", { stamp: "", state: { kind: "folder", mode } });
    } finally {
      above.close();
    }
    return { root, entries, left };
  }

  async #visit(folder: OpenFolder, at: string, depth: number): Promise<void> {
    for (const name of [...folder.names()].sort()) {
      const path = joinPath(at, name);
      if (this.#isLeft(path, at)) continue;
      if (name.includes("\uFFFD")) {
        this.#left.set(path, "its name is not UTF-8");
        continue;
      }
      const node = this.#lookAt(folder, name, path);
      if (node === undefined) continue;
      const known = this.#options.previous?.entries.get(path);
      const place = { name, path, depth };
      if (known === undefined && this.#leaves(node, place)) continue;
      if (node.kind === "folder") {
        await this.#enter(folder, name, { path, node, depth });
      } else {
        // Thousands have not changed: they are not waited for.
        const entry = this.#reuse(known, node) ??
          await this.#newEntry(folder, name, node, path);
        this.#entries.set(path, entry);
      }
      if (this.#isLong()) await this.#breathe();
    }
  }

  // What may have been there already cannot be taken for new.
  #isLeft(path: string, at: string): boolean {
    const { previous, keepsLeft, root, own } = this.#options;
    if (`${root}/${path}` === own) return true;
    const limit = this.#limit(path);
    if (limit !== undefined) {
      this.#left.set(othersIn(at), limit);
      return true;
    }
    if (!keepsLeft || previous?.entries.has(path) !== false) return false;
    return previous.left.has(path) || previous.left.has(othersIn(at));
  }

  #lookAt(folder: OpenFolder, name: string, path: string): Node | undefined {
    try {
      return folder.look(name);
    } catch (error) {
      this.#carry(path, errorReason(error));
      return undefined;
    }
  }

  #leaves(
    { kind, device }: Node,
    { name, path, depth }: {
      readonly name: string;
      readonly path: string;
      readonly depth: number;
    },
  ): boolean {
    const reason = kind !== "folder"
      ? undefined
      : device !== this.#device
      ? "another disk"
      : depth >= LIMITS.checkpointDepth
      ? `deeper than ${LIMITS.checkpointDepth} folders`
      : skippedFolder(name);
    if (reason !== undefined) this.#left.set(path, reason);
    return reason !== undefined;
  }

  // Why what is new is not looked at; undefined when it is.
  #limit(path: string): string | undefined {
    const { previous, keep } = this.#options;
    if (previous?.entries.has(path)) return undefined;
    if (this.#entries.size >= LIMITS.checkpointEntries) {
      return `more than ${LIMITS.checkpointEntries} files and folders`;
    }
    // A command waits for this look, on a disk that may be far away.
    return keep !== undefined && this.#isLate() ? TOO_LATE : undefined;
  }

  async #enter(
    folder: OpenFolder,
    name: string,
    { path, node, depth }: {
      readonly path: string;
      readonly node: Node;
      readonly depth: number;
    },
  ): Promise<void> {
    let inner: OpenFolder;
    try {
      inner = folder.enter(name);
    } catch (error) {
      this.#setFolder(path, node);
      this.#carry(othersIn(path), errorReason(error));
      return;
    }
    try {
      const isKnown = this.#options.previous?.entries.has(path) ?? false;
      if (!isKnown && isCache(inner)) {
        this.#left.set(path, CACHE_REASON);
        return;
      }
      this.#setFolder(path, node);
      await this.#visit(inner, path, depth + 1);
    } finally {
      inner.close();
    }
  }

  #setFolder(path: string, { mode }: Node): void {
    this.#entries.set(path, { stamp: "", state: { kind: "folder", mode } });
  }

  // What cannot be looked into any more is taken to be as it was.
  #carry(path: string, reason: string): void {
    this.#left.set(path, reason);
    const { previous } = this.#options;
    const top = path.replace(/\/\*$/, "");
    for (const [known, entry] of previous?.entries ?? []) {
      if (this.#entries.has(known)) continue;
      if (isInside(known, top)) this.#entries.set(known, entry);
    }
  }

  #reuse(known: TreeEntry | undefined, { stamp }: Node): TreeEntry | undefined {
    if (known === undefined || known.stamp !== stamp) return undefined;
    const { state } = known;
    const isEnough = this.#options.keep === undefined ||
      state.kind === "link" ||
      (state.kind === "file" && state.pack !== undefined);
    if (!isEnough) return undefined;
    if (state.kind === "file") this.#keptBytes += state.bytes;
    return known;
  }

  async #newEntry(
    folder: OpenFolder,
    name: string,
    node: Node,
    path: string,
  ): Promise<TreeEntry> {
    const { stamp } = node;
    const refusal = node.kind === "file"
      ? await this.#refusal(node, path)
      : undefined;
    if (refusal !== undefined) return unkept(refusal, stamp);
    const nowMs = this.#host.now().getTime();
    const found = stateOfNode(folder, name, { node, nowMs });
    const { keep } = this.#options;
    const { state, bytes } = found;
    if (keep === undefined || state.kind !== "file" || bytes === undefined) {
      return { stamp: found.stamp, state };
    }
    const place = await keep(state.hash, bytes);
    if (place === undefined) {
      return unkept("the space for undo is used up", stamp);
    }
    this.#keptBytes += bytes.length;
    const { pack, at } = place;
    const kept: FileState = { ...state, pack, at };
    return { stamp: found.stamp, state: kept };
  }

  // Why a file is not read; undefined when it is.
  async #refusal({ size }: Node, path: string): Promise<string | undefined> {
    const { readable, root, keep } = this.#options;
    try {
      await readable?.lstat(`${root}/${path}`);
    } catch (error) {
      return errorCode(error) === "EACCES"
        ? "it may not be read"
        : errorReason(error);
    }
    if (keep === undefined) return undefined;
    const bytesMax = LIMITS.checkpointTreeBytes;
    if (
      size <= LIMITS.checkpointFileBytes && this.#keptBytes + size > bytesMax
    ) {
      return `the folder has more than ${bytesMax} bytes`;
    }
    return this.#isLate() ? TOO_LATE : undefined;
  }

  #isLate(): boolean {
    return this.#host.monotonicMs() - this.#startedMs > LIMITS.checkpointMs;
  }

  #isLong(): boolean {
    return this.#host.monotonicMs() - this.#sliceMs > LIMITS.checkpointSliceMs;
  }

  async #breathe(): Promise<void> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    await this.#host.sleep(0, signal);
    this.#sliceMs = this.#host.monotonicMs();
  }
}
