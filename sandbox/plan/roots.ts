/** Names of writable folders that commands may have made: where they lead is no word of the person's. */
import type { Files } from "../../core/protocol/host.ts";
import { basename, dirname, isInside } from "../../core/util/path.ts";

interface Root {
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
  readonly kind: string;
}

/**
 * Those that a link in another one leads out of it: a command can replace the name, or make
 * it where it is not there yet, and the next one could write there. Never the workspace, which
 * is where the person works.
 */
export async function findPlanted<R extends Root>(
  files: Files,
  roots: readonly R[],
): Promise<readonly R[]> {
  const [workspace, others] = split(roots);
  const kept = [...workspace];
  const planted: R[] = [];
  // What lies in another one comes after it.
  const sorted = others.sort((left, right) =>
    left.real.length - right.real.length
  );
  for (const root of sorted) {
    const isPlanted = !kept.some(({ real }) => isInside(root.real, real)) &&
      await isNamedIn(files, root.path, roots.filter((one) => one !== root));
    (isPlanted ? planted : kept).push(root);
  }
  return planted;
}

function split<R extends Root>(roots: readonly R[]): [R[], R[]] {
  const isOwn = ({ kind }: R): boolean => kind === "workspace";
  return [roots.filter(isOwn), roots.filter((root) => !isOwn(root))];
}

/** Whether a part of the path is a name in one of the roots. */
async function isNamedIn(
  files: Files,
  path: string,
  roots: readonly Root[],
): Promise<boolean> {
  for (let at = path; at !== "/"; at = dirname(at)) {
    const place = `${await files.realPath(dirname(at))}/${basename(at)}`;
    const isNamed = roots.some(({ real }) =>
      place !== real && isInside(place, real)
    );
    if (isNamed) return true;
  }
  return false;
}
