/** What there is of submodules, worktrees and links before a command. */
import type { NoFollowFiles } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { Listed } from "./git_disarm.ts";
import { findLinksOut } from "./git_links.ts";

/** What is in a folder of submodules, those in others too, or of worktrees. */
export async function listKnown(
  files: NoFollowFiles,
  folder: string,
  kind: Listed["kind"],
): Promise<readonly string[]> {
  if (kind === "links") return await findLinksOut(files, folder);
  if (kind === "modules") return await listModules(files, folder);
  return (await files.list(folder)).map((name) => `${folder}/${name}`);
}

async function listModules(
  files: NoFollowFiles,
  folder: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  const open = [folder];
  for (
    let looked = 0;
    open.length > 0 && looked < LIMITS.gitModules;
    looked++
  ) {
    const at = open.pop() ?? folder;
    if (!(await files.lstat(at))?.isDirectory) continue;
    const isModule = at !== folder && !at.endsWith("/modules") &&
      await files.lstat(`${at}/HEAD`) !== undefined;
    if (isModule) found.push(at);
    const names = isModule ? ["modules"] : await files.list(at);
    open.push(...names.map((name) => `${at}/${name}`));
  }
  return found;
}
