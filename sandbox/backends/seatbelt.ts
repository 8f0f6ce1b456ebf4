/** Plan -> profile of macOS sandbox-exec(1), as pure text with paths as parameters. */
import type { GuardItem } from "../plan/plan_guards.ts";
import { isInside } from "../../core/util/path.ts";
import type { Mount, SandboxPlan } from "../plan/plan.ts";

/** Never taken from PATH. */
export const SEATBELT_PROGRAM = "/usr/bin/sandbox-exec";

interface SeatbeltProfile {
  readonly text: string;
  /** Values of `(param "NAME")`. */
  readonly parameters: readonly (readonly [name: string, path: string])[];
}

// What programs need to start and to talk to their own children, and nothing of others.
const BASE = `(version 1)
(deny default)
(allow process-exec)
(allow process-fork)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))
(allow file-write-data
  (require-all (path "/dev/null") (vnode-type CHARACTER-DEVICE)))
(allow file-read* file-write* file-ioctl
  (literal "/dev/ptmx") (regex #"^/dev/ttys[0-9]+$"))
(allow pseudo-tty)
(allow user-preference-read)
(allow ipc-posix-sem)
(allow sysctl-read)
(allow sysctl-write (sysctl-name "kern.grade_cputype"))
(allow iokit-open (iokit-registry-entry-class "RootDomainUserClient"))
(allow mach-lookup
  (global-name "com.apple.system.opendirectoryd.libinfo")
  (global-name "com.apple.system.opendirectoryd.membership")
  (global-name "com.apple.PowerManagement.control"))`;

// The services behind TLS trust and name resolution.
const NETWORK = `(allow network-outbound (remote ip))
(allow network-inbound (local ip))
(allow network-bind (local ip))
(allow system-socket)
(allow mach-lookup
  (global-name "com.apple.SecurityServer")
  (global-name "com.apple.networkd")
  (global-name "com.apple.ocspd")
  (global-name "com.apple.trustd")
  (global-name "com.apple.trustd.agent")
  (global-name "com.apple.SystemConfiguration.DNSConfiguration")
  (global-name "com.apple.SystemConfiguration.configd"))
(allow network-outbound (literal "/private/var/run/mDNSResponder"))`;

const UNIX_SOCKETS = `(allow system-socket (socket-domain AF_UNIX))
(allow network* (local unix-socket) (remote unix-socket))`;

/** Arguments of sandbox-exec that run `argv` under the plan. */
export function buildSeatbeltArguments(
  plan: SandboxPlan,
  argv: readonly string[],
): readonly string[] {
  const { text, parameters } = buildSeatbeltProfile(plan);
  return [
    "-p",
    text,
    ...parameters.flatMap(([name, path]) => ["-D", `${name}=${path}`]),
    "--",
    ...argv,
  ];
}

/** The profile of a plan. Roots in the plan are canonical already (/tmp is /private/tmp). */
function buildSeatbeltProfile(plan: SandboxPlan): SeatbeltProfile {
  const parameters: [string, string][] = [];
  const name = (kind: string, path: string): string => {
    const known = parameters.find(([, value]) => value === path);
    if (known !== undefined) return known[0];
    const fresh = `${kind}_${parameters.length}`;
    parameters.push([fresh, path]);
    return fresh;
  };
  const writable = plan.mounts.filter(({ kind }) => kind === "writable");
  // A profile speaks of names, so it also holds links, and names that are free.
  const closed = [
    ...plan.mounts.filter(({ kind }) => kind === "read-only")
      .map(({ path }) => path),
    ...plan.guard.filter(isClosed).map(({ path }) => path),
    ...plan.absent,
  ];
  const sections = [
    BASE,
    ...renderReadable(plan, name),
    ...writable.map((root) => renderRoot(root, closed, name)),
    ...renderPins(plan.mounts, name),
    ...plan.mounts.flatMap((mount) => renderHidden(mount, name)),
    ...(plan.networkAccess ? [NETWORK] : []),
    ...(plan.unixSockets ? [UNIX_SOCKETS] : []),
  ];
  return { text: `${sections.join("\n")}\n`, parameters };
}

// Git cannot commit without its folder and its index: they are looked at, not closed.
function isClosed({ path, scope }: GuardItem): boolean {
  return scope !== "links" && !(scope === "judged" && path.endsWith("/index"));
}

// Names and metadata can be seen anywhere: without them no path can be followed.
function renderReadable(
  { readable }: SandboxPlan,
  name: (kind: string, path: string) => string,
): string[] {
  if (readable === undefined) return ["(allow file-read*)"];
  return [
    '(allow file-read-metadata)\n(allow file-read* (literal "/") (literal "/dev/null"))',
    ...readable.map(({ real }) =>
      `(allow file-read* (subpath (param "${name("READABLE", real)}")))`
    ),
  ];
}

// A protected path inside the root is excluded, unless a deeper root opens it again.
function renderRoot(
  root: Mount,
  closed: readonly string[],
  name: (kind: string, path: string) => string,
): string {
  const inside = closed.filter((path) =>
    path !== root.path && isInside(path, root.path)
  );
  const conditions = [
    `(subpath (param "${name("WRITABLE", root.path)}"))`,
    ...new Set(inside).values().flatMap((path) => {
      const parameter = name("PROTECTED", path);
      return [
        `(require-not (literal (param "${parameter}")))`,
        `(require-not (subpath (param "${parameter}")))`,
      ];
    }),
  ];
  return `(allow file-write*\n  (require-all ${conditions.join("\n    ")}))`;
}

// Renaming or removing a folder above a protected path would leave its name free.
function renderPins(
  mounts: readonly Mount[],
  name: (kind: string, path: string) => string,
): string[] {
  return mounts.filter(({ kind }) => kind === "pinned" || kind === "writable")
    .map(({ path }) =>
      `(deny file-write-unlink (literal (param "${name("PINNED", path)}")))`
    );
}

function renderHidden(
  { kind, path, shown }: Mount,
  name: (kind: string, path: string) => string,
): string[] {
  if (kind === "hidden-file") {
    return [
      `(deny file-read* file-write* (literal (param "${
        name("HIDDEN", path)
      }")))`,
    ];
  }
  if (kind !== "hidden-folder") return [];
  return [
    `(deny file-read* file-write* (subpath (param "${name("HIDDEN", path)}")))`,
    ...(shown ?? []).map((one) =>
      `(allow file-read* (subpath (param "${name("SHOWN", one)}")))`
    ),
  ];
}
