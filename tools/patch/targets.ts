/** Where a patch would really write: links resolved, in the words of the sandbox policy. */
import type { Files } from "../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { writableRoots } from "../../core/policy/writable.ts";
import { isInside } from "../../core/util/path.ts";
import type { FileEffect, PatchPlan } from "./plan.ts";

interface Target {
  readonly effect: FileEffect;
  /** The real path; below a writable folder it begins as the policy spells that folder. */
  readonly path: string;
}

export async function findTargets(
  files: Pick<Files, "realPath">,
  plan: PatchPlan,
  policy: SandboxPolicy,
  places: Parameters<typeof writableRoots>[1],
): Promise<readonly Target[]> {
  const roots = writableRoots(policy, places);
  const folders = roots === "everything" ? [places.workspace] : roots;
  const known = await Promise.all(folders.map(async (named) => ({
    named,
    real: await files.realPath(named).catch(() => named),
  })));
  return plan.effects.map((effect) => {
    const inside = known.find(({ real }) => isInside(effect.target, real));
    const path = inside === undefined
      ? effect.target
      : inside.named + effect.target.slice(inside.real.length);
    return { effect, path };
  });
}

/** What the patch calls the files that links lead away from it, by their real path. */
export function namedTargets(
  targets: readonly Target[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    targets.filter(({ effect, path }) => effect.path !== path)
      .map(({ effect, path }) => [path, effect.path]),
  );
}
