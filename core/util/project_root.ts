/** Where a project begins: the nearest folder that holds a marker such as `.git`. */
import { ancestors, resolvePath } from "./path.ts";

/** The nearest folder, `cwd` included, that holds a marker; undefined when none does. */
export async function findProjectRoot(
  stat: (path: string) => Promise<unknown>,
  cwd: string,
  markers: readonly string[],
): Promise<string | undefined> {
  const names = markers.filter((name) => name !== "");
  if (names.length === 0) return undefined;
  const found = await Promise.all(
    ancestors(cwd).map(async (folder) => {
      const marks = await Promise.all(
        // A folder that may not be entered holds nothing for us.
        names.map((name) => stat(resolvePath(folder, name)).catch(() => {})),
      );
      return marks.some((mark) => mark !== undefined) ? folder : undefined;
    }),
  );
  return found.find((folder) => folder !== undefined);
}
