/** Part of a planned patch on its way to the process that writes it: exactly what was shown. */
import * as z from "zod/mini";
import { ToolError } from "../../core/protocol/error.ts";
import type { Files, Host } from "../../core/protocol/host.ts";
import { sha256Hex } from "../../core/util/sha256.ts";
import { dirname } from "../../core/util/path.ts";
import type { FileEffect } from "./plan.ts";
import { writeEffects } from "./write.ts";
import { concatBytes } from "../../core/util/bytes.ts";

const Change = z.object({
  target: z.string(),
  path: z.string(),
  /** What is there: absent for nothing, `sha256` absent where nobody read it. */
  before: z.optional(z.object({ sha256: z.optional(z.string()) })),
  /** Length of the new content; absent, the file goes away. */
  bytes: z.optional(z.int().check(z.minimum(0))),
  mode: z.optional(z.int()),
});
const Header = z.object({ summary: z.string(), changes: z.array(Change) });
type Change = z.infer<typeof Change>;

/** A change of one file, as far as the process that makes it needs to know. */
type Planned = Pick<FileEffect, "target" | "path" | "after" | "mode"> & {
  readonly before?: { readonly bytes?: Uint8Array };
};

/** One line of JSON, then the new contents one after the other. */
export function renderPlanned(
  effects: readonly Planned[],
  summary: string,
): Uint8Array<ArrayBuffer> {
  const changes = effects.map(({ target, path, before, after, mode }) => ({
    target,
    path,
    ...(before !== undefined && {
      before: before.bytes === undefined
        ? {}
        : { sha256: sha256Hex(before.bytes) },
    }),
    ...(after !== undefined && { bytes: after.length }),
    ...(mode !== undefined && { mode }),
  }));
  const head = `${JSON.stringify({ summary, changes })}\n`;
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
  const { summary, changes } = parseHeader(head);
  const effects: FileEffect[] = [];
  let at = end + 1;
  for (const change of changes) {
    const size = change.bytes ?? 0;
    const after = planned.subarray(at, at + size);
    if (after.length < size) {
      throw new ToolError("Cannot read the planned patch: it is cut off");
    }
    at += size;
    effects.push(await readEffect(host.files, change, after));
  }
  await writeEffects(host, effects);
  return summary;
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
  { target, path, before, bytes, mode }: Change,
  after: Uint8Array<ArrayBuffer>,
): Promise<FileEffect> {
  const verb = bytes === undefined ? "delete" : "write";
  const changed = new ToolError(
    `Failed to ${verb} file ${path}: it has changed since the patch was read; send the patch again`,
  );
  const link = await files.lstat(target);
  if (await leadsElsewhere(files, target)) throw changed;
  if (link?.isSymlink === true && bytes !== undefined) throw changed;
  if ((link === undefined) !== (before === undefined)) throw changed;
  const stat = link === undefined
    ? undefined
    : await files.stat(target) ?? link;
  let known: Uint8Array<ArrayBuffer> | undefined;
  if (before?.sha256 !== undefined) {
    known = await files.readBytes(target);
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
  };
}

async function leadsElsewhere(files: Files, target: string): Promise<boolean> {
  let folder = dirname(target);
  while (folder !== "/" && await files.lstat(folder) === undefined) {
    folder = dirname(folder);
  }
  return await files.realPath(folder) !== folder;
}
