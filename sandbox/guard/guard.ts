/** Remembers protected files before a command, and puts back what it changed. */
import { errorCode } from "../../core/protocol/error.ts";
import type { FileStat, NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { ancestors, dirname } from "../../core/util/path.ts";
import type { GuardItem } from "../plan/plan_guards.ts";
import { Aside } from "./aside.ts";
import {
  disarmFresh,
  disarmGit,
  disarmJudged,
  disarmRepository,
  type Judged,
  type Listed,
} from "./git_disarm.ts";
import { listKnown } from "./git_listed.ts";

/** How one path was before the command. */
export type Snapshot =
  | { readonly kind: "absent"; readonly path: string }
  /** A repository without `.git` that was none. */
  | { readonly kind: "bare"; readonly path: string }
  | Judged
  | Listed
  | { readonly kind: "link"; readonly path: string; readonly text: string }
  | {
    readonly kind: "file";
    readonly path: string;
    readonly stat: FileStat;
    /** Absent when it was too large to keep, or cannot be read. */
    readonly bytes?: Uint8Array<ArrayBuffer>;
  }
  | {
    readonly kind: "folder";
    readonly path: string;
    readonly stat: FileStat;
    /** Absent when only the folder itself is guarded. */
    readonly children?: readonly Snapshot[];
  };

export type Guard = readonly Snapshot[];

/** What became of protected paths. Nothing is ever deleted. */
export interface GuardChanges {
  readonly restored: readonly string[];
  /** Where what is new, or was replaced by what was before, is now. */
  readonly moved: readonly string[];
  /** Could not be put back, and why. */
  readonly failed: readonly string[];
}

export async function readGuard(
  files: NoFollowFiles,
  items: readonly GuardItem[],
): Promise<Guard> {
  const budget = { files: LIMITS.guardFiles };
  const sorted = [...items].sort((left, right) =>
    left.path.length - right.path.length
  );
  const guard: Snapshot[] = [];
  for (const item of sorted) {
    guard.push(await readSnapshot(files, item, budget));
  }
  return guard;
}

/** Undoes every difference, and keeps what has changed. Checkouts of worktrees in `homes` stay. */
export async function restoreGuard(
  files: NoFollowFiles,
  guard: Guard,
  { newId, homes = [] }: {
    readonly newId: () => string;
    readonly homes?: readonly string[];
  },
): Promise<GuardChanges> {
  const restorer = new Restorer(files, new Aside(files, newId), {
    homes,
    free: guard.filter(({ kind }) => kind === "absent").map(({ path }) => path),
  });
  for (const snapshot of guard) await restorer.restore(snapshot);
  return restorer.changes();
}

async function readSnapshot(
  files: NoFollowFiles,
  { path, scope }: GuardItem,
  budget: { files: number },
): Promise<Snapshot> {
  const stat = await files.lstat(path);
  if (scope === "judged") return { kind: scope, path, stat };
  if (stat === undefined) return { kind: "absent", path };
  try {
    if (scope === "modules" || scope === "worktrees" || scope === "links") {
      return { kind: scope, path, known: await listKnown(files, path, scope) };
    }
    if (stat.isSymlink) {
      return { kind: "link", path, text: await files.readLink(path) };
    }
    if (!stat.isDirectory) return await readFile(files, { path, stat }, budget);
    if (scope === "entry") return { kind: "folder", path, stat };
    const children: Snapshot[] = [];
    for (const name of await files.list(path)) {
      const below: GuardItem = { path: `${path}/${name}`, scope };
      children.push(await readSnapshot(files, below, budget));
    }
    return { kind: "folder", path, stat, children };
  } catch (error) {
    // It has become something else in this moment, or it is not ours to read.
    if (errorCode(error) === undefined) throw error;
    return { kind: stat.isDirectory ? "folder" : "file", path, stat };
  }
}

async function readFile(
  files: NoFollowFiles,
  { path, stat }: { readonly path: string; readonly stat: FileStat },
  budget: { files: number },
): Promise<Snapshot> {
  const isKept = stat.isFile && stat.size <= LIMITS.guardFileBytes &&
    budget.files-- > 0;
  const bytes = isKept
    ? await files.readRange(path, 0, stat.size).catch(() => undefined)
    : undefined;
  return { kind: "file", path, stat, ...(bytes !== undefined && { bytes }) };
}

/** `free`: protected names that were. */
type Places = Readonly<Record<"homes" | "free", readonly string[]>>;

class Restorer {
  readonly #files: NoFollowFiles;
  readonly #aside: Aside;
  readonly #places: Places;
  readonly #restored = new Set<string>();
  readonly #failed: string[] = [];
  /** Out of a guarded folder: in it a skill or a rule may have any name. */
  #away: string | undefined;

  constructor(files: NoFollowFiles, aside: Aside, places: Places) {
    this.#files = files;
    this.#aside = aside;
    this.#places = places;
  }

  changes(): GuardChanges {
    return {
      restored: [...this.#restored],
      moved: this.#aside.moved,
      failed: this.#failed,
    };
  }

  async restore(was: Snapshot): Promise<void> {
    await this.#trying(was.path, async () => {
      const isOld = ["link", "file", "folder"].includes(was.kind);
      this.#away = isOld ? dirname(was.path) : undefined;
      if (isOld) await this.#moveLinkAbove(was.path);
      await this.#restoreEntry(was);
    });
  }

  async #restoreEntry(was: Snapshot): Promise<void> {
    const now = await this.#files.lstat(was.path);
    switch (was.kind) {
      case "absent":
        return await this.#putAway(was.path, now);
      case "bare":
        return await disarmRepository(this.#files, this.#aside, was.path);
      case "judged":
        return await disarmJudged(this.#files, this.#aside, was);
      case "links":
      case "modules":
      case "worktrees":
        return await disarmFresh(this.#files, this.#aside, was);
      case "link":
        return await this.#restoreLink(was, now);
      case "file":
        return await this.#restoreFile(was, now);
      case "folder":
        return await this.#restoreFolder(was, now);
    }
  }

  // What others do to the files meanwhile is no failure of ours.
  async #trying(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      this.#failed.push(`${path} (${code})`);
    }
  }

  // What a command put where a folder was would lead the name out of what is guarded.
  async #moveLinkAbove(path: string): Promise<void> {
    for (const folder of ancestors(dirname(path)).toReversed().slice(1)) {
      const stat = await this.#files.lstat(folder);
      if (stat?.isSymlink) await this.#aside.move(folder);
      if (stat?.isDirectory) continue;
      this.#restored.add(folder);
      await this.#files.mkdir(folder, 0o755);
    }
  }

  async #putAway(path: string, now: FileStat | undefined): Promise<void> {
    if (now === undefined) return;
    const found = { path, now, homes: this.#places.homes };
    const isOfGit = await disarmGit(this.#files, this.#aside, found);
    if (!isOfGit) await this.#aside.move(path);
  }

  async #restoreLink(
    was: Extract<Snapshot, { kind: "link" }>,
    now: FileStat | undefined,
  ): Promise<void> {
    const { path, text } = was;
    if (now?.isSymlink && await this.#files.readLink(path) === text) return;
    await this.#replace(path, now);
    await this.#files.symlink(text, path);
  }

  async #restoreFile(
    was: Extract<Snapshot, { kind: "file" }>,
    now: FileStat | undefined,
  ): Promise<void> {
    const { path, stat, bytes } = was;
    // What was not kept cannot come back; under another name it does no harm.
    if (bytes === undefined) {
      if (
        now?.ino === stat.ino && now.size === stat.size &&
        now.mtimeMs === stat.mtimeMs
      ) return;
      this.#restored.add(path);
      if (now !== undefined) await this.#aside.move(path, this.#away);
      return;
    }
    if (now?.isFile && await this.#holds(path, bytes)) {
      if (now.mode === stat.mode) return;
      this.#restored.add(path);
      return await this.#files.chmod(path, stat.mode);
    }
    await this.#replace(path, now);
    await this.#files.create(path, bytes, stat.mode);
  }

  async #holds(path: string, bytes: Uint8Array): Promise<boolean> {
    const there = await this.#files.readRange(path, 0, bytes.length + 1)
      .catch(() => undefined);
    return there?.length === bytes.length &&
      there.every((byte, index) => byte === bytes[index]);
  }

  async #restoreFolder(
    was: Extract<Snapshot, { kind: "folder" }>,
    now: FileStat | undefined,
  ): Promise<void> {
    const { path, stat, children } = was;
    const isThere = now?.isDirectory &&
      (children !== undefined || now.ino === stat.ino);
    if (!isThere) {
      await this.#replace(path, now);
      await this.#bringBack(was);
    } else if (now.mode !== stat.mode) {
      this.#restored.add(path);
      await this.#files.chmod(path, stat.mode);
    }
    if (children === undefined) return;
    const known = new Set(children.map((child) => child.path));
    for (const name of await this.#files.list(path)) {
      const below = `${path}/${name}`;
      if (!known.has(below)) await this.#aside.move(below, this.#away);
    }
    for (const child of children) {
      await this.#trying(child.path, () => this.#restoreEntry(child));
    }
  }

  // A folder that is guarded without its content may have been moved, beside its place or
  // to a free name. If it is gone a new one takes what of the content is guarded.
  async #bringBack({ path, stat }: Extract<Snapshot, { kind: "folder" }>) {
    const parent = dirname(path);
    const names = await this.#files.list(parent);
    const others = names.map((name) => `${parent}/${name}`);
    for (const beside of [...others, ...this.#places.free]) {
      const found = await this.#files.lstat(beside);
      if (found?.isDirectory && found.ino === stat.ino) {
        return await this.#files.rename(beside, path);
      }
    }
    await this.#files.mkdir(path, stat.mode);
  }

  async #replace(path: string, now: FileStat | undefined): Promise<void> {
    this.#restored.add(path);
    if (now !== undefined) await this.#aside.move(path, this.#away);
  }
}
