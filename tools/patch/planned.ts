/** Part of a planned patch on its way to the process that writes it: exactly what was shown. */
import * as z from "zod/mini";
import { ToolError } from "../../core/protocol/error.ts";
import type { Files, Host } from "../../core/protocol/host.ts";
import { sha256Hex } from "../../core/util/sha256.ts";
import { ancestors, dirname, isInside } from "../../core/util/path.ts";
import type { FileEffect } from "./plan.ts";
import { writeEffects } from "./write.ts";
import { concatBytes } from "../../core/util/bytes.ts";

const Change = z.lazy(() =>
  z.object({
    target: z.string(),
    path: z.string(),
    /** What is there: absent for nothing, `sha256` absent where nobody read it. */
    before: z.optional(z.object({
      sha256: z.optional(z.string()),
      /** Whether it is a link, where that was looked at; then the hash is of where it leads. */
      link: z.optional(z.boolean()),
    })),
    /** Length of the new content; absent, the file goes away. */
    bytes: z.optional(z.int().check(z.minimum(0))),
    mode: z.optional(z.int()),
    link: z.optional(z.boolean()),
    program: z.optional(z.boolean()),
  })
);
const Header = z.lazy(() =>
  z.object({
    summary: z.string(),
    changes: z.array(Change),
    /** Folders below it that nothing is left in go, too. */
    prune: z.optional(z.string()),
  })
);
type Change = z.infer<typeof Change>;

/** A change of one file, as far as the process that makes it needs to know. */
export type Planned =
  & Pick<
    FileEffect,
    "target" | "path" | "after" | "mode" | "isLink" | "isProgram"
  >
  & {
    readonly before?: {
      readonly bytes?: Uint8Array;
      readonly isLink?: boolean;
    };
  };

/** One line of JSON, then the new contents one after the other. */
export function renderPlanned(
  effects: readonly Planned[],
  summary: string,
  options: { readonly prune?: string } = {},
): Uint8Array<ArrayBuffer> {
  const changes = effects.map((
    { target, path, before, after, mode, isLink, isProgram },
  ) => ({
    target,
    path,
    ...(before !== undefined && {
      before: {
        ...(before.bytes !== undefined && { sha256: sha256Hex(before.bytes) }),
        ...(before.isLink !== undefined && { link: before.isLink }),
      },
    }),
    ...(after !== undefined && { bytes: after.length }),
    ...(mode !== undefined && { mode }),
    ...(isLink && { link: true }),
    ...(isProgram && { program: true }),
  }));
  const head = `${JSON.stringify({ summary, changes, ...options })}\n`;
  return concatBytes([
    new TextEncoder().encode(head),
    ...effects.flatMap(({ after }) => after ?? []),
  ]);
}

/** The effects that take others back; undefined when a content that goes away is not known. */
export function reverseEffects(
  effects: readonly FileEffect[],
): readonly Planned[] | undefined {
  const reversed: Planned[] = [];
  for (const { target, path, before, after } of effects) {
    if (before !== undefined && before.bytes === undefined) return undefined;
    reversed.push({
      target,
      path,
      ...(after !== undefined && { before: { bytes: after } }),
      ...(before?.bytes !== undefined && {
        after: before.bytes,
        mode: before.stat.mode,
      }),
    });
  }
  return reversed;
}

/** Writes what renderPlanned() described and resolves to its summary. Throws ToolError. */
export async function writePlanned(
  host: Host,
  planned: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const end = planned.indexOf(0x0a);
  const head = new TextDecoder().decode(planned.subarray(0, Math.max(end, 0)));
  const { summary, changes, prune } = parseHeader(head);
  const effects: FileEffect[] = [];
  const leaving = new Set(
    changes.filter(({ bytes, before }) => bytes === undefined || before?.link)
      .map(({ target }) => target),
  );
  let at = end + 1;
  for (const change of changes) {
    const size = change.bytes ?? 0;
    const after = planned.subarray(at, at + size);
    if (after.length < size) {
      throw new ToolError("Cannot read the planned patch: it is cut off");
    }
    at += size;
    effects.push(
      await readEffect(host.files, change, {
        after,
        clearsFolders: prune !== undefined,
        leaving,
      }),
    );
  }
  const clearsFolders = prune !== undefined;
  await writeEffects(host, effects, { clearsFolders });
  if (prune !== undefined) await pruneFolders(host.files, effects, prune);
  return summary;
}

// As git does: a folder is there for what lies in it.
async function pruneFolders(
  files: Files,
  effects: readonly FileEffect[],
  top: string,
): Promise<void> {
  for (const { target, after } of effects) {
    if (after !== undefined) continue;
    let folder = dirname(target);
    while (folder !== top && isInside(folder, top)) {
      // A file may have taken its place.
      if ((await files.lstat(folder))?.isDirectory !== true) break;
      const isGone = await files.remove(folder).then(() => true, () => false);
      if (!isGone) break;
      folder = dirname(folder);
    }
  }
}

function parseHeader(text: string): z.infer<typeof Header> {
  try {
    return Header.parse(JSON.parse(text));
  } catch {
    throw new ToolError(
      "Cannot read the planned patch: its first line is not JSON of ours",
    );
  }
}

// Nothing may have changed since it was shown: neither the file nor what leads to it.
async function readEffect(
  files: Files,
  { target, path, before, bytes, mode, link: isLink, program }: Change,
  { after, clearsFolders, leaving }: {
    readonly after: Uint8Array<ArrayBuffer>;
    readonly clearsFolders: boolean;
    /** What is put aside before anything is written. */
    readonly leaving: ReadonlySet<string>;
  },
): Promise<FileEffect> {
  const verb = bytes === undefined ? "delete" : "write";
  const changed = new ToolError(
    `Failed to ${verb} file ${path}: it has changed since the patch was read; send the patch again`,
  );
  // Behind a link that goes away there is nothing of ours.
  const isBehind = ancestors(dirname(target)).some((at) => leaving.has(at));
  const found = isBehind ? undefined : await files.lstat(target);
  const isFolder = clearsFolders && found?.isDirectory === true;
  const link = isFolder ? undefined : found;
  if (await leadsElsewhere(files, target, leaving)) throw changed;
  const wasLink = before?.link ?? false;
  if (before?.link !== undefined && wasLink !== link?.isSymlink) throw changed;
  if (link?.isSymlink === true && bytes !== undefined && !wasLink) {
    throw changed;
  }
  if ((link === undefined) !== (before === undefined)) throw changed;
  const stat = link === undefined || wasLink
    ? link
    : await files.stat(target) ?? link;
  let known: Uint8Array<ArrayBuffer> | undefined;
  if (before?.sha256 !== undefined) {
    known = wasLink
      ? new TextEncoder().encode(await files.readLink(target))
      : await files.readBytes(target);
    if (sha256Hex(known) !== before.sha256) throw changed;
  }
  return {
    target,
    path,
    ...(stat !== undefined && {
      before: { stat, ...(known !== undefined && { bytes: known }) },
    }),
    ...(bytes !== undefined && { after }),
    ...(mode !== undefined && { mode }),
    ...(isLink && { isLink }),
    ...(program && { isProgram: program }),
  };
}

// What goes away itself, a link with files to come in its place, leads nowhere any more.
async function leadsElsewhere(
  files: Files,
  target: string,
  leaving: ReadonlySet<string>,
): Promise<boolean> {
  let folder = dirname(target);
  while (
    folder !== "/" &&
    (leaving.has(folder) || await files.lstat(folder) === undefined)
  ) {
    folder = dirname(folder);
  }
  const real = await files.realPath(folder).catch(() => undefined);
  return real !== folder;
}
