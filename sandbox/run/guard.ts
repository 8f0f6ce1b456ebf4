/** Puts back what mounts could not hold still: compared after the command, and restored. */
import { errorCode, errorText } from "../../core/protocol/error.ts";
import type { Files, FileStat } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { ancestors, dirname } from "../../core/util/path.ts";
import type { GuardItem } from "../plan/plan.ts";

/** How one path was before the command. */
type Snapshot =
  | { readonly kind: "absent"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly text: string }
  | {
    readonly kind: "file";
    readonly path: string;
    readonly stat: FileStat;
    /** Absent when the file was too large to keep. */
    readonly bytes?: Uint8Array;
  }
  | {
    readonly kind: "folder";
    readonly path: string;
    readonly stat: FileStat;
    /** Absent when only the folder itself is guarded. */
    readonly children?: readonly Snapshot[];
  };

/** What the guard remembers of one command. */
export type Guard = readonly Snapshot[];

/** Remembers the items as they are now. */
export async function readGuard(
  files: Files,
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

/** Undoes every difference; returns the paths that had changed, in order. */
export async function restoreGuard(
  files: Files,
  guard: Guard,
): Promise<readonly string[]> {
  const changed = new Set<string>();
  for (const snapshot of guard) {
    await removeLinkAbove(files, snapshot.path, changed);
    await restore(files, snapshot, changed);
  }
  return [...changed];
}

async function readSnapshot(
  files: Files,
  { path, scope }: GuardItem,
  budget: { files: number },
): Promise<Snapshot> {
  const stat = await files.lstat(path);
  if (stat === undefined) return { kind: "absent", path };
  if (stat.isSymlink) {
    return { kind: "link", path, text: await files.readLink(path) };
  }
  if (!stat.isDirectory) {
    const isKept = stat.isFile && stat.size <= LIMITS.guardFileBytes &&
      budget.files-- > 0;
    return {
      kind: "file",
      path,
      stat,
      ...(isKept ? { bytes: await files.readBytes(path) } : {}),
    };
  }
  if (scope === "entry") return { kind: "folder", path, stat };
  const children: Snapshot[] = [];
  for (const { name } of await files.list(path)) {
    children.push(
      await readSnapshot(files, { path: `${path}/${name}`, scope }, budget),
    );
  }
  return { kind: "folder", path, stat, children };
}

// Written through a link, a restored file would land wherever the command wanted it.
async function removeLinkAbove(
  files: Files,
  path: string,
  changed: Set<string>,
): Promise<void> {
  const above = ancestors(dirname(path)).toReversed().slice(1);
  for (const folder of above) {
    if (!(await files.lstat(folder))?.isSymlink) continue;
    changed.add(folder);
    await files.remove(folder);
    return;
  }
}

async function restore(
  files: Files,
  was: Snapshot,
  changed: Set<string>,
): Promise<void> {
  const now = await files.lstat(was.path);
  switch (was.kind) {
    case "absent":
      if (now !== undefined) await drop(files, was.path, changed);
      return;
    case "link":
      return await restoreLink(files, was, { now, changed });
    case "file":
      return await restoreFile(files, was, { now, changed });
    case "folder":
      return await restoreFolder(files, was, { now, changed });
  }
}

interface Present {
  readonly now: FileStat | undefined;
  readonly changed: Set<string>;
}

async function restoreLink(
  files: Files,
  was: Extract<Snapshot, { kind: "link" }>,
  { now, changed }: Present,
): Promise<void> {
  if (now?.isSymlink && await files.readLink(was.path) === was.text) return;
  if (now !== undefined) await drop(files, was.path, changed);
  changed.add(was.path);
  await files.mkdir(dirname(was.path));
  await files.symlink(was.text, was.path);
}

async function restoreFile(
  files: Files,
  was: Extract<Snapshot, { kind: "file" }>,
  { now, changed }: Present,
): Promise<void> {
  if (was.bytes === undefined) {
    return await disarmLarge(files, was, { now, changed });
  }
  const isSame = now?.isFile && now.size === was.bytes.length &&
    isEqual(await files.readBytes(was.path), was.bytes);
  if (!isSame) {
    if (now !== undefined) await drop(files, was.path, changed);
    changed.add(was.path);
    await files.mkdir(dirname(was.path));
    await files.write(was.path, was.bytes, { exclusive: true });
  }
  if (!isSame || now.mode !== was.stat.mode) {
    changed.add(was.path);
    await files.chmod(was.path, was.stat.mode);
  }
}

// Too large to have been kept: what it is now cannot be undone, but it will not run.
async function disarmLarge(
  files: Files,
  was: Extract<Snapshot, { kind: "file" }>,
  { now, changed }: Present,
): Promise<void> {
  const isSame = now !== undefined && now.ino === was.stat.ino &&
    now.size === was.stat.size && now.mtimeMs === was.stat.mtimeMs;
  if (isSame) return;
  changed.add(was.path);
  if (now?.isFile) await files.chmod(was.path, 0);
  else if (now !== undefined) await drop(files, was.path, changed);
}

async function restoreFolder(
  files: Files,
  was: Extract<Snapshot, { kind: "folder" }>,
  { now, changed }: Present,
): Promise<void> {
  const isThere = now?.isDirectory &&
    (was.children !== undefined || now.ino === was.stat.ino);
  if (!isThere) {
    changed.add(was.path);
    await bringBack(files, was, now);
  }
  if (now?.mode !== was.stat.mode) {
    await files.chmod(was.path, was.stat.mode).catch(() => {});
  }
  if (was.children === undefined) return;
  const known = new Set(was.children.map(({ path }) => path));
  for (const { name } of await files.list(was.path)) {
    const path = `${was.path}/${name}`;
    if (!known.has(path)) await drop(files, path, changed);
  }
  for (const child of was.children) await restore(files, child, changed);
}

// A folder that is guarded without its content was moved: it lies beside its old place,
// or it is gone, and then an empty one at least keeps others from taking the name.
async function bringBack(
  files: Files,
  was: Extract<Snapshot, { kind: "folder" }>,
  now: FileStat | undefined,
): Promise<void> {
  const parent = dirname(was.path);
  if (now !== undefined) await drop(files, was.path, new Set());
  if (was.children === undefined) {
    for (const { name } of await files.list(parent)) {
      const path = `${parent}/${name}`;
      const stat = await files.lstat(path);
      if (stat?.isDirectory && stat.ino === was.stat.ino) {
        return await files.rename(path, was.path);
      }
    }
  }
  await files.mkdir(was.path);
}

// A command that runs beside may be writing into the folder while it goes.
async function drop(
  files: Files,
  path: string,
  changed: Set<string>,
): Promise<void> {
  changed.add(path);
  for (let attempt = 1;; attempt++) {
    try {
      return await files.remove(path, { recursive: true });
    } catch (error) {
      const code = errorCode(error);
      if (code === "ENOENT") return;
      const isRefilled = code === "ENOTEMPTY" ||
        /not empty/i.test(errorText(error));
      if (!isRefilled || attempt === LIMITS.guardAttempts) throw error;
    }
  }
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length &&
    left.every((byte, index) => byte === right[index]);
}
