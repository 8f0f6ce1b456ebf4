/** What of the program's own state commands have no business with: logins and other threads. */
import type { Files } from "../../core/protocol/host.ts";
import { type HiddenFact, resolveHidden } from "./hidden.ts";

/** What the last proof of the sandbox came to: sandbox/probe/proof_memory.ts. */
export const PROOFS = "proofs";

const NAMES: readonly string[] = [
  "archived_sessions",
  "auth.json",
  "batch",
  "checkpoints",
  "git",
  "history.jsonl",
  "mcp_logins",
  PROOFS,
  "session_blobs",
  "session_index.jsonl",
  "session_search.sqlite",
  "session_search.sqlite-wal",
  "sessions",
  "stage_patches",
  "stages",
];
/** A folder for each thread; its own stays readable. */
const SPOOL = "spool";

/** What of it exists now. `spool` is the folder of the thread that asks. */
export async function readPrivate(
  files: Files,
  codexHome: string | undefined,
  spool?: string,
): Promise<readonly HiddenFact[]> {
  if (codexHome === undefined) return [];
  const found = await Promise.all(
    [...NAMES, SPOOL].map((name) =>
      resolveHidden(files, `${codexHome}/${name}`)
    ),
  );
  const shown = spool === undefined
    ? undefined
    : await resolveHidden(files, spool);
  return found.filter((fact) => fact !== undefined).map((fact) => {
    const holdsShown = shown?.kind === "folder" &&
      shown.path.startsWith(`${fact.path}/`);
    return {
      ...fact,
      isPrivate: true,
      ...(holdsShown && { shown: [shown.path] }),
    };
  });
}
