/** What taking back the last turns does to files: decided without looking at the disk. */
import * as z from "zod/mini";

/** Places that are named, of those that are left out. */
const LEFT_SHOWN = 10;

/** What was, or is, at a path. */
export const FileState = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("absent") }),
    /**
     * `hash` is SHA-256 of the content; `mode` its permission bits. `pack` is the object that
     * holds it from byte `at` on, when it has none of its own.
     */
    z.object({
      kind: z.literal("file"),
      hash: z.string(),
      mode: z.number(),
      bytes: z.number(),
      pack: z.optional(z.string()),
      at: z.optional(z.number()),
    }),
    z.object({ kind: z.literal("folder"), mode: z.number() }),
    z.object({ kind: z.literal("link"), target: z.string() }),
    /** Not kept, and why: too large, a device. Two with one `stamp` are the same. */
    z.object({
      kind: z.literal("unkept"),
      reason: z.string(),
      stamp: z.optional(z.string()),
    }),
  ])
);
export type FileState = Readonly<z.infer<typeof FileState>>;

/** What one turn did to files. */
export interface TurnRecord {
  readonly turnId: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly endedAt?: string;
  /** User messages in the conversation before the turn. */
  readonly messagesBefore: number;
  readonly files: readonly {
    readonly path: string;
    readonly before: FileState;
    /** Absent when the turn never ended. */
    readonly after?: FileState;
    /** What changed it, in words. */
    readonly by?: string | undefined;
    /** Somebody else changed it during the turn, too. */
    readonly isMixed?: boolean | undefined;
  }[];
  /** Where its commands could write and nothing was kept. */
  readonly left?: readonly LeftOut[];
}

/** A place of which nothing is kept, and why. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

export interface UndoPlan {
  /** The turns taken back, newest first. */
  readonly turns: readonly Pick<TurnRecord, "turnId" | "at">[];
  readonly restore: readonly {
    readonly path: string;
    readonly from: FileState;
    readonly to: FileState;
    /** What had changed it, in words. */
    readonly by?: string | undefined;
  }[];
  /** Files that stay as they are. */
  readonly conflicts: readonly {
    readonly path: string;
    readonly reason: string;
    /** False when there is nothing to restore it from. */
    readonly isForceable: boolean;
  }[];
  /** Places in which the turns may have changed what is not known. */
  readonly left: readonly LeftOut[];
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
    // What cannot be kept can still be taken away.
    const isForceable = from.kind !== "unkept" || to.kind === "absent";
    if (reason === undefined || (options.force && isForceable)) {
      const { by } = changes.at(-1) ?? {};
      restore.push({ path, from, to, ...(by !== undefined && { by }) });
    } else conflicts.push({ path, reason, isForceable });
  }
  return {
    turns: records.map(({ turnId, at }) => ({ turnId, at })).reverse(),
    restore,
    conflicts,
    left: joinLeft(records),
    messagesBefore: records[0]?.messagesBefore,
  };
}

/** The plan without what takes a folder away that holds something else; `names` are those in it. */
export function withoutOccupied(
  plan: UndoPlan,
  names: ReadonlyMap<string, readonly string[]>,
): UndoPlan {
  const goes = new Set(
    plan.restore.filter(({ to }) => to.kind === "absent").map(({ path }) =>
      path
    ),
  );
  const isOccupied = (path: string): boolean =>
    names.get(path)?.some((name) => !goes.has(`${path}/${name}`)) ?? false;
  const stay = new Set<string>();
  // What is below comes first: a folder that stays keeps the one above it.
  for (const { path } of plan.restore.toReversed()) {
    if (!isOccupied(path)) continue;
    stay.add(path);
    goes.delete(path);
  }
  if (stay.size === 0) return plan;
  const reason = "holds files that are not the turn's";
  return {
    ...plan,
    restore: plan.restore.filter(({ path }) => !stay.has(path)),
    conflicts: [
      ...plan.conflicts,
      ...[...stay].sort().map((path) => ({ path, reason, isForceable: false })),
    ],
  };
}

function joinLeft(records: readonly TurnRecord[]): readonly LeftOut[] {
  const all = records.flatMap(({ left = [] }) => left);
  const reasons = new Map(all.map(({ path, reason }) => [path, reason]));
  return [...reasons].sort().map(([path, reason]) => ({ path, reason }));
}

/** Whether two states are the same, permission bits included. */
export function isSameState(left: FileState, right: FileState): boolean {
  if (left.kind === "file" && right.kind === "file") {
    return left.hash === right.hash && left.mode === right.mode;
  }
  if (left.kind === "link" && right.kind === "link") {
    return left.target === right.target;
  }
  if (left.kind === "folder" && right.kind === "folder") {
    return left.mode === right.mode;
  }
  if (left.kind === "unkept" && right.kind === "unkept") {
    return left.stamp !== undefined && left.stamp === right.stamp;
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
  return [...lines, ...renderLeft(plan.left)];
}

/** What undo cannot speak for, as lines: nothing was kept there. */
export function renderLeft(left: readonly LeftOut[]): readonly string[] {
  if (left.length === 0) return [];
  const rest = left.length - LEFT_SHOWN;
  return [
    "What commands changed here is not known and stays:",
    ...left.slice(0, LEFT_SHOWN).map(({ path, reason }) =>
      `  ${path} (${reason})`
    ),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

/** What happens to one file, and what had changed it: `restore  /a/b.ts (sed -i …)`. */
export function renderUndoChange(
  { path, from, to, by }: UndoPlan["restore"][number],
): string {
  const why = by === undefined ? "" : ` (${by})`;
  return `${verb(from, to).padEnd(8)} ${path}${why}`;
}

function findConflict(
  changes: readonly TurnRecord["files"][number][],
  from: FileState,
): string | undefined {
  for (const [at, change] of changes.entries()) {
    const next = changes[at + 1];
    const later = next === undefined ? from : next.before;
    if (change.isMixed) {
      return "may have been changed by somebody else during the turn";
    }
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
