/** Which of the files that went away came back under another name. Pure. */
import { LIMITS } from "../../protocol/limits.ts";
import { textOfBytes } from "../../util/text/byte_text.ts";
import { basename } from "../../util/path.ts";
import {
  blobId,
  type FileDifference,
  type FileVersion,
  isBinary,
} from "./version.ts";

/** Percent of its lines that a file must have kept to be the same. */
const SIMILAR = 60;

/** Joins a file that is gone with a new one of the same or nearly the same content. */
export function joinRenames(
  differences: readonly FileDifference[],
): readonly FileDifference[] {
  const gone = new Map<string, FileVersion>();
  const fresh = new Map<string, FileVersion>();
  for (const { path, before, after } of differences) {
    // Of a link that goes and one that comes, git could not tell what is behind which.
    if (before?.mode === "120000" || after?.mode === "120000") continue;
    if (
      before !== undefined && after === undefined && before.bytes.length > 0
    ) {
      gone.set(path, before);
    }
    if (after !== undefined && before === undefined && after.bytes.length > 0) {
      fresh.set(path, after);
    }
  }
  const sources = new Map<string, Source>();
  findSame(gone, fresh, sources);
  findSimilar(gone, fresh, sources);
  const taken = new Set([...sources.values()].map(({ from }) => from));
  return differences.flatMap((difference) => {
    const source = sources.get(difference.path);
    if (source !== undefined) {
      const { from, similarity, before } = source;
      return [{ ...difference, from, similarity, before }];
    }
    return taken.has(difference.path) ? [] : [difference];
  });
}

interface Source {
  readonly from: string;
  readonly before: FileVersion;
  readonly similarity: number;
}

function findSame(
  gone: Map<string, FileVersion>,
  fresh: Map<string, FileVersion>,
  sources: Map<string, Source>,
): void {
  const byId = new Map<string, string[]>();
  for (const [path, { bytes }] of gone) {
    const id = blobId(bytes);
    byId.set(id, [...byId.get(id) ?? [], path]);
  }
  for (const [path, { bytes }] of [...fresh]) {
    const names = byId.get(blobId(bytes)) ?? [];
    const at = Math.max(
      0,
      names.findIndex((name) => basename(name) === basename(path)),
    );
    const [from] = names.splice(at, 1);
    const before = from === undefined ? undefined : gone.get(from);
    if (from === undefined || before === undefined) continue;
    sources.set(path, { from, before, similarity: 100 });
    gone.delete(from);
    fresh.delete(path);
  }
}

// Each with each, so only where there are few.
function findSimilar(
  gone: ReadonlyMap<string, FileVersion>,
  fresh: ReadonlyMap<string, FileVersion>,
  sources: Map<string, Source>,
): void {
  if (gone.size * fresh.size > LIMITS.stageRenamePairs) return;
  const left = new Map(textsOf(gone));
  for (const [path, text] of textsOf(fresh)) {
    let best: Source | undefined;
    for (const [from, old] of left) {
      const before = gone.get(from);
      const similarity = similarityOf(old, text);
      if (before === undefined || similarity < SIMILAR) continue;
      if (similarity > (best?.similarity ?? 0)) {
        best = { from, before, similarity };
      }
    }
    if (best === undefined) continue;
    sources.set(path, best);
    left.delete(best.from);
  }
}

interface Lines {
  readonly size: number;
  /** How often each line is there. */
  readonly counts: ReadonlyMap<string, number>;
}

function textsOf(
  versions: ReadonlyMap<string, FileVersion>,
): readonly (readonly [string, Lines])[] {
  return [...versions].filter(([, { bytes }]) =>
    !isBinary(bytes) &&
    bytes.length <= LIMITS.patchDiffBytes
  ).map(([path, { bytes }]) => [path, countLines(textOfBytes(bytes))]);
}

function countLines(text: string): Lines {
  const counts = new Map<string, number>();
  for (const [line] of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return { size: text.length, counts };
}

function similarityOf(left: Lines, right: Lines): number {
  let shared = 0;
  for (const [line, count] of left.counts) {
    shared += Math.min(count, right.counts.get(line) ?? 0) * line.length;
  }
  const percent = shared * 100 / Math.max(left.size, right.size, 1);
  // All of it is what only the same content has.
  return Math.min(99, Math.floor(percent));
}
