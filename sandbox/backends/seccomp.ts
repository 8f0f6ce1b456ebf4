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
/** With neither of them open(2) takes no mode: its register holds anything. */
const O_CREAT_OR_TMPFILE = 0x400040;
const S_ISUID_OR_ISGID = 0o6000;

/** Calls that set the mode in an argument. */
const MODE_CALLS: readonly (readonly [SyscallName, number])[] = [
  ["chmod", 1],
  ["fchmod", 1],
  ["fchmodat", 2],
  ["fchmodat2", 2],
  ["creat", 1],
  ["mknod", 1],
  ["mknodat", 2],
];
/** Calls with flags in an argument, and a mode in the next. */
const OPEN_CALLS: readonly (readonly [SyscallName, number])[] = [
  ["open", 1],
  ["openat", 2],
];

/** Calls on the process that an argument names; 0 there is the caller. */
const ON_PROCESS: readonly (readonly [SyscallName, number])[] = [
  ["sched_setaffinity", 0],
  ["sched_setscheduler", 0],
  ["sched_setparam", 0],
  ["sched_setattr", 0],
  ["migrate_pages", 0],
  ["move_pages", 0],
];
/** The same with a kind before it: a process, a group, everything of a user. */
const ON_KIND: readonly (readonly [SyscallName, number])[] = [
  ["setpriority", 0],
  ["ioprio_set", 1],
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
    ...modeRules(options),
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
    ...ON_KIND.flatMap(([name, ofProcess]) =>
      onCall(name, options, [
        loadsArgument(0),
        [OP.jumpEqual, 0, 3, ofProcess],
        loadsArgument(1),
        [OP.jumpEqual, 0, 1, 0],
        give(VERDICT.allow),
        refuse(EPERM),
      ])
    ),
  ];
}

// What is left behind with such a bit runs as the person, or as root, for anybody who calls it.
function modeRules(options: FilterOptions): Instruction[] {
  // Before version 3 of Landlock a file open for reading may be truncated anywhere.
  const truncates = (options.landlockAbi ?? Infinity) < 3;
  const noTruncate: Instruction[] = [
    [OP.and, 0, 0, O_ACCMODE_AND_TRUNC],
    [OP.jumpEqual, 0, 1, O_TRUNC],
    refuse(EPERM),
  ];
  return [
    ...MODE_CALLS.flatMap(([name, argument]) =>
      onCall(name, options, denyIfAnyBit(argument, S_ISUID_OR_ISGID))
    ),
    ...OPEN_CALLS.flatMap(([name, flags]) =>
      onCall(name, options, [
        ...(truncates ? [loadsArgument(flags), ...noTruncate] : []),
        loadsArgument(flags),
        [OP.jumpAnyBit, 0, 3, O_CREAT_OR_TMPFILE],
        ...denyIfAnyBit(flags + 1, S_ISUID_OR_ISGID),
      ])
    ),
    // Its flags and mode lie in memory; callers do without it.
    ...deny("openat2", options, ENOSYS),
    ...(truncates ? deny("truncate", options) : []),
  ];
}

function oldLandlockRules(options: FilterOptions): Instruction[] {
  const { landlockAbi: abi, agentPid } = options;
  if (abi === undefined) return [];
  const rules: Instruction[] = [];
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
