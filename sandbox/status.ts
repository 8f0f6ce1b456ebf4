/** What a back end enforces of a plan, for consumers and the model. Pure. */
import type { SandboxStatus } from "../core/protocol/policy.ts";
import { unreachable } from "../core/util/assert.ts";
import { type Backend, loopbackOf } from "./backends/backend.ts";
import type { SandboxPlan } from "./plan/plan.ts";

// Landlock scopes signals from this version on.
const ABI_SIGNALS = 6;

/** The capabilities that are really held, by the words of SandboxReceipt. */
export function describeEnforced(
  backend: Backend,
  plan: SandboxPlan,
): readonly string[] {
  const network = [
    ...(plan.networkAccess ? [] : ["tcp", "udp"]),
    ...(plan.unixSockets ? [] : ["unix_sockets"]),
  ];
  const hides = plan.mounts.some(({ kind, isPrivate }) =>
    kind.startsWith("hidden") && !isPrivate
  );
  const reads = hides || plan.readable !== undefined ? ["fs_read"] : [];
  switch (backend.kind) {
    case "bwrap": {
      // With the host's /proc its processes can be seen, if not touched.
      const pids = backend.features.ownProc ? ["pids"] : [];
      return ["fs_write", ...reads, "metadata", ...network, "signals", ...pids];
    }
    case "seatbelt":
      return ["fs_write", ...reads, "metadata", ...network, "signals"];
    case "landlock": {
      const { abi = 1, abiMax = abi } = backend;
      return [
        "fs_write",
        ...reads,
        ...(plan.mode === "read-only" ? ["metadata"] : []),
        ...network,
        ...(Math.min(abi, abiMax) >= ABI_SIGNALS ? ["signals"] : []),
      ];
    }
    default:
      return unreachable(backend);
  }
}

/** The status of a confined policy. */
export function buildStatus(
  backend: Backend,
  plan: SandboxPlan,
  failures: string,
): SandboxStatus {
  const weak = backend.kind === "bwrap" && !backend.features.networkNamespace &&
      !plan.networkAccess
    ? ["no private network: all sockets are closed, also to this machine"]
    : [];
  const notes = [failures, ...weak, ...plan.notes, ...gaps(backend, plan)];
  // What Git may write in a repository is no root of its own.
  return {
    mode: plan.mode,
    backend: backend.name,
    enforces: describeEnforced(backend, plan),
    note: notes.filter((note) => note !== "").join("; "),
    loopback: loopbackOf(backend, plan),
    writable: plan.mounts.filter(({ kind, path }) =>
      kind === "writable" && !path.includes("/.git/") &&
      !path.endsWith("/.git") &&
      (backend.kind !== "landlock" || plan.plainRoots.includes(path))
    ).map(({ path }) => path),
  };
}

function gaps(backend: Backend, plan: SandboxPlan): string[] {
  if (plan.mode === "read-only" || backend.kind !== "landlock") return [];
  const dropped = plan.mounts.filter(({ kind, path }) =>
    kind === "writable" && !plan.plainRoots.includes(path)
  );
  return [
    "of .git only what can run code is restored after a command, the rest is writable",
    ...dropped.map(({ path }) =>
      `${path} is not writable: it holds files of this program`
    ),
  ];
}
