/** Brings a planned patch to the disk: all of it, or nothing. */
import {
  errorCode,
  errorReason,
  errorText,
  ToolError,
} from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { dirname, isInside } from "../../core/util/path.ts";
import type { FileEffect } from "./plan.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Undo = () => Promise<void>;

/** A written file: `staged` waits beside it, or is absent when it is written in place. */
interface Write {
  readonly effect: FileEffect;
  readonly after: Bytes;
  readonly staged?: string;
}

/** Refusals that a write into the existing file may still get around. */
const NO_SIBLING = new Set(["EACCES", "EPERM", "EROFS", "EBUSY", "EXDEV"]);

/**
 * Puts removed files aside, writes every new content beside its file and then renames,
 * so that an error finds the old files still there. Throws ToolError after putting
 * everything back.
 */
export async function writeEffects(
  host: Host,
  effects: readonly FileEffect[],
  options: {
    /** A file may take the place of a folder that the effects leave empty. */
    readonly clearsFolders?: boolean;
  } = {},
): Promise<void> {
  const undo: Undo[] = [];
  const aside: string[] = [];
  let path = "";
  try {
    for (const effect of effects) {
      path = effect.path;
      if (effect.after === undefined || isExchanged(effect)) {
        aside.push(await putAside(host, effect.target, { effects, undo }));
      }
    }
    const writes: Write[] = [];
    for (const effect of effects) {
      path = effect.path;
      if (effect.after !== undefined) {
        if (options.clearsFolders) await clearFolder(host, effect.target, undo);
        const { before: _, ...fresh } = effect;
        const meant = isExchanged(effect) ? fresh : effect;
        writes.push(await stage(host, meant, effect.after, undo));
      }
    }
    for (const write of writes) {
      path = write.effect.path;
      await commit(host, write, undo);
    }
    path = effects.find((effect) => effect.after === undefined)?.path ?? "";
    await throwAway(host, aside);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const effect = effects.find((one) => one.path === path);
    const verb = effect?.after === undefined ? "delete" : "write";
    const left = await putBack(undo);
    throw new ToolError(
      `Failed to ${verb} file ${path}: ${errorReason(error)}${left}`,
    );
  }
}

// A link gives way as an entry, to a file or another link; what it leads to stays.
function isExchanged({ before, after, isLink }: FileEffect): boolean {
  return before !== undefined && after !== undefined &&
    (isLink === true || before.stat.isSymlink);
}

async function putAside(
  host: Host,
  target: string,
  { effects, undo }: {
    readonly effects: readonly FileEffect[];
    readonly undo: Undo[];
  },
): Promise<string> {
  // A file may be about to take the place of the folder.
  const above = effects.find((one) =>
    one.after !== undefined && isInside(dirname(target), one.target)
  );
  const stash = siblingOf(host, above?.target ?? target);
  await host.files.rename(target, stash);
  undo.push(() => host.files.rename(stash, target));
  return stash;
}

// Folders that nothing is left in, where a file is to be.
async function clearFolder(
  host: Host,
  target: string,
  undo: Undo[],
): Promise<void> {
  const stat = await host.files.lstat(target);
  if (stat?.isDirectory !== true) return;
  for (const { name } of await host.files.list(target)) {
    await clearFolder(host, `${target}/${name}`, undo);
  }
  await host.files.remove(target);
  undo.push(() => host.files.mkdir(target, { mode: stat.mode }));
}

// Until the first one is gone everything can still be put back.
async function throwAway(
  host: Host,
  aside: readonly string[],
): Promise<void> {
  const [first, ...others] = aside;
  if (first !== undefined) await host.files.remove(first);
  const results = await Promise.allSettled(
    others.map((stash) => host.files.remove(stash)),
  );
  const left = others.filter((_, at) => results[at]?.status === "rejected");
  if (left.length === 0) return;
  throw new ToolError(
    `Cannot remove ${
      left.join(", ")
    }: the patch is applied, these must be removed by hand`,
  );
}

async function stage(
  host: Host,
  effect: FileEffect,
  after: Bytes,
  undo: Undo[],
): Promise<Write> {
  await makeParents(host, effect.target, undo);
  const { before, target } = effect;
  if (before !== undefined) {
    // A rename would get around the file's own permissions; opening it does not.
    (await host.files.openAppend(target)).close();
    // And it would make the file ours, which is wrong for root in somebody's folder.
    if (before.stat.uid !== host.uid) return { effect, after };
  }
  const staged = siblingOf(host, target);
  undo.push(() => removeIfThere(host, staged));
  try {
    await writeSibling(host, staged, after, effect);
  } catch (error) {
    if (!mayGoInPlace(error, effect)) throw error;
    await removeIfThere(host, staged);
    return { effect, after };
  }
  return { effect, after, staged };
}

async function commit(
  host: Host,
  write: Write,
  undo: Undo[],
): Promise<void> {
  const { effect, after, staged } = write;
  const { target, before } = effect;
  const restored = before?.bytes;
  if (staged !== undefined) {
    try {
      await host.files.rename(staged, target);
      undo.push(() =>
        restored === undefined
          ? host.files.remove(target)
          : replace(host, effect, restored)
      );
      return;
    } catch (error) {
      // A file mounted by itself cannot be renamed over.
      if (!mayGoInPlace(error, effect)) throw error;
    }
    await removeIfThere(host, staged);
  }
  if (restored !== undefined) {
    undo.push(() => host.files.write(target, restored));
  }
  await host.files.write(target, after);
  const { mode } = effect;
  if (before === undefined || mode === undefined) return;
  if (mode === before.stat.mode) return;
  undo.push(() => host.files.chmod(target, before.stat.mode));
  await host.files.chmod(target, mode);
}

async function replace(
  host: Host,
  effect: FileEffect,
  bytes: Bytes,
): Promise<void> {
  const sibling = siblingOf(host, effect.target);
  const mode = effect.before?.stat.mode;
  await writeSibling(host, sibling, bytes, mode === undefined ? {} : { mode });
  await host.files.rename(sibling, effect.target);
}

// Without a mode the file is new and the umask decides.
async function writeSibling(
  host: Host,
  path: string,
  bytes: Bytes,
  { mode, isLink, isProgram }: Pick<
    FileEffect,
    "mode" | "isLink" | "isProgram"
  >,
): Promise<void> {
  if (isLink) {
    return await host.files.symlink(new TextDecoder().decode(bytes), path);
  }
  const options = mode === undefined ? {} : { mode };
  await host.files.write(path, bytes, { exclusive: true, ...options });
  if (mode === undefined && !isProgram) return;
  const made = (await host.files.lstat(path))?.mode ?? 0;
  const wanted = mode ?? (made | ((made & 0o444) >> 2));
  if (made !== wanted) await host.files.chmod(path, wanted);
}

async function makeParents(
  host: Host,
  target: string,
  undo: Undo[],
): Promise<void> {
  const missing: string[] = [];
  for (
    let parent = dirname(target);
    parent !== "/" && await host.files.lstat(parent) === undefined;
    parent = dirname(parent)
  ) missing.unshift(parent);
  for (const folder of missing) {
    await host.files.mkdir(folder);
    undo.push(() => host.files.remove(folder));
  }
}

// In reverse, as far as it goes: one step that fails does not keep back the others.
async function putBack(undo: readonly Undo[]): Promise<string> {
  const failures: string[] = [];
  for (const step of undo.toReversed()) {
    try {
      await step();
    } catch (error) {
      failures.push(errorText(error));
    }
  }
  if (failures.length === 0) return "";
  return `; and not everything could be put back: ${failures.join("; ")}`;
}

function mayGoInPlace(error: unknown, effect: FileEffect): boolean {
  return effect.before?.bytes !== undefined &&
    NO_SIBLING.has(errorCode(error) ?? "");
}

async function removeIfThere(host: Host, path: string): Promise<void> {
  if (await host.files.lstat(path) !== undefined) await host.files.remove(path);
}

// A name of its own: nothing that is there is overwritten, and long names still fit.
function siblingOf(host: Host, target: string): string {
  return `${dirname(target)}/.rondo-${host.newId()}.tmp`.replace("//", "/");
}
