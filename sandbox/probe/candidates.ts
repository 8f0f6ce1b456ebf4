/** The back ends from strong to weak, each proved by running it; the first that holds is used. */
import type { Backend } from "../backends/backend.ts";
import { errorText } from "../../core/protocol/error.ts";
import { enterTestNetwork } from "../network/network.ts";
import { hintFor } from "./hints.ts";
import { BWRAP_PATHS, type BwrapFeatures } from "../backends/bwrap.ts";
import {
  findFirst,
  type ProbeHost,
  type ProbeTarget,
  readTarget,
  removeTarget,
  runProbe,
} from "./probe.ts";

/**
 * `bwrap` is any of its forms, a longer name that form alone; `none` runs commands
 * plainly, because somebody said so.
 */
export type BackendChoice =
  | "auto"
  | "bwrap"
  | "bwrap-landlock"
  | "bwrap-noproc"
  | "bwrap-nouserns"
  | "landlock"
  | "none";

/** One attempt: a back end, and what came of it. */
export interface BackendAttempt {
  readonly name: Backend["name"];
  readonly isProved: boolean;
  /** Why not, or not in full, in the words of what failed. */
  readonly detail: string;
  /** What would help; empty when nothing is known to. */
  readonly hint: string;
  /** Set when proved. */
  readonly backend?: Backend;
}

interface TryOptions {
  readonly choice: BackendChoice;
  /** Continues after the first success, to say of every back end whether it would hold. */
  readonly isComplete?: boolean;
  /** Leaves out the user namespace: for root in folders of others. */
  readonly skipsUserNamespace?: boolean;
  /** Newest version of Landlock to use; for tests of older kernels. */
  readonly landlockAbiMax?: number;
}

interface Candidate {
  readonly backend: Backend;
  /** Tried only when one before it failed for its network alone. */
  readonly isForNetwork?: boolean;
}

/** Tries the back ends in order; the last one says whether any held. */
export async function tryBackends(
  host: ProbeHost,
  options: TryOptions,
): Promise<readonly BackendAttempt[]> {
  if (options.choice === "none" || host.os === "windows") return [];
  const target = await readTarget(host);
  const attempts: BackendAttempt[] = [];
  try {
    for (const candidate of await findCandidates(host, options, attempts)) {
      const hasNetworkTrouble = attempts.some(({ isProved, detail }) =>
        !isProved && /loopback|RTM_NEW/i.test(detail)
      );
      if (candidate.isForNetwork && !hasNetworkTrouble) continue;
      const attempt = await tryBackend(host, candidate.backend, target);
      attempts.push(attempt);
      if (attempt.isProved && !options.isComplete) break;
    }
  } finally {
    await removeTarget(host, target);
  }
  return attempts;
}

/** The strongest one that was proved. */
export function findProved(
  attempts: readonly BackendAttempt[],
): Backend | undefined {
  return attempts.find(({ isProved }) => isProved)?.backend;
}

/**
 * What failed before, in one line; empty when the first one held in full. What helps against
 * several is said once, behind the last of them.
 */
export function describeFailures(attempts: readonly BackendAttempt[]): string {
  const failed = attempts.filter(({ detail }) => detail !== "");
  return failed.map(({ name, detail, hint }, at) => {
    const isSaidLater = failed.slice(at + 1).some((one) => one.hint === hint);
    const help = hint === "" || isSaidLater ? "" : ` (${hint})`;
    return `${name}: ${detail}${help}`;
  }).join("; ");
}

async function tryBackend(
  host: ProbeHost,
  backend: Backend,
  target: ProbeTarget,
): Promise<BackendAttempt> {
  const sharing = await trySharing(host, backend, target);
  if (sharing?.backend !== undefined) return sharing;
  const { isProved, detail, abi } = await runProbe(host, backend, target);
  const { name, kind } = backend;
  const hint = isProved ? "" : hintFor(kind, detail);
  if (!isProved) return { name, isProved, detail, hint };
  const proved = backend.kind === "landlock"
    ? { ...backend, ...(abi === undefined ? {} : { abi }) }
    : backend;
  return {
    ...{ name, isProved, hint, backend: proved },
    detail: sharing === undefined ? "" : sharing.detail,
  };
}

// The same attempts, in a network that other commands can enter, too.
async function trySharing(
  host: ProbeHost,
  backend: Backend,
  target: ProbeTarget,
): Promise<BackendAttempt | undefined> {
  const { name } = backend;
  if (
    backend.kind !== "bwrap" || !backend.features.networkNamespace ||
    host.holdNamespace === undefined
  ) return undefined;
  const features = { ...backend.features, sharesNetwork: true };
  let reason: string;
  try {
    const entry = await enterTestNetwork(host, features);
    const result = await runProbe(host, backend, target, entry);
    const proved = { ...backend, features };
    if (result.isProved) {
      return { name, isProved: true, detail: "", hint: "", backend: proved };
    }
    reason = result.detail;
  } catch (error) {
    reason = errorText(error);
  }
  const detail = `commands cannot share a loopback: ${reason}`;
  return { name, isProved: false, detail, hint: "" };
}

async function findCandidates(
  host: ProbeHost,
  options: TryOptions,
  attempts: BackendAttempt[],
): Promise<Candidate[]> {
  if (host.os === "darwin") {
    return [{ backend: { kind: "seatbelt", name: "seatbelt" } }];
  }
  const { choice, landlockAbiMax: abiMax } = options;
  const bwrap = choice === "landlock"
    ? []
    : await findBwrap(host, options, attempts);
  const landlock: Candidate = {
    backend: {
      kind: "landlock",
      name: "landlock",
      ...(abiMax === undefined ? {} : { abiMax }),
    },
  };
  if (choice === "auto" || choice === "landlock") return [...bwrap, landlock];
  return bwrap.filter(({ backend }) => backend.name.startsWith(choice));
}

async function findBwrap(
  host: ProbeHost,
  options: TryOptions,
  attempts: BackendAttempt[],
): Promise<Candidate[]> {
  const program = await findFirst(host.files, BWRAP_PATHS);
  if (program === undefined) {
    const detail = "bubblewrap is not installed";
    const hint = hintFor("bwrap", detail);
    attempts.push({ name: "bwrap", isProved: false, detail, hint });
    return [];
  }
  const shapes = [
    ...(options.skipsUserNamespace ? [] : [true]),
    ...(host.uid === 0 ? [false] : []),
  ].flatMap((userNamespace) =>
    [true, false].map((ownProc) => ({ userNamespace, ownProc }))
  );
  return [true, false].flatMap((networkNamespace) =>
    shapes.map((shape): Candidate => ({
      backend: nameBwrap({
        program,
        ...shape,
        networkNamespace,
        hasLandlock: options.choice === "bwrap-landlock",
      }),
      isForNetwork: !networkNamespace,
    }))
  );
}

function nameBwrap(features: BwrapFeatures): Backend {
  const { userNamespace, ownProc, hasLandlock } = features;
  const name = hasLandlock
    ? "bwrap-landlock"
    : !userNamespace
    ? "bwrap-nouserns"
    : ownProc
    ? "bwrap"
    : "bwrap-noproc";
  return { kind: "bwrap", name, features };
}
