/** What a patch makes of files as they are now, or where it does not fit. Pure. */
import { usageError, type UserError } from "../../protocol/error.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { bytesOfText, textOfBytes } from "../../util/text/byte_text.ts";
import { applyHalf } from "./binary.ts";
import { applyHunks } from "./hunks.ts";
import type { FilePatch, PatchGroup } from "./file_patch.ts";
import { blobId, type FileVersion, isSameVersion } from "./version.ts";

/** What stands at a path: a file or link, nothing, or something that no patch changes. */
export type Standing = FileVersion | "nothing" | "folder" | "other";

/** Where a patch does not fit. */
export interface Conflict {
  readonly path: string;
  /** Counted from 1. */
  readonly line?: number;
  readonly reason: string;
}

export interface PatchEffect {
  readonly path: string;
  readonly before?: FileVersion;
  readonly after?: FileVersion;
}

/** Every path whose standing decides: those of the patch, and the folders above them. */
export function patchedPaths(
  groups: readonly PatchGroup[],
): readonly string[] {
  const names = groups.flat()
    .flatMap(({ oldName, newName }) => [oldName ?? [], newName ?? []].flat());
  const above = names.flatMap((name) => {
    const parts = name.split("/");
    return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
  });
  return [...new Set(above)].sort();
}

/** All effects, or all conflicts. Throws UserError for more than a patch may make. */
export function planPatch(
  groups: readonly PatchGroup[],
  standing: ReadonlyMap<string, Standing>,
): {
  readonly effects: readonly PatchEffect[];
  readonly conflicts: readonly Conflict[];
} {
  const now = new Map(standing);
  const conflicts: Conflict[] = [];
  const room = { bytes: LIMITS.patchTotalBytes };
  for (const group of groups) {
    applyGroup(group, now, { conflicts, room });
    if (conflicts.length > 0) return { effects: [], conflicts };
  }
  conflicts.push(...findClashes(now));
  if (conflicts.length > 0) return { effects: [], conflicts };
  const effects: PatchEffect[] = [];
  for (const [path, after] of [...now].sort(([a], [b]) => a < b ? -1 : 1)) {
    const before = versionOf(standing.get(path));
    const made = versionOf(after);
    if (isSameVersion(before, made)) continue;
    effects.push({
      path,
      ...(before !== undefined && { before }),
      ...(made !== undefined && { after: made }),
    });
  }
  return { effects, conflicts };
}

interface Findings {
  readonly conflicts: Conflict[];
  /** For what is made, so that a small patch makes no endless file. */
  readonly room: { bytes: number };
}

function tooLarge(): UserError {
  return usageError(
    `Cannot apply the patch: its files have more than ${LIMITS.patchTotalBytes} bytes, must have fewer`,
  );
}

// A patch may make a file and others below it, which no folder can hold.
function findClashes(
  now: ReadonlyMap<string, Standing>,
): readonly Conflict[] {
  return [...now].filter(([, standing]) => versionOf(standing) !== undefined)
    .flatMap(([path]) => {
      const parts = path.split("/");
      const above = parts.map((_, at) => parts.slice(0, at).join("/"));
      const held = above.find((name) => versionOf(now.get(name)) !== undefined);
      if (held === undefined) return [];
      return [{ path, reason: `${held} is to be a file, too` }];
    });
}

// All at once: each file is looked for as it was before the group, so that two can change names.
function applyGroup(
  group: PatchGroup,
  now: Map<string, Standing>,
  { conflicts, room }: Findings,
): void {
  const leaving = new Set(
    group.filter(({ isCopy }) => !isCopy)
      .filter(({ oldName, newName }) => oldName !== newName)
      .flatMap(({ oldName }) => oldName ?? []),
  );
  const made = new Map<string, FileVersion | "nothing">();
  for (const one of group) {
    const { oldName, newName } = one;
    const isMoved = oldName !== newName;
    const found = oldName === undefined
      ? undefined
      : (isMoved ? undefined : made.get(oldName)) ?? now.get(oldName);
    const result = applyFile(one, found, { conflicts, room });
    room.bytes -= result?.bytes.length ?? 0;
    if (room.bytes < 0) throw tooLarge();
    if (isMoved && newName !== undefined) {
      const there = made.get(newName) ?? now.get(newName) ?? "nothing";
      conflicts.push(...inTheWay(newName, there, { leaving, now }));
    }
    if (newName === undefined && oldName !== undefined) {
      made.set(oldName, "nothing");
    } else if (newName !== undefined && result !== undefined) {
      made.set(newName, result);
    }
  }
  for (const name of leaving) {
    if (!made.has(name)) made.set(name, "nothing");
  }
  for (const [name, version] of made) now.set(name, version);
}

function inTheWay(
  name: string,
  there: Standing,
  { leaving, now }: {
    readonly leaving: ReadonlySet<string>;
    readonly now: ReadonlyMap<string, Standing>;
  },
): readonly Conflict[] {
  const parts = name.split("/");
  for (let at = 1; at < parts.length; at++) {
    const above = parts.slice(0, at).join("/");
    const what = now.get(above) ?? "nothing";
    if (what === "nothing" || what === "folder" || leaving.has(above)) continue;
    const kind = versionOf(what)?.mode === "120000" ? "a link" : "no folder";
    return [{ path: name, reason: `${above} is ${kind}` }];
  }
  const isEmptied = there === "folder" &&
    [...leaving].some((gone) => gone.startsWith(`${name}/`));
  if (there === "nothing" || leaving.has(name) || isEmptied) return [];
  return [{ path: name, reason: "is there already" }];
}

/** Undefined when it goes away, or does not fit. */
function applyFile(
  patch: FilePatch,
  found: Standing | undefined,
  { conflicts, room }: Findings,
): FileVersion | undefined {
  const path = patch.oldName ?? patch.newName ?? "";
  const refuse = (reason: string, line?: number): undefined => {
    conflicts.push({ path, reason, ...(line !== undefined && { line }) });
  };
  const before = versionOf(found);
  if (patch.oldName !== undefined && before === undefined) {
    return refuse(
      found === undefined || found === "nothing"
        ? "is not there"
        : "is neither a file nor a link",
    );
  }
  const { oldMode = before?.mode, newMode = oldMode } = patch;
  if (isLink(oldMode) !== isLink(before?.mode)) {
    return refuse(isLink(oldMode) ? "is no link" : "is a link");
  }
  const bytes = applyContent(patch, before, { refuse, bytesMax: room.bytes });
  if (bytes === undefined) return undefined;
  // A mode that stays is no word about one that the person has changed.
  const mode = newMode === oldMode ? before?.mode : newMode;
  if (patch.newName !== undefined) return { mode: mode ?? "100644", bytes };
  if (bytes.length > 0) refuse("has more than the patch takes away");
  return undefined;
}

function applyContent(
  { content, oldId }: FilePatch,
  before: FileVersion | undefined,
  { refuse, bytesMax }: {
    readonly refuse: (reason: string, line?: number) => undefined;
    readonly bytesMax: number;
  },
): Uint8Array<ArrayBuffer> | undefined {
  const old = before?.bytes ?? new Uint8Array();
  switch (content.kind) {
    case "same":
      // Of a deleted file that was empty.
      return old;
    case "text": {
      const result = applyHunks(textOfBytes(old), content.hunks);
      if ("text" in result) return bytesOfText(result.text);
      for (const { line } of result.conflicts) {
        refuse("has other lines than the patch was made for", line);
      }
      return undefined;
    }
    case "binary": {
      const format = oldId?.length === 64 ? "sha256" : "sha1";
      const isMeant = before === undefined || oldId === undefined ||
        blobId(old, format).startsWith(oldId);
      const bytes = isMeant
        ? applyHalf(content.forward, old, bytesMax)
        : undefined;
      if (bytes === "too large") throw tooLarge();
      if (bytes !== undefined) return bytes;
      return refuse(
        isMeant
          ? "cannot be made: the patch is damaged"
          : "has other contents than the patch was made for",
      );
    }
  }
}

function isLink(mode: FileVersion["mode"] | undefined): boolean {
  return mode === "120000";
}

function versionOf(standing: Standing | undefined): FileVersion | undefined {
  return typeof standing === "object" ? standing : undefined;
}
