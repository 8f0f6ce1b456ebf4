/** The folders in which a program may change what a person wants back. */
import type { Host } from "../../../protocol/host.ts";
import { isInside } from "../../../util/path.ts";
import type { LeftOut } from "../kept/plan.ts";
import type { Program } from "./watched.ts";

/**
 * Real paths, none in another. Temporary folders and build caches are not among them; where
 * nothing confines the program it is the folder of its thread. `wide`: too much is below.
 */
export async function findRoots(
  host: Pick<Host, "files" | "homeDir">,
  { cwd, sandbox }: Pick<Program, "cwd" | "sandbox">,
): Promise<{
  readonly roots: readonly string[];
  readonly wide: readonly LeftOut[];
}> {
  const named = sandbox.mode === "workspace-write"
    ? [...(sandbox.excludeWorkspace ? [] : [cwd]), ...sandbox.writableRoots]
    : [cwd];
  const home = await realFolder(host, host.homeDir() ?? "/");
  const found = await Promise.all(named.map((path) => realFolder(host, path)));
  const real = [...new Set(found.filter((path) => path !== undefined))];
  const isWide = (path: string): boolean => isInside(home ?? "/", path);
  const reason = "a home folder, or one above it";
  return {
    roots: real.filter((path) =>
      !isWide(path) &&
      !real.some((other) =>
        other !== path && !isWide(other) && isInside(path, other)
      )
    ),
    wide: real.filter(isWide).map((path) => ({ path, reason })),
  };
}

async function realFolder(
  { files }: Pick<Host, "files">,
  path: string,
): Promise<string | undefined> {
  try {
    const real = await files.realPath(path);
    return (await files.stat(real))?.isDirectory ? real : undefined;
  } catch {
    return undefined;
  }
}
