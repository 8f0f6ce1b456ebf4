/** The number that tells batches of the same tasks apart: one that is under way keeps its own. */
import { sessionIdOf } from "../../batch/identity.ts";
import type { Shard } from "../../batch/plan.ts";
import type { Task } from "../../batch/tasks.ts";
import { errorCode, isAbsent } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { listSessionFiles } from "../../session/log/files.ts";

interface Claim {
  readonly codexHome: string;
  /** Of the tasks. */
  readonly seed: string;
  readonly shard: Shard | undefined;
  /** Folder of the batch, which says whose a claim is. */
  readonly folder: string;
}

/** The first number that no session here and no other batch under way has. */
export async function claimRun(
  host: Host,
  claim: Claim,
  tasks: readonly Task[],
): Promise<number> {
  const { seed } = claim;
  const files = await listSessionFiles(host.files, claim.codexHome);
  const taken = new Set(files.map(({ id }) => id));
  const isTaken = (run: number): boolean =>
    tasks.some(({ index }) =>
      taken.has(sessionIdOf({ seed, run, index, attempt: 1 }))
    );
  let run = 1;
  while (isTaken(run) || !await isClaimed(host, claim, run)) run++;
  return run;
}

/** Gives the number back: by now there are sessions that have it. */
export async function releaseRun(
  { files }: Pick<Host, "files">,
  claim: Claim,
  run: number,
): Promise<void> {
  const owner = await files.readText(claimPath(claim, run)).catch(() => "");
  if (owner === claim.folder) await files.remove(claimPath(claim, run));
}

async function isClaimed(
  { files }: Pick<Host, "files">,
  claim: Claim,
  run: number,
): Promise<boolean> {
  const path = claimPath(claim, run);
  await files.mkdir(`${claim.codexHome}/batch`, { mode: 0o700 });
  try {
    await files.write(path, claim.folder, { mode: 0o600, exclusive: true });
    return true;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  // One that was killed before it had written its journal.
  const owner = await files.readText(path).catch((error) => {
    if (isAbsent(error)) return "";
    throw error;
  });
  return owner === claim.folder;
}

function claimPath({ codexHome, seed, shard }: Claim, run: number): string {
  const part = shard === undefined ? "" : `-${shard.index}-${shard.count}`;
  return `${codexHome}/batch/run-${seed}-${run}${part}`;
}
