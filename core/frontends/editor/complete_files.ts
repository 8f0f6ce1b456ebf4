/** Paths for `@`: entries of the named folder, or files of the project by name. */
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { expandHome, resolvePath } from "../../util/path.ts";
import type { Candidate } from "./complete.ts";

type FileHost = Pick<Host, "files" | "homeDir">;

/** Folders that are never searched by name. */
const SKIPPED = new Set([".git", "node_modules", "target", ".venv", "dist"]);

/** Candidates for a path typed so far, as seen from `cwd`. */
export async function completeFiles(
  host: FileHost,
  word: string,
  cwd: string,
): Promise<readonly Candidate[]> {
  const slash = word.lastIndexOf("/") + 1;
  const folder = word.slice(0, slash);
  const start = word.slice(slash);
  const entries = await listSorted(host, folder, cwd);
  const fitting = entries.filter(({ name }) =>
    name.startsWith(start) && (start !== "" || !name.startsWith("."))
  );
  if (fitting.length > 0) {
    return fitting.map(({ name, isDirectory }) =>
      candidate(`${folder}${name}`, isDirectory)
    );
  }
  return word.length < 2 || folder.startsWith("/") || folder.startsWith("~")
    ? []
    : await findByName(host, word, cwd);
}

async function listSorted(
  host: FileHost,
  folder: string,
  cwd: string,
): Promise<
  readonly { readonly name: string; readonly isDirectory: boolean }[]
> {
  const path = resolvePath(
    cwd,
    expandHome(folder === "" ? "." : folder, host.homeDir() ?? "/"),
  );
  const entries = await host.files.list(path).catch(() => []);
  return entries.toSorted((a, b) => a.name < b.name ? -1 : 1);
}

// Breadth first: what lies near comes first.
async function findByName(
  host: FileHost,
  word: string,
  cwd: string,
): Promise<readonly Candidate[]> {
  const wanted = word.toLowerCase();
  const found: Candidate[] = [];
  const folders = [""];
  let looked = 0;
  for (const folder of folders) {
    for (const entry of await listSorted(host, folder, cwd)) {
      if (++looked > LIMITS.completionEntries) return found;
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) {
        if (!SKIPPED.has(entry.name)) folders.push(`${path}/`);
      } else if (path.toLowerCase().includes(wanted)) {
        found.push(candidate(path, false));
        if (found.length >= LIMITS.completionsShown) return found;
      }
    }
  }
  return found;
}

function candidate(path: string, isDirectory: boolean): Candidate {
  const full = isDirectory ? `${path}/` : path;
  return {
    insert: `@${full.replaceAll(" ", "\\ ")}`,
    label: full,
    isWhole: !isDirectory,
  };
}
