/** Where things that are kept for undo lie. */
import type { Host } from "../../protocol/host.ts";
import { removeOpenTurn } from "./watch/open_turn.ts";
import { removeTrees } from "./watch/tree_file.ts";

/** Folder of everything that is kept for undo. */
export function checkpointsFolder(codexHome: string): string {
  return `${codexHome}/checkpoints`;
}

export function checkpointNotes(codexHome: string, threadId: string): string {
  return `${checkpointsFolder(codexHome)}/${threadId}.jsonl`;
}

/** Forgets a thread; its contents go with the next sweep. */
export async function removeCheckpoints(
  host: Pick<Host, "files">,
  codexHome: string,
  threadId: string,
): Promise<void> {
  const folder = checkpointsFolder(codexHome);
  const notes = checkpointNotes(codexHome, threadId);
  if (await host.files.stat(notes) !== undefined) {
    await host.files.remove(notes);
  }
  await removeTrees(host, folder, threadId);
  await removeOpenTurn(host, { folder, threadId });
}
