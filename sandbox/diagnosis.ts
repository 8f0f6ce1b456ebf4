/** Every back end tried, for `rondo doctor`. */
import { describeEnforced } from "./status.ts";
import { type BackendAttempt, tryBackends } from "./probe/candidates.ts";
import { type ProbeHost, STRICTEST } from "./probe/probe.ts";

export interface Diagnosis {
  /** From strong to weak. */
  readonly attempts: readonly (Omit<BackendAttempt, "backend"> & {
    /** What it would hold in workspace-write with the network closed. */
    readonly enforces: readonly string[];
  })[];
  /** Name of the back end that commands would run under; `none` when all failed. */
  readonly chosen: string;
}

/** Runs every attempt, also those below the first that holds. */
export async function runDiagnosis(host: ProbeHost): Promise<Diagnosis> {
  const attempts = await tryBackends(host, {
    choice: "auto",
    isComplete: true,
  });
  return {
    attempts: attempts.map(({ backend, ...attempt }) => ({
      ...attempt,
      enforces: backend === undefined ? [] : describeEnforced(backend, {
        ...STRICTEST,
        mode: "workspace-write",
      }),
    })),
    chosen: attempts.find(({ isProved }) => isProved)?.name ?? "none",
  };
}
