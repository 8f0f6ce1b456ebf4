/** Where things that are kept for undo lie. */
import type { Host } from "../../protocol/host.ts";
import { ObjectStore } from "./kept/object_store.ts";
import { removeOpenTurn } from "./watch/open_turn.ts";
import { removeTrees } from "./watch/tree_file.ts";

/** Folder of everything that is kept for undo. */
export function checkpointsFolder(codexHome: string): string {
  return `${codexHome}/checkpoints`;
}

export function checkpointNotes(codexHome: string, threadId: string): string {
  return `${checkpointsFolder(codexHome)}/${threadId}.jsonl`;
}

/** Bytes of what is kept for undo, of all threads. */
export async function readCheckpointBytes(
  host: Host,
  codexHome: string,
): Promise<number> {
  const folder = checkpointsFolder(codexHome);
  return await new ObjectStore(host, { folder, keepThread: "" }).size();
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
