/** What other threads did to the same files at the same time. */
import type { Host } from "../../protocol/host.ts";
import { basename, isInside } from "../../util/path.ts";
import { parseTurnRecords } from "./kept/notes.ts";
import type { TurnRecord } from "./kept/plan.ts";
import { type OpenTurn, readOpenTurn } from "./watch/open_turn.ts";

/** The records, their files marked that turns of other threads changed, or may have changed, while theirs ran. */
export async function markOthers(
  host: Pick<Host, "files">,
  records: readonly TurnRecord[],
  { folder, ownNotes }: {
    /** Of the notes of all threads. */
    readonly folder: string;
    readonly ownNotes: string;
  },
): Promise<readonly TurnRecord[]> {
  const [first] = records;
  if (first === undefined) return records;
  const others = await readOthers(host, {
    folder,
    ownNotes,
    sinceMs: Date.parse(first.at),
  });
  const open = await readOpenTurns(host, folder, basename(ownNotes));
  if (others.length + open.length === 0) return records;
  return records.map((record) => {
    const paths = new Set(
      others.filter((other) => overlaps(other, record))
        .flatMap(({ files }) => files.map(({ path }) => path)),
    );
    const roots = open.filter(({ at }) => at <= (record.endedAt ?? record.at))
      .flatMap((other) => other.roots);
    // A patch names its files; whose the others are is known when that turn ends.
    const isOpen = ({ path, by }: TurnRecord["files"][number]): boolean =>
      by !== undefined && roots.some((root) => isInside(path, root));
    const files = record.files.map((file) =>
      paths.has(file.path) || isOpen(file) ? { ...file, isMixed: true } : file
    );
    return { ...record, files };
  });
}

async function readOpenTurns(
  host: Pick<Host, "files">,
  folder: string,
  ownNotes: string,
): Promise<readonly OpenTurn[]> {
  const entries = await host.files.list(`${folder}/open`).catch(() => []);
  const found = await Promise.all(
    entries.filter(({ name }) => `${name}.jsonl` !== ownNotes)
      .map(({ name }) => readOpenTurn(host, { folder, threadId: name })),
  );
  return found.filter((turn) => turn !== undefined);
}

async function readOthers(
  { files }: Pick<Host, "files">,
  { folder, ownNotes, sinceMs }: {
    readonly folder: string;
    readonly ownNotes: string;
    readonly sinceMs: number;
  },
): Promise<readonly TurnRecord[]> {
  const records: TurnRecord[] = [];
  for (const { name } of await files.list(folder).catch(() => [])) {
    const path = `${folder}/${name}`;
    if (path === ownNotes || !name.endsWith(".jsonl")) continue;
    if (((await files.stat(path))?.mtimeMs ?? 0) < sinceMs) continue;
    records.push(...parseTurnRecords(await files.readText(path)));
  }
  return records;
}

function overlaps(left: TurnRecord, right: TurnRecord): boolean {
  return left.at <= (right.endedAt ?? right.at) &&
    right.at <= (left.endedAt ?? left.at);
}
