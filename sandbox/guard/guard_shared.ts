/** What guarded paths were before any of the commands that run now: one truth for all of them. */
import { SandboxUnavailable } from "../../core/protocol/error.ts";
import type { Host, NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { NameIndex, NamesBelow } from "../../core/util/folder/names.ts";
import { isInside } from "../../core/util/path.ts";
import { BARE_PARTS, holderOf, PROTECTED_NAMES } from "../plan/protected.ts";
import {
  type Guard,
  type GuardChanges,
  readGuard,
  restoreGuard,
  type Snapshot,
} from "./guard.ts";
import { isBare } from "./bare_repository.ts";
import {
  findLacking,
  type Lacking,
  partsOfRepository,
  worktreeOf,
} from "./repository_parts.ts";
import type { GuardItem } from "../plan/plan_guards.ts";
import type { Stillness } from "../probe/stillness.ts";

type GuardHost = Pick<Host, "createNameIndex" | "newId" | "noFollowFiles">;

/** Nothing was put back. */
export const NO_CHANGES: GuardChanges = { restored: [], moved: [], failed: [] };

/**
 * A command that starts beside another must not take what that one has planted for the
 * state to go back to: what was remembered holds until all have ended. It is gone back to
 * whenever one of them ends, since others may live on for hours.
 */
export class SharedProtection {
  readonly #host: GuardHost;
  readonly #index: NameIndex;
  readonly #before = new Map<string, Remembered>();
  /** By root: the protected names that were below it. */
  readonly #below = new Map<string, ReadonlySet<string>>();
  /** By root: what of a repository it would take to make it one itself. */
  readonly #lacking = new Map<string, Lacking>();
  #users = 0;
  /** After the last look nothing was left to put back. */
  #isClean = false;

  constructor(host: GuardHost) {
    this.#host = host;
    this.#index = host.createNameIndex({
      names: PROTECTED_NAMES,
      marks: BARE_PARTS,
      foldersMax: LIMITS.protectedFolders,
    });
  }

  /** Whether the path was absent before the commands that run now: what is there, they made. */
  wasAbsent(path: string): boolean {
    return this.#snapshots().some((was) =>
      was.kind === "absent" && isInside(path, was.path)
    );
  }

  /** To be called before a plan is made: what a failed start has left here is old by now. */
  begin(): void {
    if (this.#users > 0) return;
    this.#before.clear();
    this.#below.clear();
    this.#lacking.clear();
  }

  /** Protected names below the roots, but for those that the commands that run now made. */
  findBelow(roots: readonly string[]): NamesBelow {
    const found = this.#index.findSync(roots);
    const known = [...this.#below.keys()];
    const all = [...found.named, ...found.marked, ...found.closed]
      .filter((path) => !known.some((root) => isInside(path, root)));
    for (const root of roots) {
      if (this.#below.has(root)) continue;
      this.#below.set(
        root,
        new Set(all.filter((path) => isInside(path, root))),
      );
    }
    const named = found.named.filter((path) => this.#wasBelow(path));
    const marked = found.marked.filter((path) => this.#wasBelow(path));
    return { ...found, named, marked };
  }

  /** Remembers the items for a command that is about to start. */
  async take(items: readonly GuardItem[]): Promise<void> {
    for (const item of items) {
      const key = keyOf(item);
      if (this.#before.has(key) || this.wasAbsent(item.path)) continue;
      const guard = await readGuard(this.#files(), [item]);
      this.#before.set(key, { item, guard });
    }
    for (const root of this.#below.keys()) {
      const known = this.#lacking.get(root);
      this.#lacking.set(root, known ?? await findLacking(this.#host, root));
    }
    this.#users++;
  }

  /** Whether no command runs. */
  get isIdle(): boolean {
    return this.#users === 0;
  }

  /** Puts everything back when a command has ended. */
  async release(): Promise<GuardChanges> {
    this.#users--;
    const changes = await this.putBack();
    this.begin();
    return changes;
  }

  /**
   * The same while others run, or when none of them has run since the last look: then what is
   * different is the person's, and is gone back to from now on.
   */
  async putBackOrTake(
    stillness: Pick<Stillness, "begin" | "holds">,
  ): Promise<GuardChanges> {
    if (this.#isClean && await stillness.holds()) {
      const now = await this.#readNow();
      if (await stillness.holds()) {
        now.before.forEach((one) => this.#before.set(keyOf(one.item), one));
        now.below.forEach(([root, names]) => this.#below.set(root, names));
        now.lacking.forEach(([root, lacks]) => this.#lacking.set(root, lacks));
        return NO_CHANGES;
      }
    }
    await stillness.begin();
    const changes = await this.putBack();
    this.#isClean = changes.failed.length === 0;
    return changes;
  }

  /** Puts everything back, whoever still runs. */
  async putBack(): Promise<GuardChanges> {
    const before = this.#snapshots();
    const gone = await this.#findGone(before);
    const known = before
      .filter(({ path }) => !gone.some((entry) => isInside(path, entry)))
      .sort((left, right) => left.path.length - right.path.length);
    const first = await this.#restore([...known, ...await this.#findFresh()]);
    // What was moved aside is searched only now that its name is no protected one.
    const second = first.moved.length === 0
      ? NO_CHANGES
      : await this.#restore(await this.#findFresh());
    return joinChanges([first, second]);
  }

  async #readNow(): Promise<Now> {
    const files = this.#files();
    const roots = [...this.#below.keys()];
    const { named, marked } = this.#index.findSync(roots);
    const fresh = [...named, ...marked].filter((path) => this.#isFresh(path));
    const items = [
      ...[...this.#before.values()].map(({ item }) => item),
      ...fresh.map((path): GuardItem => ({ path, scope: "tree" })),
    ];
    const before: Remembered[] = [];
    for (const item of items) {
      const isGit = item.scope === "tree" &&
        (item.path.endsWith("/.git") || marked.includes(item.path)) &&
        (await files.lstat(item.path))?.isDirectory;
      const parts = isGit ? partsOfRepository(item.path) : [item];
      before.push({ item, guard: await readGuard(files, parts) });
    }
    const inside = (root: string): ReadonlySet<string> =>
      new Set([
        ...this.#below.get(root) ?? [],
        ...fresh.filter((path) => isInside(path, root)),
      ]);
    return {
      before,
      below: roots.map((root) => [root, inside(root)]),
      lacking: await Promise.all(
        roots.map(async (root) =>
          [root, await findLacking(this.#host, root)] as const
        ),
      ),
    };
  }

  async #restore(guard: Guard): Promise<GuardChanges> {
    if (guard.length === 0) return NO_CHANGES;
    const { newId } = this.#host;
    const homes = this.#snapshots()
      .filter(({ kind }) => kind === "worktrees" || kind === "absent")
      .map(({ path }) => path).filter((path) => path.endsWith("/worktrees"));
    return await restoreGuard(this.#files(), guard, { newId, homes });
  }

  /** What the commands have made below the roots. */
  async #findFresh(): Promise<readonly Snapshot[]> {
    // Seatbelt does without: what it makes in a subfolder stays as it is.
    if (this.#host.noFollowFiles === undefined) return [];
    const { named, marked } = await this.#findOpened();
    return [
      ...await this.#findFreshRoots(),
      ...named.filter((path) => this.#isFresh(path)).map((path) =>
        ({ kind: "absent", path }) as const
      ),
      ...marked.filter((path) => this.#isFresh(path)).map((path) =>
        ({ kind: "bare", path }) as const
      ),
    ];
  }

  #isFresh(path: string): boolean {
    return !this.#wasBelow(path) && !this.wasAbsent(path) &&
      !this.#before.has(keyOf({ path, scope: "entry" })) &&
      !this.#before.has(keyOf({ path, scope: "tree" }));
  }

  // Where the person has something of a name that git would obey, the new part goes.
  async #findFreshRoots(): Promise<readonly Snapshot[]> {
    const fresh: Snapshot[] = [];
    for (const [root, { mark, isEmpty }] of this.#lacking) {
      if (mark === undefined || !await isBare(this.#files(), root)) continue;
      fresh.push(
        isEmpty
          ? { kind: "bare", path: root }
          : { kind: "absent", path: `${root}/${mark}` },
      );
    }
    return fresh;
  }

  // A folder that a command closed, behind what it made there, is opened again.
  async #findOpened(): Promise<NamesBelow> {
    for (let round = 0;; round++) {
      const found = this.#index.findSync([...this.#below.keys()]);
      const closed = found.closed.filter((path) => !this.#wasBelow(path));
      if (closed.length === 0 || round >= LIMITS.reopenRounds) return found;
      for (const path of closed) {
        const mode = (await this.#files().lstat(path))?.mode ?? 0;
        await this.#files().chmod(path, mode | 0o700).catch(() => {});
      }
    }
  }

  // With the folder that held it an entry may go: nobody will take it for a repository.
  async #findGone(guard: Guard): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const path of [...this.#below.values()].flatMap((set) => [...set])) {
      if (!guard.some((was) => isInside(was.path, path))) continue;
      const holder = await this.#files().lstat(holderOf(path));
      if (!holder?.isDirectory) gone.push(path);
    }
    for (const { path } of guard) {
      const tree = worktreeOf(path);
      if (tree && !await this.#files().lstat(tree)) gone.push(tree);
    }
    return gone;
  }

  #wasBelow(path: string): boolean {
    return [...this.#below.values()].some((names) => names.has(path));
  }

  #snapshots(): readonly Snapshot[] {
    return [...this.#before.values()].flatMap(({ guard }) => guard);
  }

  #files(): NoFollowFiles {
    const { noFollowFiles } = this.#host;
    if (noFollowFiles !== undefined) return noFollowFiles;
    throw new SandboxUnavailable(
      "Cannot protect files in the workspace: libc.so.6 cannot be loaded, must be installed",
    );
  }
}

/** All of them, as if they were one. */
export function joinChanges(changes: readonly GuardChanges[]): GuardChanges {
  return {
    restored: changes.flatMap(({ restored }) => restored),
    moved: changes.flatMap(({ moved }) => moved),
    failed: changes.flatMap(({ failed }) => failed),
  };
}

interface Remembered {
  readonly item: GuardItem;
  readonly guard: Guard;
}

/** All that is remembered, as it is at present. */
interface Now {
  readonly before: readonly Remembered[];
  readonly below: readonly (readonly [string, ReadonlySet<string>])[];
  readonly lacking: readonly (readonly [string, Lacking])[];
}

function keyOf({ path, scope }: GuardItem): string {
  return `${scope} ${path}`;
}
