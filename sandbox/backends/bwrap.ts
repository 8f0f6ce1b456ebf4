/** Plan -> command line of bubblewrap. Pure; the order of its options is the policy. */
import { REPORT, type SpawnArgument } from "../../core/protocol/host.ts";
import { unreachable } from "../../core/util/assert.ts";
import type { Mount, SandboxPlan } from "../plan/plan.ts";
import { AF, buildSeccompFilter } from "./seccomp.ts";
import type { Arch } from "./syscalls.ts";

/** What of bubblewrap works on this machine. */
export interface BwrapFeatures {
  /** Absolute path of the program. */
  readonly program: string;
  /** A user namespace; without it only root can build the rest. */
  readonly userNamespace: boolean;
  /** A /proc of its own, which masked ones (in containers) forbid. */
  readonly ownProc: boolean;
  /** A private network; without it the filter closes all sockets. */
  readonly networkNamespace: boolean;
  /** Several commands can be in one such network: proved. */
  readonly sharesNetwork?: boolean;
  /** Landlock as a second layer inside; costs a start of this program. */
  readonly hasLandlock?: boolean;
}

/** The only places bubblewrap is taken from: never from PATH, never from a workspace. */
export const BWRAP_PATHS: readonly string[] = [
  "/usr/bin/bwrap",
  "/bin/bwrap",
  "/usr/local/bin/bwrap",
  "/run/current-system/sw/bin/bwrap",
];

// For root in a folder of somebody else: write, and keep owners as they are.
const OWNER_CAPABILITIES = ["CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_CHOWN"];

/**
 * What bwrap itself starts with, beside the mark of the command. The command's variables are set inside: LD_PRELOAD and its
 * kin would load code of the workspace into bwrap, before there is a sandbox.
 */
export const BWRAP_ENV: Readonly<Record<string, string>> = {};

// Only what leads no session can begin one without a fork, and Ctrl-C must not reach bwrap.
const TAKES_TERMINAL = ["/usr/bin/setsid", "-c"];

/** Whether the report says that the command was reached, whatever became of it. */
export function wasStarted(report: string): boolean {
  return report.includes('"exit-code"');
}

/** The first process inside, by the number it has out here; it becomes ours when bwrap ends. */
export function innerPid(report: string | undefined): number | undefined {
  const pid = /"child-pid": (\d+)/.exec(report ?? "")?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** Arguments of bwrap that run `argv` under the plan, and report to the caller. */
export function buildBwrapArguments(
  plan: SandboxPlan,
  features: BwrapFeatures,
  run: {
    readonly argv: readonly SpawnArgument[];
    readonly env: Readonly<Record<string, string>>;
    readonly arch: Arch;
    /** Of its own, which its session is to begin with. */
    readonly hasTerminal?: boolean;
    /** It is started in a network without a way out. */
    readonly hasNetwork?: boolean;
  },
): readonly SpawnArgument[] {
  return [
    "--args",
    renderEnv(run.env),
    "--json-status-fd",
    REPORT,
    ...(run.hasTerminal ? [] : ["--new-session"]),
    "--die-with-parent",
    ...renderBase(plan, features),
    ...plan.mounts.flatMap(renderMount),
    ...(plan.closedSockets ?? []).flatMap(({ kind, path }) =>
      renderMount({ kind: `hidden-${kind}`, path })
    ),
    ...renderNamespaces(plan, features, run),
    ...renderProc(features),
    ...(plan.readable === undefined
      ? []
      : ["--dir", plan.cwd, "--remount-ro", "/"]),
    ...renderCapabilities(plan, features),
    "--chdir",
    plan.cwd,
    "--seccomp",
    buildSeccompFilter({
      arch: run.arch,
      families: socketFamilies(plan, features.networkNamespace),
      ownPids: true,
      ownIpc: true,
      denyMetadata: false,
    }),
    "--",
    ...(run.hasTerminal ? TAKES_TERMINAL : []),
    ...run.argv,
  ];
}

/**
 * Families that commands may open sockets of. A private network leaves the internet ones
 * open, so that tests can talk to their own servers; unix sockets by path cross it.
 */
export function socketFamilies(
  plan: Pick<SandboxPlan, "networkAccess" | "unixSockets">,
  isPrivateNetwork: boolean,
): readonly number[] {
  const unix = plan.unixSockets ? [AF.unix] : [];
  return plan.networkAccess || isPrivateNetwork
    ? [AF.inet, AF.inet6, AF.netlink, ...unix]
    : unix;
}

// In a descriptor: the arguments of a process can be read by everybody.
function renderEnv(
  env: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const words = Object.entries(env).flatMap(([name, value]) => [
    "--setenv",
    name,
    value,
  ]);
  return new TextEncoder().encode(words.map((word) => `${word}\0`).join(""));
}

// Either the whole disk, or an empty one with what can be read.
function renderBase(
  { readable }: SandboxPlan,
  { ownProc }: BwrapFeatures,
): string[] {
  const places = readable?.filter(({ path }) =>
    path !== "/dev" && !(ownProc && path === "/proc")
  );
  return [
    ...(places === undefined ? ["--ro-bind", "/", "/"] : ["--tmpfs", "/"]),
    "--dev",
    "/dev",
    ...(places ?? []).flatMap(({ path }) => ["--ro-bind", path, path]),
  ];
}

function renderMount({ kind, path, shown, isDeep }: Mount): string[] {
  const may = isDeep ? "-try" : "";
  switch (kind) {
    case "writable":
    case "pinned":
      return [`--bind${may}`, path, path];
    case "read-only":
      return [`--ro-bind${may}`, path, path];
    // Without the device flag of its mount /dev/null cannot be opened (EACCES).
    case "hidden-file":
      return ["--ro-bind", "/dev/null", path];
    case "hidden-folder":
      return [
        "--perms",
        shown === undefined ? "000" : "555",
        "--tmpfs",
        path,
        ...(shown ?? []).flatMap((one) => ["--ro-bind", one, one]),
        "--remount-ro",
        path,
      ];
    default:
      return unreachable(kind);
  }
}

function renderNamespaces(
  plan: SandboxPlan,
  features: BwrapFeatures,
  { hasNetwork = false }: { readonly hasNetwork?: boolean },
): string[] {
  const isPrivate = features.networkNamespace && !plan.networkAccess &&
    !hasNetwork;
  return [
    ...(features.userNamespace ? ["--unshare-user"] : []),
    "--unshare-pid",
    "--unshare-ipc",
    ...(isPrivate ? ["--unshare-net"] : []),
  ];
}

// Read-only as a whole: a process without any capability could write what belongs to its
// user, which is root's core_pattern, and pressure of anybody. A mount for each such entry
// would be a list to keep, and 0.1 ms for each.
function renderProc({ ownProc }: BwrapFeatures): string[] {
  return ownProc ? ["--proc", "/proc", "--remount-ro", "/proc"] : [];
}

function renderCapabilities(
  plan: SandboxPlan,
  features: BwrapFeatures,
): string[] {
  const kept = plan.isForeign && !features.userNamespace
    ? OWNER_CAPABILITIES
    : [];
  return [
    "--cap-drop",
    "ALL",
    ...kept.flatMap((capability) => ["--cap-add", capability]),
  ];
}
