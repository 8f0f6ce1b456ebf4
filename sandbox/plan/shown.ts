/** What stays readable where nothing can be mounted over what is hidden: all around it. */
import type { Files } from "../../core/protocol/host.ts";
import { isInside } from "../../core/util/path.ts";
import type { HiddenFact } from "./hidden.ts";

/** A path whose content, with all below it, may be read. */
export interface ShownPath {
  readonly path: string;
  readonly isFolder: boolean;
}

/** What lies in `/`, but for links, which are covered where they lead. */
export async function readTop(
  files: Pick<Files, "list">,
): Promise<readonly ShownPath[]> {
  const entries = await files.list("/").catch(() => []);
  return entries.filter(({ isSymlink }) => !isSymlink)
    .map(({ name, isDirectory }) => ({
      path: `/${name}`,
      isFolder: isDirectory,
    }));
}

/**
 * The largest folders that hold nothing hidden, and the files beside them. What is made
 * beside them later is not among them.
 */
export async function readShown(
  files: Files,
  hidden: readonly HiddenFact[],
  readable: readonly ShownPath[] = [{ path: "/", isFolder: true }],
): Promise<readonly ShownPath[]> {
  const isHidden = (path: string): boolean =>
    hidden.some((fact) => isInside(path, fact.path));
  const shown: ShownPath[] = readable.filter(({ path, isFolder }) =>
    !isFolder && !isHidden(path)
  );
  const open = readable.filter(({ path, isFolder }) =>
    isFolder && !isHidden(path)
  ).map(({ path }) => path);
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const at = folder;
    if (!hidden.some(({ path }) => isInside(path, at))) {
      shown.push({ path: at, isFolder: true });
      continue;
    }
    // A folder that the agent cannot list shows nothing to its commands either.
    const entries = await files.list(at).catch(() => []);
    for (const { name, isDirectory, isSymlink } of entries) {
      const path = at === "/" ? `/${name}` : `${at}/${name}`;
      if (isSymlink || hidden.some((fact) => fact.path === path)) continue;
      if (isDirectory) open.push(path);
      else shown.push({ path, isFolder: false });
    }
  }
  return [
    ...shown,
    ...await Promise.all(
      hidden.flatMap(({ shown = [] }) => shown).map(async (path) => ({
        path,
        isFolder: (await files.stat(path))?.isDirectory ?? false,
      })),
    ),
  ];
}
