/** Plan -> what the launcher asks of Landlock: rights, rules, and the structs of landlock(7). Pure. */
import type { SandboxPlan } from "../plan/plan.ts";
import type { ShownPath } from "../plan/shown.ts";
import { socketFamilies } from "./bwrap.ts";
import { buildSeccompFilter } from "./seccomp.ts";
import type { Arch } from "./syscalls.ts";

/** What the launcher is told, as JSON in an inherited descriptor. */
export interface LauncherRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absent: only the attempts are made, in whatever sandbox this process is in. */
  readonly confine?: Confinement;
  /** Instead of the command: try what must and must not work, and say so. */
  readonly attempts?: Attempts;
  /** Sends stderr where stdout goes. */
  readonly mergesOutput: boolean;
  /** A terminal of its own, and a session that begins with it. */
  readonly hasTerminal?: boolean;
}

export interface Confinement {
  readonly writable: readonly string[];
  /** What can be read; everything when absent. */
  readonly shown?: readonly ShownPath[];
  /** What lies in `/`: a rule on `/` itself would cover /dev. */
  readonly top: readonly ShownPath[];
  /** Nothing is writable: then metadata need not be either. */
  readonly isReadOnly: boolean;
  readonly networkAccess: boolean;
  readonly unixSockets: boolean;
  readonly agentPid: number;
  /** Root in a folder of somebody else keeps the rights to write there. */
  readonly keepsOwnerRights: boolean;
  /** Inside bwrap, which filters the calls and has a /dev of its own. */
  readonly isInner?: boolean;
  /** Version of Landlock in the kernel, where it is known. */
  readonly abi?: number;
  /** Newest version of Landlock to use; for tests of older kernels. */
  readonly abiMax?: number;
  /** It may open its own terminal by that name. */
  readonly hasTerminal?: boolean;
}

export interface Attempts {
  readonly read: string;
  readonly write: string;
  /** An IPv4 address, for a datagram socket: nothing is sent. */
  readonly address: string;
  /** -1 means every process that can be reached. */
  readonly pid: number;
  /** Of servers on loopback: one that must be reached, and one that must not. */
  readonly ports?: { readonly within: number; readonly beyond: number };
}

/** A path and the rights given below it. */
interface LandlockRule {
  readonly path: string;
  readonly rights: bigint;
  readonly isFolder: boolean;
}

export const LAUNCHER = {
  /** First argument that makes this program the launcher; main.ts looks for it first. */
  role: "sandbox-exec-linux",
  /** Exit status when it could not confine itself: the command never ran. */
  failedCode: 125,
  /** How it begins to say why. */
  complaint: "rondo sandbox: cannot confine the command: ",
} as const;
export const CAPABILITY_VERSION_3 = 0x20080522;
/** CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER. */
export const OWNER_CAPABILITIES: readonly number[] = [0, 1, 3];
/** What this program knows of; newer kernels are asked for no more. */
export const LANDLOCK_ABI_MAX = 7;

// <linux/landlock.h>, LANDLOCK_ACCESS_FS_*
const EXECUTE = 1n << 0n;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const MAKE_CHAR = 1n << 6n;
const MAKE_BLOCK = 1n << 11n;
const REFER = 1n << 13n;
const TRUNCATE = 1n << 14n;
const IOCTL_DEV = 1n << 15n;
const READ = EXECUTE | READ_FILE | READ_DIR;
/** The rights that a rule on a file may carry; others are EINVAL. */
const OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
const DEVICE = READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV;
const NET_TCP = 3n;
const SCOPE_ABSTRACT_UNIX = 1n;
const SCOPE_SIGNAL = 2n;

// No terminals: new ones and the person's own lie in one folder. No disks.
const DEVICES: readonly string[] = [
  "/dev/null",
  "/dev/zero",
  "/dev/full",
  "/dev/random",
  "/dev/urandom",
];

// Whatever it is called: no other process can open this one by the name.
const OWN_TERMINAL = "/dev/tty";

/** What the launcher confines itself to for this plan. */
export function planConfinement(
  plan: SandboxPlan,
  agent: { readonly pid: number },
  top: readonly ShownPath[],
): Confinement {
  return {
    writable: plan.plainRoots,
    ...(plan.shown !== undefined && { shown: plan.shown }),
    top,
    isReadOnly: plan.mode === "read-only",
    networkAccess: plan.networkAccess,
    unixSockets: plan.unixSockets,
    agentPid: agent.pid,
    keepsOwnerRights: plan.isForeign,
  };
}

/**
 * The same for a second layer inside bwrap. A read-only mount does not keep commands from
 * opening named pipes for writing, Landlock does; the rest bwrap has seen to.
 */
export function planInnerConfinement(
  plan: SandboxPlan,
  top: readonly ShownPath[],
): Confinement {
  return {
    writable: plan.mounts.filter(({ kind }) => kind === "writable")
      .map(({ path }) => path),
    top,
    isReadOnly: plan.mode === "read-only",
    // Its network is closed by namespace and filter, which leave servers of its own alone.
    networkAccess: true,
    unixSockets: plan.unixSockets,
    // What bwrap starts first in the namespace.
    agentPid: 1,
    keepsOwnerRights: plan.isForeign,
    isInner: true,
  };
}

/** The rights Landlock controls at that version. */
function handledRights(abi: number): bigint {
  let rights = (1n << 13n) - 1n;
  if (abi >= 2) rights |= REFER;
  if (abi >= 3) rights |= TRUNCATE;
  if (abi >= 5) rights |= IOCTL_DEV;
  return rights;
}

/** struct landlock_ruleset_attr, as long as that version knows it. */
export function buildRulesetAttribute(
  confine: Confinement,
  abi: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(abi >= 6 ? 24 : abi >= 4 ? 16 : 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, handledRights(abi), true);
  if (abi >= 4) {
    view.setBigUint64(8, confine.networkAccess ? 0n : NET_TCP, true);
  }
  if (abi >= 6) {
    const isOpen = confine.networkAccess && confine.unixSockets;
    const scopes = SCOPE_SIGNAL | (isOpen ? 0n : SCOPE_ABSTRACT_UNIX);
    view.setBigUint64(16, scopes, true);
  }
  return bytes;
}

/** struct landlock_path_beneath_attr: packed, the descriptor at offset 8. */
export function buildPathRule(
  rule: LandlockRule,
  descriptor: number,
  abi: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  const legal = rule.isFolder ? rule.rights : rule.rights & OF_FILES;
  view.setBigUint64(0, legal & handledRights(abi), true);
  view.setInt32(8, descriptor, true);
  return bytes;
}

/**
 * What the policy makes writable, the harmless devices, and everything readable but for
 * the rest of /dev.
 */
export function buildLandlockRules(
  confine: Confinement,
  abi: number,
): readonly LandlockRule[] {
  const all = handledRights(abi) & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV);
  const folder = (path: string, rights: bigint): LandlockRule => ({
    path,
    rights,
    isFolder: true,
  });
  const shown = confine.shown?.some(({ path }) => path === "/")
    ? undefined
    : confine.shown;
  return [
    // Rights hold for all below: hidden names can be listed, and not read.
    folder("/", shown === undefined ? READ_DIR : EXECUTE | READ_DIR),
    ...(shown ?? confine.top).filter(({ path }) => path !== "/dev")
      .map((entry) => ({ ...entry, rights: READ })),
    ...[...DEVICES, ...(confine.hasTerminal ? [OWN_TERMINAL] : [])]
      .map((path) => ({ path, rights: DEVICE, isFolder: false })),
    ...(confine.isInner ? [folder("/dev", all | IOCTL_DEV)] : []),
    ...confine.writable.map((path) => folder(path, all)),
    folder("/dev/shm", confine.isReadOnly ? READ : all),
  ];
}

/** The filter that stands beside Landlock, and closes what its version leaves open. */
export function buildLauncherFilter(
  confine: Confinement,
  abi: number,
  arch: Arch,
): Uint8Array<ArrayBuffer> {
  return buildSeccompFilter({
    arch,
    families: socketFamilies(confine, false),
    ownPids: false,
    ownIpc: false,
    denyMetadata: confine.isReadOnly,
    landlockAbi: abi,
    agentPid: confine.agentPid,
  });
}
