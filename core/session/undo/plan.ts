/** What taking back the last turns does to files: decided without looking at the disk. */
import * as z from "zod/mini";

/** What was, or is, at a path. */
export const FileState = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("absent") }),
  /** `hash` is SHA-256 of the content; `mode` its permission bits. */
  z.object({
    kind: z.literal("file"),
    hash: z.string(),
    mode: z.number(),
    bytes: z.number(),
  }),
  z.object({ kind: z.literal("link"), target: z.string() }),
  /** Not kept, and why: too large, a folder, a device. */
  z.object({ kind: z.literal("unkept"), reason: z.string() }),
]);
export type FileState = Readonly<z.infer<typeof FileState>>;

/** What one turn did to files. */
export interface TurnRecord {
  readonly turnId: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** User messages in the conversation before the turn. */
  readonly messagesBefore: number;
  readonly files: readonly {
    readonly path: string;
    readonly before: FileState;
    /** Absent when the turn never ended. */
    readonly after?: FileState;
  }[];
}

export interface UndoPlan {
  /** The turns taken back, newest first. */
  readonly turns: readonly Pick<TurnRecord, "turnId" | "at">[];
  readonly restore: readonly {
    readonly path: string;
    readonly from: FileState;
    readonly to: FileState;
  }[];
  /** Files that stay as they are. */
  readonly conflicts: readonly {
    readonly path: string;
    readonly reason: string;
    /** False when there is nothing to restore it from. */
    readonly isForceable: boolean;
  }[];
  /** Messages that stay when the conversation goes back too. */
  readonly messagesBefore: number | undefined;
}

/** Paths whose present state `planUndo` needs. */
export function undoPaths(records: readonly TurnRecord[]): readonly string[] {
  return [...new Set(records.flatMap(({ files }) => files.map((f) => f.path)))]
    .sort();
}

/**
 * Takes back these turns, oldest first in the list. A file that somebody changed since,
 * or between the turns, is a conflict and stays, unless `force`.
 */
export function planUndo(
  records: readonly TurnRecord[],
  current: ReadonlyMap<string, FileState>,
  options: { readonly force: boolean },
): UndoPlan {
  const restore: UndoPlan["restore"][number][] = [];
  const conflicts: UndoPlan["conflicts"][number][] = [];
  for (const path of undoPaths(records)) {
    const changes = records.flatMap(({ files }) =>
      files.filter((file) => file.path === path)
    );
    const to = changes[0]?.before ?? { kind: "absent" };
    const from = current.get(path) ?? { kind: "absent" };
    if (isSameState(from, to)) continue;
    if (to.kind === "unkept") {
      const reason = `was not kept: ${to.reason}`;
      conflicts.push({ path, reason, isForceable: false });
      continue;
    }
    const reason = findConflict(changes, from);
    const isForceable = from.kind !== "unkept";
    if (reason === undefined || (options.force && isForceable)) {
      restore.push({ path, from, to });
    } else conflicts.push({ path, reason, isForceable });
  }
  return {
    turns: records.map(({ turnId, at }) => ({ turnId, at })).reverse(),
    restore,
    conflicts,
    messagesBefore: records[0]?.messagesBefore,
  };
}

/** Whether two states are the same, permission bits included. */
export function isSameState(left: FileState, right: FileState): boolean {
  if (left.kind === "file" && right.kind === "file") {
    return left.hash === right.hash && left.mode === right.mode;
  }
  if (left.kind === "link" && right.kind === "link") {
    return left.target === right.target;
  }
  return left.kind === "absent" && right.kind === "absent";
}

/** The plan as lines for the user. */
export function renderUndoPlan(plan: UndoPlan): readonly string[] {
  if (plan.turns.length === 0) {
    return ["Nothing to undo: no recorded turn changed files"];
  }
  const count = plan.turns.length === 1
    ? "1 turn"
    : `${plan.turns.length} turns`;
  const lines = [`Undo ${count}:`];
  for (const one of plan.restore) lines.push(`  ${renderUndoChange(one)}`);
  for (const { path, reason } of plan.conflicts) {
    lines.push(`  ${"leave".padEnd(8)} ${path} (${reason})`);
  }
  if (plan.restore.length + plan.conflicts.length === 0) {
    lines.push("  all files are already as they were");
  }
  return lines;
}

/** What happens to one file: `restore  /a/b.ts`. */
export function renderUndoChange(
  { path, from, to }: UndoPlan["restore"][number],
): string {
  return `${verb(from, to).padEnd(8)} ${path}`;
}

function findConflict(
  changes: readonly TurnRecord["files"][number][],
  from: FileState,
): string | undefined {
  for (const [at, change] of changes.entries()) {
    const next = changes[at + 1];
    const later = next === undefined ? from : next.before;
    if (change.after === undefined) {
      return "its turn was cut off, so its own and later edits cannot be distinguished";
    }
    if (!isSameState(change.after, later)) {
      return next === undefined
        ? "was changed after the turn"
        : "was changed between the turns";
    }
  }
  return undefined;
}

function verb(from: FileState, to: FileState): string {
  if (to.kind === "absent") return "delete";
  return from.kind === "absent" ? "recreate" : "restore";
}
