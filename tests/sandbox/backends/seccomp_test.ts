import assert from "node:assert/strict";
import {
  AF,
  buildSeccompFilter,
  type FilterOptions,
} from "../../../sandbox/backends/seccomp.ts";
import {
  type Arch,
  KERNEL_SURFACE,
  METADATA,
  SERVER_CALLS,
  SHARED_IPC,
  type SyscallName,
  syscallNumber,
} from "../../../sandbox/backends/syscalls.ts";
import { isWellFormed, runProgram } from "./bpf_machine.ts";

const ALLOW = "allow";
const EPERM = "EPERM";
const ENOSYS = "ENOSYS";
const ARCHS: readonly Arch[] = ["x86_64", "aarch64"];
const AUDIT = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };
const AGENT = 4242;

// Numbers of calls every program makes, written down apart from the table under test.
const ORDINARY: Record<Arch, readonly number[]> = {
  // read write close mmap mprotect rt_sigaction pipe2 dup3 execve exit_group futex
  // getdents64 openat newfstatat wait4 clone(flags 0) prctl landlock x3 seccomp
  x86_64: [
    0,
    1,
    3,
    9,
    10,
    13,
    293,
    292,
    59,
    231,
    202,
    217,
    262,
    61,
    157,
    444,
    445,
    446,
    317,
    39,
    110,
    96,
    228,
    318,
    44,
    45,
    46,
    47,
    7,
    232,
    233,
    281,
    82,
    264,
    316,
    86,
    265,
    87,
    263,
    83,
    258,
    84,
    88,
    266,
  ],
  aarch64: [
    63,
    64,
    57,
    222,
    226,
    134,
    59,
    24,
    221,
    94,
    98,
    61,
    79,
    260,
    167,
    444,
    445,
    446,
    277,
    172,
    173,
    169,
    113,
    278,
    206,
    207,
    211,
    212,
    73,
    20,
    21,
    22,
    38,
    276,
    37,
    35,
    34,
    36,
  ],
};

const BWRAP: Omit<FilterOptions, "arch"> = {
  families: [AF.inet, AF.inet6, AF.netlink],
  ownPids: true,
  ownIpc: true,
  denyMetadata: false,
};
const LAUNCHER: Omit<FilterOptions, "arch"> = {
  families: [],
  ownPids: false,
  ownIpc: false,
  denyMetadata: true,
  landlockAbi: 7,
  agentPid: AGENT,
};

function judgeCall(
  options: FilterOptions,
  name: SyscallName | number,
  args: readonly (number | bigint)[] = [],
): string {
  const number = typeof name === "number"
    ? name
    : syscallNumber(name, options.arch);
  assert.notEqual(number, undefined, `${name} does not exist here`);
  const answer = runProgram(buildSeccompFilter(options), {
    arch: AUDIT[options.arch],
    number: number ?? -1,
    args,
  });
  return describeAnswer(answer);
}

function describeAnswer(answer: number): string {
  if (answer === 0x7fff0000) return ALLOW;
  if (answer === 0x80000000) return "kill";
  if (answer === 0x00050001) return EPERM;
  if (answer === 0x00050026) return ENOSYS;
  return `0x${answer.toString(16)}`;
}

/** The names that exist on the architecture. */
function existing(
  names: readonly SyscallName[],
  arch: Arch,
): SyscallName[] {
  return names.filter((name) => syscallNumber(name, arch) !== undefined);
}

for (const arch of ARCHS) {
  Deno.test(`buildSeccompFilter() is a program the kernel takes, on ${arch}`, () => {
    for (const base of [BWRAP, LAUNCHER]) {
      for (const landlockAbi of [1, 2, 3, 4, 5, 6, 7]) {
        const program = buildSeccompFilter({
          ...base,
          arch,
          landlockAbi,
          agentPid: 9,
        });
        assert.ok(isWellFormed(program), `abi ${landlockAbi}`);
        assert.ok(program.length / 8 < 400);
      }
    }
  });

  Deno.test(`buildSeccompFilter() kills calls of another architecture, on ${arch}`, () => {
    const program = buildSeccompFilter({ ...BWRAP, arch });
    // i386 (int 0x80), arm, riscv64
    for (const other of [0x40000003, 0x40000028, 0xc00000f3]) {
      assert.equal(
        describeAnswer(runProgram(program, { arch: other, number: 1 })),
        "kill",
      );
    }
  });

  Deno.test(`buildSeccompFilter() lets ordinary calls pass, on ${arch}`, () => {
    for (const number of ORDINARY[arch]) {
      assert.equal(judgeCall({ ...BWRAP, arch }, number), ALLOW, `${number}`);
      // umask, mkdirat, unlinkat and the like are Landlock's to judge.
      assert.equal(
        judgeCall({ ...LAUNCHER, arch }, number),
        ALLOW,
        `${number}`,
      );
    }
  });

  Deno.test(`buildSeccompFilter() refuses the kernel surface in every shape, on ${arch}`, () => {
    for (const base of [BWRAP, LAUNCHER]) {
      for (const name of existing(KERNEL_SURFACE, arch)) {
        assert.equal(judgeCall({ ...base, arch }, name), EPERM, name);
      }
      assert.equal(judgeCall({ ...base, arch }, "clone3"), ENOSYS);
    }
  });

  Deno.test(`buildSeccompFilter() lets clone make threads and children, never namespaces, on ${arch}`, () => {
    const options = { ...BWRAP, arch };
    // fork, vfork and a thread as glibc makes them
    for (const flags of [0x11, 0x4111, 0x3d0f00, 0x1200011]) {
      assert.equal(
        judgeCall(options, "clone", [flags]),
        ALLOW,
        flags.toString(16),
      );
    }
    // NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET, alone and with SIGCHLD
    for (const bit of [17, 25, 26, 27, 28, 29, 30]) {
      const flags = 2 ** bit;
      assert.equal(judgeCall(options, "clone", [flags]), EPERM, `bit ${bit}`);
      assert.equal(
        judgeCall(options, "clone", [flags + 17]),
        EPERM,
        `bit ${bit}`,
      );
    }
  });

  Deno.test(`buildSeccompFilter() opens only the families it is given, on ${arch}`, () => {
    const families = [0, 1, 2, 3, 4, 5, 9, 10, 16, 17, 29, 31, 38, 40, 44];
    const sets = [
      [],
      [AF.unix],
      [AF.inet, AF.inet6, AF.netlink],
      [AF.inet, AF.inet6, AF.netlink, AF.unix],
    ];
    for (const given of sets) {
      for (const family of families) {
        const wanted = given.some((one) => one === family) ? ALLOW : EPERM;
        const options = { ...BWRAP, arch, families: given };
        assert.equal(
          judgeCall(options, "socket", [family, 1]),
          wanted,
          `${family}`,
        );
        // The kernel reads the family as an int: the high word does not count.
        const high = 2n ** 40n + BigInt(family);
        assert.equal(judgeCall(options, "socket", [high, 1]), wanted);
      }
    }
  });

  Deno.test(`buildSeccompFilter() refuses datagram pairs where unix sockets are closed, on ${arch}`, () => {
    const closed = { ...BWRAP, arch };
    const open = { ...BWRAP, arch, families: [AF.unix] };
    for (const flags of [0, 0o4000, 0o2000000]) {
      assert.equal(judgeCall(closed, "socketpair", [1, 1 | flags]), ALLOW);
      assert.equal(judgeCall(closed, "socketpair", [1, 5 | flags]), ALLOW);
      assert.equal(judgeCall(closed, "socketpair", [1, 2 | flags]), EPERM);
      assert.equal(judgeCall(open, "socketpair", [1, 2 | flags]), ALLOW);
    }
    // AF_TIPC and the like
    assert.equal(judgeCall(closed, "socketpair", [30, 1]), EPERM);
  });

  Deno.test(`buildSeccompFilter() refuses what servers and clients need when all is closed, on ${arch}`, () => {
    for (const name of SERVER_CALLS) {
      assert.equal(judgeCall({ ...LAUNCHER, arch }, name), EPERM, name);
      assert.equal(judgeCall({ ...BWRAP, arch }, name), ALLOW, name);
    }
  });

  Deno.test(`buildSeccompFilter() refuses to push keys into a terminal, on ${arch}`, () => {
    const options = { ...BWRAP, arch };
    for (const request of [0x5412, 0x541c]) {
      assert.equal(judgeCall(options, "ioctl", [0, request]), EPERM);
      const high = 2n ** 32n + BigInt(request);
      assert.equal(
        judgeCall(options, "ioctl", [0, high]),
        EPERM,
        "high word set",
      );
    }
    // TCGETS, TIOCGWINSZ, FIONREAD, and changing attributes under bwrap
    for (const request of [0x5401, 0x5413, 0x541b, 0x40086602]) {
      assert.equal(judgeCall(options, "ioctl", [0, request]), ALLOW);
    }
  });

  Deno.test(`buildSeccompFilter() closes metadata only when it is told to, on ${arch}`, () => {
    for (const name of existing(METADATA, arch)) {
      assert.equal(judgeCall({ ...BWRAP, arch }, name), ALLOW, name);
      assert.equal(judgeCall({ ...LAUNCHER, arch }, name), EPERM, name);
    }
    const closed = { ...LAUNCHER, arch };
    assert.equal(judgeCall(closed, "ioctl", [0, 0x40086602]), EPERM);
    assert.equal(judgeCall(closed, "ioctl", [0, 0x401c5820]), EPERM);
  });

  Deno.test(`buildSeccompFilter() closes shared objects where there is no namespace for them, on ${arch}`, () => {
    for (const name of SHARED_IPC) {
      assert.equal(judgeCall({ ...BWRAP, arch }, name), ALLOW, name);
      assert.equal(judgeCall({ ...LAUNCHER, arch }, name), EPERM, name);
    }
  });

  Deno.test(`buildSeccompFilter() lets a process change itself, not others, without a PID namespace, on ${arch}`, () => {
    const options = { ...LAUNCHER, arch };
    const places: [SyscallName, number][] = [
      ["sched_setaffinity", 0],
      ["sched_setscheduler", 0],
      ["sched_setparam", 0],
      ["sched_setattr", 0],
      ["migrate_pages", 0],
      ["move_pages", 0],
    ];
    for (const [name, at] of places) {
      const onto = (pid: number) => at === 0 ? [pid] : [0, pid];
      assert.equal(judgeCall(options, name, onto(0)), ALLOW, name);
      assert.equal(judgeCall(options, name, onto(1)), EPERM, name);
      assert.equal(judgeCall({ ...BWRAP, arch }, name, onto(1)), ALLOW, name);
    }
    // A group or a user holds others, whoever asks.
    for (
      const [name, itself] of [["setpriority", 0], ["ioprio_set", 1]] as const
    ) {
      assert.equal(judgeCall(options, name, [itself, 0]), ALLOW, name);
      assert.equal(judgeCall(options, name, [itself, 7]), EPERM, name);
      assert.equal(judgeCall(options, name, [itself + 1, 0]), EPERM, name);
      assert.equal(judgeCall(options, name, [itself + 2, 0]), EPERM, name);
    }
    // Limits of others may be read (no new ones given), one's own may be set.
    assert.equal(judgeCall(options, "prlimit64", [0, 7, 0xffff]), ALLOW);
    assert.equal(judgeCall(options, "prlimit64", [77, 7, 0]), ALLOW);
    assert.equal(judgeCall(options, "prlimit64", [77, 7, 0xffff]), EPERM);
  });

  Deno.test(`buildSeccompFilter() lets no file be marked to run as its owner, on ${arch}`, () => {
    const CREATE = 0o101;
    const calls: [SyscallName, number[]][] = [
      ["chmod", [0]],
      ["fchmod", [0]],
      ["fchmodat", [0, 0]],
      ["fchmodat2", [0, 0]],
      ["creat", [0]],
      ["mknod", [0]],
      ["mknodat", [0, 0]],
      ["open", [0, CREATE]],
      ["openat", [0, 0, CREATE]],
      ["openat", [0, 0, 0o20200002]],
    ];
    for (const [name, before] of calls) {
      if (syscallNumber(name, arch) === undefined) continue;
      for (const landlockAbi of [2, 7]) {
        const options = { ...BWRAP, arch, landlockAbi };
        const judge = (mode: number | bigint) =>
          judgeCall(options, name, [...before, mode]);
        for (const mode of [0o4755, 0o2755, 0o6000, 2n ** 40n + 0o4755n]) {
          assert.equal(judge(mode), EPERM, `${name} ${mode}`);
        }
        for (const mode of [0o755, 0o1777, 0]) {
          assert.equal(judge(mode), ALLOW, `${name} ${mode}`);
        }
      }
    }
    const options = { ...BWRAP, arch };
    // Without a file to be made the register holds what was there before.
    assert.equal(judgeCall(options, "openat", [0, 0, 1, 0o7777]), ALLOW);
    assert.equal(judgeCall(options, "openat2"), ENOSYS);
  });

  Deno.test(`buildSeccompFilter() closes the gaps of old Landlock versions, on ${arch}`, () => {
    const at = (landlockAbi: number) => ({ ...LAUNCHER, arch, landlockAbi });
    for (const abi of [1, 2]) {
      assert.equal(judgeCall(at(abi), "truncate"), EPERM);
      // O_RDONLY|O_TRUNC truncates without a right to write; the other three are judged.
      assert.equal(judgeCall(at(abi), "openat", [0, 0, 0x200]), EPERM);
      for (const flags of [0, 1, 2, 0x201, 0x202, 0x241]) {
        assert.equal(judgeCall(at(abi), "openat", [0, 0, flags]), ALLOW);
      }
    }
    assert.equal(judgeCall(at(3), "truncate"), ALLOW);
    for (
      const name of ["kill", "tkill", "tgkill", "rt_sigqueueinfo"] as const
    ) {
      assert.equal(judgeCall(at(5), name, [AGENT]), EPERM, name);
      assert.equal(judgeCall(at(5), name, [-1]), EPERM, name);
      assert.equal(judgeCall(at(5), name, [-AGENT]), EPERM, name);
      assert.equal(judgeCall(at(5), name, [AGENT + 1]), ALLOW, name);
      assert.equal(
        judgeCall(at(6), name, [AGENT]),
        ALLOW,
        "Landlock judges it",
      );
    }
    assert.equal(judgeCall(at(5), "pidfd_send_signal"), ENOSYS);
    assert.equal(judgeCall(at(6), "pidfd_send_signal"), ALLOW);
  });
}

Deno.test("buildSeccompFilter() does not know the x32 calls of x86_64", () => {
  const options: FilterOptions = { ...BWRAP, arch: "x86_64" };
  for (const number of [0, 41, 101, 272, 512, 547]) {
    assert.equal(judgeCall(options, 0x40000000 + number), ENOSYS);
  }
  assert.equal(judgeCall(options, 0xffffffff), ENOSYS);
});
