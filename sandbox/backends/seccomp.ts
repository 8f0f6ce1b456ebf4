/** Plan -> seccomp filter: a classic BPF program that refuses what no command needs (seccomp(2)). */
import {
  denyIfAnyBit,
  denyIfOneOf,
  denyUnlessOneOf,
  encodeProgram,
  ENOSYS,
  EPERM,
  give,
  type Instruction,
  loadsArgument,
  OP,
  refuse,
  VERDICT,
} from "./bpf.ts";
import {
  type Arch,
  KERNEL_SURFACE,
  METADATA,
  SERVER_CALLS,
  SHARED_IPC,
  type SyscallName,
  syscallNumber,
} from "./syscalls.ts";

export interface FilterOptions {
  readonly arch: Arch;
  /** Address families that socket() may name; empty closes sockets altogether. */
  readonly families: readonly number[];
  /** Whether other processes of the user are out of reach (PID namespace). */
  readonly ownPids: boolean;
  /** Whether System V and POSIX message objects are the sandbox's own (IPC namespace). */
  readonly ownIpc: boolean;
  /** Refuses changes of mode, owner, times and attributes everywhere. */
  readonly denyMetadata: boolean;
  /** Landlock version in force: gaps of old ones are closed here. */
  readonly landlockAbi?: number;
  /** Never to be signalled, where Landlock cannot see to it. */
  readonly agentPid?: number;
}

// <linux/audit.h>
const AUDIT_ARCH = { x86_64: 0xc000003e, aarch64: 0xc00000b7 } as const;
const OFFSET_NUMBER = 0;
const OFFSET_ARCH = 4;
const X32_BIT = 0x40000000;

export const AF = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const SOCK_DGRAM = 2;
const SOCK_TYPE_MASK = 0xf;
/** CLONE_NEWTIME is no flag of clone(2); the other CLONE_NEW* are these. */
const CLONE_NEW = 0x7e020000;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_IOC_FSSETXATTR = 0x401c5820;
const O_ACCMODE_AND_TRUNC = 0x203;
const O_TRUNC = 0x200;

/** Calls that act on the process named in an argument; 0 there means oneself. */
const ON_PROCESS: readonly (readonly [SyscallName, number])[] = [
  ["setpriority", 1],
  ["ioprio_set", 1],
  ["sched_setscheduler", 0],
  ["sched_setparam", 0],
  ["sched_setattr", 0],
  ["migrate_pages", 0],
  ["move_pages", 0],
];

/** The filter's bytes: an array of struct sock_filter, little endian. */
export function buildSeccompFilter(
  options: FilterOptions,
): Uint8Array<ArrayBuffer> {
  const program: Instruction[] = [
    ...checkArchitecture(options.arch),
    ...denyAll(KERNEL_SURFACE, options),
    // ENOSYS makes the C library fall back to clone, whose flags can be looked at.
    ...deny("clone3", options, ENOSYS),
    ...onCall("clone", options, denyIfAnyBit(0, CLONE_NEW)),
    ...socketRules(options),
    ...ioctlRule(options),
    ...(options.denyMetadata ? denyAll(METADATA, options) : []),
    ...(options.ownIpc ? [] : denyAll(SHARED_IPC, options)),
    ...(options.ownPids ? [] : otherProcessRules(options)),
    ...oldLandlockRules(options),
    give(VERDICT.allow),
  ];
  return encodeProgram(program);
}

function checkArchitecture(arch: Arch): Instruction[] {
  const prologue: Instruction[] = [
    [OP.load, 0, 0, OFFSET_ARCH],
    [OP.jumpEqual, 1, 0, AUDIT_ARCH[arch]],
    give(VERDICT.killProcess),
    [OP.load, 0, 0, OFFSET_NUMBER],
  ];
  if (arch === "aarch64") return prologue;
  // x32 calls have the same architecture and other numbers.
  return [...prologue, [OP.jumpAtLeast, 0, 1, X32_BIT], refuse(ENOSYS)];
}

function socketRules(options: FilterOptions): Instruction[] {
  const { families } = options;
  const socket = onCall("socket", options, denyUnlessOneOf(0, families));
  // A datagram pair can send to any named socket, so it needs the right to unix sockets.
  const pairs = families.includes(AF.unix)
    ? []
    : onCall("socketpair", options, [
      loadsArgument(0),
      [OP.jumpEqual, 0, 3, AF.unix],
      loadsArgument(1),
      [OP.and, 0, 0, SOCK_TYPE_MASK],
      [OP.jumpEqual, 0, 1, SOCK_DGRAM],
      refuse(EPERM),
      give(VERDICT.allow),
    ]);
  const servers = families.length === 0 ? denyAll(SERVER_CALLS, options) : [];
  return [...socket, ...pairs, ...servers];
}

function ioctlRule(options: FilterOptions): Instruction[] {
  const requests = [TIOCSTI, TIOCLINUX];
  if (options.denyMetadata) requests.push(FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR);
  return onCall("ioctl", options, denyIfOneOf(1, requests));
}

// Without a PID namespace the user's other processes could be slowed, starved or pinned.
function otherProcessRules(options: FilterOptions): Instruction[] {
  const setLimits: Instruction[] = [
    loadsArgument(0),
    [OP.jumpEqual, 2, 0, 0],
    loadsArgument(2),
    [OP.jumpEqual, 0, 1, 0],
    give(VERDICT.allow),
    refuse(EPERM),
  ];
  return [
    ...onCall("prlimit64", options, setLimits),
    ...ON_PROCESS.flatMap(([name, argument]) =>
      onCall(name, options, denyUnlessOneOf(argument, [0]))
    ),
  ];
}

function oldLandlockRules(options: FilterOptions): Instruction[] {
  const { landlockAbi: abi, agentPid } = options;
  if (abi === undefined) return [];
  const truncating: Instruction[] = [
    [OP.and, 0, 0, O_ACCMODE_AND_TRUNC],
    [OP.jumpEqual, 0, 1, O_TRUNC],
    refuse(EPERM),
    give(VERDICT.allow),
  ];
  const rules: Instruction[] = [];
  // Before version 3 a file open for reading may be truncated anywhere.
  if (abi < 3) {
    rules.push(
      ...deny("truncate", options),
      ...deny("openat2", options, ENOSYS),
      ...onCall("open", options, [loadsArgument(1), ...truncating]),
      ...onCall("openat", options, [loadsArgument(2), ...truncating]),
    );
  }
  // Before version 6 signals are not scoped: at least the agent is out of reach.
  if (abi < 6 && agentPid !== undefined) {
    const targets = [agentPid, -agentPid >>> 0, 0xffffffff];
    rules.push(...deny("pidfd_send_signal", options, ENOSYS));
    for (
      const name of [
        "kill",
        "tkill",
        "tgkill",
        "rt_sigqueueinfo",
        "rt_tgsigqueueinfo",
      ] as const
    ) {
      rules.push(...onCall(name, options, denyIfOneOf(0, targets)));
    }
  }
  return rules;
}

function denyAll(
  names: readonly SyscallName[],
  options: FilterOptions,
): Instruction[] {
  return names.flatMap((name) => deny(name, options));
}

function deny(
  name: SyscallName,
  options: FilterOptions,
  errno: number = EPERM,
): Instruction[] {
  return onCall(name, options, [refuse(errno)]);
}

/** Runs `body`, which must end in a verdict, when the call is the named one. */
function onCall(
  name: SyscallName,
  options: FilterOptions,
  body: readonly Instruction[],
): Instruction[] {
  const number = syscallNumber(name, options.arch);
  if (number === undefined) return [];
  return [[OP.jumpEqual, 0, body.length, number], ...body];
}
