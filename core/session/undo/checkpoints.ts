/** Files as they were before each turn, kept outside git, so that a turn can be taken back. */
import type { Host } from "../../protocol/host.ts";
import type { CheckpointOptions, Checkpoints } from "./words.ts";

export type { Checkpoints } from "./words.ts";

/** The checkpoints of a thread. Nothing is loaded, read or written before the first call. */
export function createCheckpoints(
  host: Host,
  options: CheckpointOptions,
): Checkpoints {
  let disk: Promise<Checkpoints> | undefined;
  const load = (): Promise<Checkpoints> =>
    disk ??= import("./disk_checkpoints.ts")
      .then(({ DiskCheckpoints }) => new DiskCheckpoints(host, options));
  return {
    beforeChange: async (...args) => await (await load()).beforeChange(...args),
    beforeProgram: async (...args) =>
      await (await load()).beforeProgram(...args),
    // What never began has nothing to end.
    commit: async (...args) => await (await disk)?.commit(...args),
    countSince: async (...args) => await (await load()).countSince(...args),
    preview: async (...args) => await (await load()).preview(...args),
    undo: async (...args) => await (await load()).undo(...args),
  };
}
