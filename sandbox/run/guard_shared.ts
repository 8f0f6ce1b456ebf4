/** What guarded paths were before any of the commands that run now: one truth for all of them. */
import { SandboxUnavailable } from "../../core/protocol/error.ts";
import type { Host, NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { NameIndex, NamesBelow } from "../../core/util/folder_index.ts";
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
import { OBEYED } from "./git_disarm.ts";
import type { GuardItem } from "../plan/plan_guards.ts";

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
  readonly #before = new Map<string, Guard>();
  /** By root: the protected names that were below it. */
  readonly #below = new Map<string, ReadonlySet<string>>();
  /** By root: what of a repository it would take to make it one itself. */
  readonly #lacking = new Map<string, Lacking>();
  #users = 0;

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
    return [...this.#before.values()].some((guard) =>
      guard.some((was) => was.kind === "absent" && isInside(path, was.path))
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
      this.#before.set(key, await readGuard(this.#files(), [item]));
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

  /** Puts everything back, whoever still runs. */
  async putBack(): Promise<GuardChanges> {
    const before = [...this.#before.values()].flat();
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

  async #restore(guard: Guard): Promise<GuardChanges> {
    if (guard.length === 0) return NO_CHANGES;
    const { newId } = this.#host;
    const homes = [...this.#before.values()].flat()
      .filter(({ kind }) => kind === "worktrees" || kind === "absent")
      .map(({ path }) => path).filter((path) => path.endsWith("/worktrees"));
    return await restoreGuard(this.#files(), guard, { newId, homes });
  }

  /** What the commands have made below the roots. */
  async #findFresh(): Promise<readonly Snapshot[]> {
    // Seatbelt does without: what it makes in a subfolder stays as it is.
    if (this.#host.noFollowFiles === undefined) return [];
    const { named, marked } = await this.#findOpened();
    const isFresh = (path: string): boolean =>
      !this.#wasBelow(path) && !this.wasAbsent(path) &&
      !this.#before.has(keyOf({ path, scope: "entry" })) &&
      !this.#before.has(keyOf({ path, scope: "tree" }));
    return [
      ...await this.#findFreshRoots(),
      ...named.filter(isFresh).map((path) =>
        ({ kind: "absent", path }) as const
      ),
      ...marked.filter(isFresh).map((path) =>
        ({ kind: "bare", path }) as const
      ),
    ];
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
    return gone;
  }

  #wasBelow(path: string): boolean {
    return [...this.#below.values()].some((names) => names.has(path));
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

interface Lacking {
  /** The first part that is not there; undefined of a repository. */
  readonly mark: string | undefined;
  /** There is nothing that git would obey in one. */
  readonly isEmpty: boolean;
}

async function findLacking(
  { noFollowFiles }: GuardHost,
  root: string,
): Promise<Lacking> {
  if (noFollowFiles === undefined) return { mark: undefined, isEmpty: false };
  const isThere = async (name: string): Promise<boolean> =>
    await noFollowFiles.lstat(`${root}/${name}`) !== undefined;
  const marks = await Promise.all(BARE_PARTS.map(isThere));
  const parts = await Promise.all(OBEYED.map(isThere));
  return {
    mark: BARE_PARTS.find((_, at) => !marks[at]),
    isEmpty: !parts.includes(true),
  };
}

function keyOf({ path, scope }: GuardItem): string {
  return `${scope} ${path}`;
}
