/** What a folder held, noted in a file: after a crash, and for the next thread in that folder. */
import * as z from "zod/mini";
import { isAbsent } from "../../../protocol/error.ts";
import type { Host } from "../../../protocol/host.ts";
import { parseJson } from "../../../util/json/json.ts";
import { encodeJsonLine, splitLines } from "../../../util/json/jsonl.ts";
import { LIMITS } from "../../../protocol/limits.ts";
import { dirname } from "../../../util/path.ts";
import { sha256Hex } from "../../../util/sha256.ts";
import { openTurnPath, treesFolder } from "../kept/object_store.ts";
import { FileState } from "../kept/plan.ts";
import type { Tree, TreeEntry } from "./tree.ts";

const Head = z.lazy(() => z.object({ tree: z.literal(1), root: z.string() }));
const Line = z.lazy(() =>
  z.union([
    z.object({ path: z.string(), stamp: z.string(), state: FileState }),
    z.object({ left: z.string(), reason: z.string() }),
  ])
);

type FileHost = Pick<Host, "files" | "newId">;

interface TreePlace {
  /** Folder of all that is kept for undo. */
  readonly folder: string;
  readonly root: string;
}

/** The file in which a thread notes what a folder held. */
export function treePath(
  { folder, root }: TreePlace,
  threadId: string,
): string {
  return `${treesFolder(folder)}/${rootKey(root)}.${threadId}`;
}

export async function writeTree(
  host: FileHost,
  path: string,
  tree: Tree,
): Promise<void> {
  const lines = [encodeJsonLine({ tree: 1, root: tree.root })];
  for (const [at, { stamp, state }] of tree.entries) {
    lines.push(encodeJsonLine({ path: at, stamp, state }));
  }
  for (const [left, reason] of tree.left) {
    lines.push(encodeJsonLine({ left, reason }));
  }
  const { files } = host;
  await files.mkdir(dirname(path), { mode: 0o700 });
  const aside = `${path}.${host.newId()}`;
  await files.write(aside, lines.join(""), { mode: 0o600, exclusive: true });
  await files.rename(aside, path);
}

/** Undefined when there is none, or not all of it. */
export async function readTree(
  { files }: Pick<Host, "files">,
  path: string,
): Promise<Tree | undefined> {
  try {
    return parseTree(await files.readText(path));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The newest that any thread has noted of the folder. */
export async function readNewestTree(
  host: Pick<Host, "files">,
  place: TreePlace,
): Promise<Tree | undefined> {
  const { files } = host;
  const trees = treesFolder(place.folder);
  const names = (await files.list(trees).catch(() => []))
    .map(({ name }) => name)
    .filter((name) => /^[^.]+\.[^.]+$/.test(name))
    .filter((name) => name.startsWith(`${rootKey(place.root)}.`));
  const found = await Promise.all(names.map(async (name) => {
    const path = `${trees}/${name}`;
    return { path, mtimeMs: (await files.stat(path))?.mtimeMs ?? 0 };
  }));
  const [newest] = found.sort((a, b) => b.mtimeMs - a.mtimeMs);
  if (newest === undefined) return undefined;
  const tree = await readTree(host, newest.path);
  return tree?.root === place.root ? tree : undefined;
}

/**
 * Removes what other threads have noted of the folder, since the newest stands for all. What a
 * running turn would need after a crash stays, and what is young: its turn may be about to begin.
 */
export async function removeOlderTrees(
  { files, now }: Pick<Host, "files" | "now">,
  { folder, root }: TreePlace,
  threadId: string,
): Promise<void> {
  const trees = treesFolder(folder);
  const youngMs = now().getTime() - LIMITS.lockForeignMs;
  for (const { name } of await files.list(trees).catch(() => [])) {
    const [key, owner = "", aside] = name.split(".");
    if (key !== rootKey(root) || owner === threadId) continue;
    const path = `${trees}/${name}`;
    const { mtimeMs = Infinity } = await files.stat(path) ?? {};
    const isOpen = aside === undefined &&
      await files.stat(openTurnPath({ folder, threadId: owner })) !== undefined;
    if (isOpen || mtimeMs > youngMs) continue;
    await files.remove(path).catch(() => {});
  }
}

/** Whether it is there; it counts as young from now on. */
export async function renewTree(
  { files, now }: Pick<Host, "files" | "now">,
  path: string,
): Promise<boolean> {
  return await files.setModified(path, now().getTime())
    .then(() => true, () => false);
}

/** Removes what a thread has noted of its folders. */
export async function removeTrees(
  { files }: Pick<Host, "files">,
  folder: string,
  threadId: string,
): Promise<void> {
  const trees = treesFolder(folder);
  for (const { name } of await files.list(trees).catch(() => [])) {
    if (name.endsWith(`.${threadId}`)) await files.remove(`${trees}/${name}`);
  }
}

function rootKey(root: string): string {
  return sha256Hex(root).slice(0, 32);
}

function parseTree(text: string): Tree | undefined {
  const { lines: [first = "", ...rest], torn } = splitLines(text);
  const head = Head.safeParse(parseJson(first)).data;
  if (head === undefined || torn !== "") return undefined;
  const entries = new Map<string, TreeEntry>();
  const left = new Map<string, string>();
  for (const line of rest) {
    const { data } = Line.safeParse(parseJson(line));
    if (data === undefined) return undefined;
    if ("left" in data) left.set(data.left, data.reason);
    else entries.set(data.path, { stamp: data.stamp, state: data.state });
  }
  return { root: head.root, entries, left };
}
