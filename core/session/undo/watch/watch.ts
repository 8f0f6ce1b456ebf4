/** What programs of a turn do to the writable folders, told from what others do meanwhile. */
import type { Files, Host } from "../../../protocol/host.ts";
import { LIMITS } from "../../../protocol/limits.ts";
import { Mutex } from "../../../util/async.ts";
import type { ObjectStore } from "../kept/object_store.ts";
import type { FileState, LeftOut } from "../kept/plan.ts";
import { Keeper } from "./keeper.ts";
import { findRoots } from "./roots.ts";
import { scanTree } from "./scan.ts";
import { diffTrees, knownIn, stateIn, type Tree } from "./tree.ts";
import {
  readNewestTree,
  removeOlderTrees,
  renewTree,
  treePath,
  writeTree,
} from "./tree_file.ts";
import {
  absolute,
  below,
  changesOf,
  leftOf,
  type Program,
  type Watched,
  type WatchedTurn,
} from "./watched.ts";

interface WatchOptions {
  readonly codexHome: string;
  /** Of all that is kept for undo. */
  readonly folder: string;
  readonly threadId: string;
  readonly store: ObjectStore;
  /** The disk as that thread may see it; undefined where nothing is hidden from it. */
  readonly readable: (program: Program) => Files | undefined;
  /** Patches have kept it themselves. */
  readonly isPatched: (path: string) => boolean;
}

type WatchHost = Host & Required<Pick<Host, "openFolder">>;

/** The folders of one thread. A look is taken before its programs start and after they end. */
export class ProgramWatch {
  readonly #host: WatchHost;
  readonly #options: WatchOptions;
  readonly #roots = new Map<string, Watched>();
  readonly #keeper: Keeper;
  /** Looks are taken one after the other. */
  readonly #looks = new Mutex();
  #turnId = "";
  #wide: LeftOut[] = [];
  /** Programs that run now. */
  #running = 0;
  /** Since the last look programs of the turn have run. */
  #isOpen = false;
  #isWhole = false;
  readonly #what = new Set<string>();
  #files: Files | undefined;
  #own = "";

  constructor(host: WatchHost, options: WatchOptions) {
    this.#host = host;
    this.#options = options;
    this.#keeper = new Keeper(host, options.store);
  }

  /**
   * Resolves when what the program could destroy is kept. The result says that it has ended,
   * and resolves when what it did is known, which need not be waited for.
   */
  async begin(turnId: string, program: Program): Promise<() => Promise<void>> {
    return await this.#looks.run(async () => {
      if (turnId !== this.#turnId) this.#beginTurn(turnId);
      const { roots, wide } = await findRoots(this.#host, program);
      this.#wide.push(...wide);
      this.#files = this.#options.readable(program);
      const { codexHome } = this.#options;
      // It may be yet to be made.
      this.#own = await this.#host.files.realPath(codexHome)
        .catch(() => codexHome);
      for (const root of new Set([...this.#rootsOfTurn(), ...roots])) {
        await this.#lookBefore(root, program.signal);
      }
      this.#running++;
      this.#isOpen = true;
      this.#isWhole ||= program.isWhole;
      this.#what.add(program.what);
      let isOver = false;
      return async () => {
        if (isOver) return;
        isOver = true;
        this.#running--;
        if (this.#running > 0) return;
        // What goes wrong is met again by the next look.
        await this.#looks.run(() => this.#close(false)).catch(() => {});
      };
    });
  }

  /** The folders of the turn, for whoever notes that it has begun. */
  get roots(): readonly string[] {
    return this.#rootsOfTurn();
  }

  /** What was done in the turn; it is over. */
  async end(turnId: string): Promise<WatchedTurn> {
    return await this.#looks.run(async () => {
      if (turnId !== this.#turnId) return { changes: [], left: [] };
      await this.#close(true);
      const roots = this.#rootsOfTurn()
        .flatMap((root) => this.#roots.get(root) ?? []);
      this.#turnId = "";
      return {
        changes: roots.flatMap(changesOf),
        left: [...roots.flatMap(leftOf), ...this.#wide]
          .slice(0, LIMITS.checkpointLeft),
      };
    });
  }

  /**
   * What was at a path when the running programs began, or before those of the turn changed
   * it; undefined when that is not known.
   */
  async before(path: string): Promise<FileState | undefined> {
    return await this.#looks.run(() => Promise.resolve(this.#before(path)));
  }

  #before(path: string): FileState | undefined {
    for (const root of this.#rootsOfTurn()) {
      const watched = this.#roots.get(root);
      const at = below(path, root);
      if (watched === undefined || at === undefined) continue;
      const changed = watched.own.get(at);
      if (changed !== undefined) return changed.before;
      return this.#isOpen ? knownIn(watched.tree, at) : undefined;
    }
    return undefined;
  }

  /** Folders that the programs of the turn could write to, those seen first before others. */
  #rootsOfTurn(): readonly string[] {
    return [...this.#roots.values()]
      .filter(({ turnId }) => turnId === this.#turnId)
      .map(({ root }) => root);
  }

  #beginTurn(turnId: string): void {
    this.#turnId = turnId;
    this.#wide = [];
    this.#isOpen = false;
    this.#isWhole = false;
    this.#what.clear();
  }

  async #lookBefore(
    root: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const known = this.#roots.get(root);
    if (known !== undefined && known.turnId === this.#turnId) {
      if (!this.#isOpen) await this.#lookForOthers(known, signal);
      return;
    }
    const previous = known?.tree ?? await this.#recall(root);
    const tree = await this.#look(root, { previous, keepsLeft: false, signal });
    const watched: Watched = {
      root,
      tree,
      noted: known?.noted,
      turnId: this.#turnId,
      own: new Map(),
      mixed: new Set(),
    };
    await this.#note(watched);
    this.#roots.set(root, watched);
  }

  // What another thread has kept of the folder need not be kept again.
  async #recall(root: string): Promise<Tree | undefined> {
    const { folder } = this.#options;
    return this.#files === undefined
      ? await readNewestTree(this.#host, { folder, root })
      : undefined;
  }

  // After a crash this says what there was.
  async #note(watched: Watched): Promise<void> {
    const { tree, noted, root } = watched;
    const { folder, threadId, store } = this.#options;
    const path = treePath({ folder, root }, threadId);
    const isSame = noted !== undefined && diffTrees(noted, tree).length === 0;
    if (isSame && await renewTree(this.#host, path)) return;
    await store.prepare();
    await writeTree(this.#host, path, tree);
    await removeOlderTrees(this.#host, { folder, root }, threadId);
    watched.noted = tree;
  }

  // No program of the turn has run since the last look.
  async #lookForOthers(
    watched: Watched,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { root, tree: previous, own, mixed } = watched;
    const tree = await this.#look(root, { previous, keepsLeft: true, signal });
    for (const path of diffTrees(previous, tree)) {
      const isPatch = this.#options.isPatched(absolute(root, path));
      if (own.has(path) && !isPatch) mixed.add(path);
    }
    watched.tree = tree;
  }

  async #close(isLast: boolean): Promise<void> {
    if (!this.#isOpen) return;
    const isWide = this.#isWhole || this.#running > 0 ||
      [...this.#roots.values()].some(({ tree }) =>
        tree.entries.size > LIMITS.checkpointCloseEntries
      );
    if (isWide && !isLast) return;
    for (const root of this.#rootsOfTurn()) {
      const watched = this.#roots.get(root);
      if (watched !== undefined) await this.#lookAfter(watched);
    }
    this.#isOpen = false;
    this.#what.clear();
  }

  async #lookAfter(watched: Watched): Promise<void> {
    const { root, tree: previous, own } = watched;
    const by = [...this.#what].join("; ");
    const tree = await scanTree(this.#host, {
      ...this.#place(root),
      previous,
      keepsLeft: true,
    });
    for (const path of diffTrees(previous, tree)) {
      const known = own.get(path);
      if (known !== undefined) known.by = by;
      else own.set(path, { before: stateIn(previous, path), by });
    }
    watched.tree = tree;
  }

  async #look(
    root: string,
    { previous, keepsLeft, signal }: {
      readonly previous: Tree | undefined;
      readonly keepsLeft: boolean;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<Tree> {
    const kept = await this.#keeper.withoutLost(previous, {
      isOwn: this.#roots.has(root),
    });
    return await this.#keeper.keeping((keep) =>
      scanTree(this.#host, {
        ...this.#place(root),
        previous: kept,
        keepsLeft,
        keep,
        signal,
      })
    );
  }

  #place(
    root: string,
  ): {
    readonly root: string;
    readonly own: string;
    readonly readable?: Files;
  } {
    return {
      root,
      own: this.#own,
      ...(this.#files !== undefined && { readable: this.#files }),
    };
  }
}
