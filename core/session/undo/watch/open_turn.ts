/** A turn whose programs may change files: noted while it lasts, so that it is known after a crash. */
import * as z from "zod/mini";
import { isAbsent } from "../../../protocol/error.ts";
import type { Host } from "../../../protocol/host.ts";
import { parseJson } from "../../../util/json/json.ts";
import { openTurnPath } from "../kept/object_store.ts";
import { type FileState, type TurnRecord } from "../kept/plan.ts";
import { scanTree } from "./scan.ts";
import { diffTrees, stateIn } from "./tree.ts";
import { readTree, treePath } from "./tree_file.ts";

const OpenTurn = z.lazy(() =>
  z.object({
    turn: z.string(),
    at: z.string(),
    messages: z.number(),
    roots: z.array(z.string()),
  })
);
export type OpenTurn = Readonly<z.infer<typeof OpenTurn>>;

interface OpenTurnPlace {
  /** Folder of all that is kept for undo. */
  readonly folder: string;
  readonly threadId: string;
}

export async function writeOpenTurn(
  { files }: Pick<Host, "files">,
  place: OpenTurnPlace,
  turn: OpenTurn,
): Promise<void> {
  await files.mkdir(`${place.folder}/open`, { mode: 0o700 });
  await files.write(openTurnPath(place), JSON.stringify(turn), { mode: 0o600 });
}

/** The turn that was never ended, or is not yet. */
export async function readOpenTurn(
  { files }: Pick<Host, "files">,
  place: OpenTurnPlace,
): Promise<OpenTurn | undefined> {
  try {
    const text = await files.readText(openTurnPath(place));
    return OpenTurn.safeParse(parseJson(text)).data;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

export async function removeOpenTurn(
  { files }: Pick<Host, "files">,
  place: OpenTurnPlace,
): Promise<void> {
  await files.remove(openTurnPath(place)).catch(() => {});
}

/** What has changed since that turn began: its own and later edits cannot be distinguished. */
export async function readCutOff(
  host: Host & Required<Pick<Host, "openFolder">>,
  { folder, threadId, codexHome }: OpenTurnPlace & {
    readonly codexHome: string;
  },
  { turn, at, messages, roots }: OpenTurn,
): Promise<TurnRecord> {
  const files: { readonly path: string; readonly before: FileState }[] = [];
  for (const root of roots) {
    const before = await readTree(host, treePath({ folder, root }, threadId));
    if (before === undefined) continue;
    const now = await scanTree(host, {
      root,
      previous: before,
      keepsLeft: true,
      own: codexHome,
    });
    for (const path of diffTrees(before, now)) {
      files.push({
        path: path === "" ? root : `${root}/${path}`,
        before: stateIn(before, path),
      });
    }
  }
  return { turnId: turn, at, messagesBefore: messages, files };
}
