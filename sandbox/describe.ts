/** A plan in words, for `policy explain`. Pure. */
import { unreachable } from "../core/util/assert.ts";
import type { Backend } from "./backends/backend.ts";
import type { Mount, SandboxPlan } from "./plan/plan.ts";

/** One sentence for each thing the sandbox does. */
export function describePlanLines(
  backend: Backend,
  plan: SandboxPlan,
): readonly string[] {
  return [
    `Back end: ${backend.name}`,
    ...(plan.readable === undefined
      ? ["Readable: everything that is not hidden below"]
      : plan.readable.map(({ path }) => `Readable: ${path}`)),
    ...(backend.kind === "landlock"
      ? describePlain(plan)
      : describeMounts(plan.mounts)),
    ...plan.absent.map((path) =>
      backend.kind === "seatbelt"
        ? `Cannot be created: ${path}`
        : `Disarmed or moved aside when a command creates it: ${path}`
    ),
    plan.networkAccess ? "Network: open" : "Network: closed",
    plan.unixSockets ? "Unix sockets: open" : "Unix sockets: closed",
    ...(backend.kind === "bwrap" ? plan.closedSockets ?? [] : [])
      .map(({ path }) => `Closed: ${path}`),
    ...[...plan.notes, ...plan.unprotected].map((note) => `Note: ${note}`),
  ];
}

function describeMounts(mounts: readonly Mount[]): string[] {
  if (!mounts.some(({ kind }) => kind === "writable")) {
    return ["Writable: nothing", ...mounts.map(describeMount)];
  }
  return mounts.map(describeMount);
}

function describeMount({ kind, path }: Mount): string {
  switch (kind) {
    case "writable":
      return `Writable: ${path}`;
    case "pinned":
      return `Writable, but cannot be renamed: ${path}`;
    case "read-only":
      return `Read-only: ${path}`;
    case "hidden-file":
      return `Hidden file: ${path}`;
    case "hidden-folder":
      return `Hidden folder: ${path}`;
    default:
      return unreachable(kind);
  }
}

function describePlain({ plainRoots, fullGuard }: SandboxPlan): string[] {
  const roots = plainRoots.map((path) => `Writable: ${path}`);
  return [
    ...(roots.length === 0 ? ["Writable: nothing"] : roots),
    ...fullGuard.map(({ path }) => `Restored after each command: ${path}`),
  ];
}
