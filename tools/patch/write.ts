/** Brings a planned patch to the disk: all of it, or nothing. */
import {
  errorCode,
  errorReason,
  errorText,
  ToolError,
} from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { dirname } from "../../core/util/path.ts";
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
): Promise<void> {
  const undo: Undo[] = [];
  const aside: string[] = [];
  let path = "";
  try {
    for (const effect of effects) {
      path = effect.path;
      if (effect.after === undefined) {
        aside.push(await putAside(host, effect.target, undo));
      }
    }
    const writes: Write[] = [];
    for (const effect of effects) {
      path = effect.path;
      if (effect.after !== undefined) {
        writes.push(await stage(host, effect, effect.after, undo));
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

async function putAside(
  host: Host,
  target: string,
  undo: Undo[],
): Promise<string> {
  const stash = siblingOf(host, target);
  await host.files.rename(target, stash);
  undo.push(() => host.files.rename(stash, target));
  return stash;
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
    await writeSibling(host, staged, after, effect.mode);
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
}

async function replace(
  host: Host,
  effect: FileEffect,
  bytes: Bytes,
): Promise<void> {
  const sibling = siblingOf(host, effect.target);
  await writeSibling(host, sibling, bytes, effect.before?.stat.mode);
  await host.files.rename(sibling, effect.target);
}

// Without a mode the file is new and the umask decides.
async function writeSibling(
  host: Host,
  path: string,
  bytes: Bytes,
  mode: number | undefined,
): Promise<void> {
  const options = mode === undefined ? {} : { mode };
  await host.files.write(path, bytes, { exclusive: true, ...options });
  if (mode === undefined) return;
  const made = await host.files.lstat(path);
  if (made?.mode !== mode) await host.files.chmod(path, mode);
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
