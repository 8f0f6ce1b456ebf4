/** Plan -> a made program that confines itself and becomes the command: Landlock, seccomp, execve. Pure. */
import { becomeCommand } from "../../core/util/program/become.ts";
import {
  type Arch,
  type Argument,
  endWith,
  goTo,
  renderProgram,
  type Step,
} from "../../core/util/program/call_program.ts";
import { makeAttempts } from "./attempts.ts";
import {
  buildLandlockRules,
  buildLauncherFilter,
  buildPathRule,
  buildRulesetAttribute,
  CAPABILITY_VERSION_3,
  type Confinement,
  LANDLOCK_ABI_MAX,
  LAUNCHER,
  type LauncherRequest,
  OWNER_CAPABILITIES,
} from "./landlock.ts";

const CAPABILITIES = 64;
const DESCRIPTORS_MAX = 0xffffffff;
const CLOSE_RANGE_CLOEXEC = 4;
const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const SECCOMP_SET_MODE_FILTER = 1;
// <linux/prctl.h>
const PR_SET_PDEATHSIG = 1;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const SIGKILL = 9;
const SIGSTOP = 19;
const SIG_SETMASK = 2;
const SIGNALS = 64;
/** Bytes of the kernel's sigset_t. */
const SIGNAL_SET = 8;
// <fcntl.h>
const AT_FDCWD = -100;
const O_PATH_NOFOLLOW = {
  x86_64: 0x200000 | 0x20000,
  aarch64: 0x200000 | 0x8000,
};
/** What a kernel without Landlock, or one that may not use it, answers; hints speak of them. */
const LANDLOCK_ERRNOS = [1, 38, 95];
// Once all others are closed these are the numbers the kernel gives.
const RULESET = 3;
const OPENED = 4;

interface ImageOptions {
  readonly arch: Arch;
  /** Root has capabilities to give up. */
  readonly uid: number;
}

/** The program for a request of the launcher. */
export function buildLauncherImage(
  request: LauncherRequest,
  options: ImageOptions,
): Uint8Array<ArrayBuffer> {
  const { attempts, confine } = request;
  const last = (abi?: number): readonly Step[] =>
    attempts === undefined
      ? [...resetSignals(), ...becomeMerged(request)]
      : makeAttempts(attempts, abi);
  const steps: Step[] = [{
    call: "close_range",
    args: [RULESET, DESCRIPTORS_MAX, CLOSE_RANGE_CLOEXEC],
  }];
  if (confine === undefined) steps.push(...last());
  else steps.push(...confineSelf(confine, options, last));
  return renderProgram(steps, options.arch);
}

/** The program for a command that is not confined, or already is. */
export function buildPlainImage(
  request: Omit<LauncherRequest, "attempts" | "confine">,
  arch: Arch,
  { ownSession }: { readonly ownSession: boolean },
): Uint8Array<ArrayBuffer> {
  return renderProgram([
    ...(ownSession ? [{ call: "setsid" } as const] : []),
    {
      call: "close_range",
      args: [RULESET, DESCRIPTORS_MAX, CLOSE_RANGE_CLOEXEC],
    },
    ...becomeMerged(request),
  ], arch);
}

function becomeMerged(
  request: Omit<LauncherRequest, "attempts" | "confine">,
): readonly Step[] {
  const merge: Step = { call: "dup3", args: [1, 2, 0] };
  return [...(request.mergesOutput ? [merge] : []), ...becomeCommand(request)];
}

// Without a known version of Landlock there is a way for each.
function confineSelf(
  confine: Confinement,
  options: ImageOptions,
  last: (abi: number) => readonly Step[],
): readonly Step[] {
  const most = confine.abiMax ?? LANDLOCK_ABI_MAX;
  const restrict = (
    abi: number,
  ): readonly Step[] => [
    ...restrictSelf(confine, Math.min(abi, most), options),
    ...last(abi),
  ];
  const { abi } = confine;
  return [
    { call: "prctl", args: [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0] },
    // The agent may have died before the line above took effect.
    {
      call: "getppid",
      from: confine.agentPid,
      to: confine.agentPid,
      otherwise: complain("the agent has ended"),
    },
    mustWork("prctl", [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], "PR_SET_NO_NEW_PRIVS"),
    // The person's terminal must not be the command's. Fails where that is so already.
    { call: "setsid" },
    ...(abi === undefined ? askVersion(most, restrict) : restrict(abi)),
  ];
}

function askVersion(
  most: number,
  restrict: (abi: number) => readonly Step[],
): readonly Step[] {
  const ask = {
    call: "landlock_create_ruleset",
    args: [0, 0, CREATE_RULESET_VERSION],
  } as const;
  const versions = Array.from({ length: most }, (_, index) => most - index);
  return [
    ...versions.map((abi): Step => ({
      ...ask,
      to: abi - 1,
      otherwise: restrict(abi),
    })),
    ...LANDLOCK_ERRNOS.flatMap((errno): Step[] => [
      { ...ask, from: -errno, to: -errno, otherwise: 1 },
      goTo(complain(`${ask.call} failed with errno ${errno}`)),
    ]),
    ...complain(`${ask.call} failed`),
  ];
}

function restrictSelf(
  confine: Confinement,
  abi: number,
  options: ImageOptions,
): readonly Step[] {
  const attribute = buildRulesetAttribute(confine, abi);
  return [
    // What starts us has left a descriptor of this program, and hands on no other.
    { call: "close_range", args: [RULESET, DESCRIPTORS_MAX, 0] },
    {
      ...mustWork(
        "landlock_create_ruleset",
        [attribute, attribute.length, 0],
      ),
      from: RULESET,
      to: RULESET,
    },
    ...buildLandlockRules(confine, abi).flatMap((rule): Step[] => [
      // A rule gives rights: one that cannot be made takes none away.
      {
        call: "openat",
        args: [AT_FDCWD, rule.path, O_PATH_NOFOLLOW[options.arch], 0],
        from: OPENED,
        to: OPENED,
        otherwise: 2,
      },
      mustWork(
        "landlock_add_rule",
        [RULESET, RULE_PATH_BENEATH, buildPathRule(rule, OPENED, abi), 0],
        `landlock_add_rule of ${rule.path}`,
      ),
      { call: "close", args: [OPENED] },
    ]),
    mustWork("landlock_restrict_self", [RULESET, 0]),
    { call: "close", args: [RULESET] },
    ...(confine.isInner ? [] : loseRights(confine, abi, options)),
  ];
}

function loseRights(
  confine: Confinement,
  abi: number,
  { arch, uid }: ImageOptions,
): readonly Step[] {
  const filter = buildLauncherFilter(confine, abi, arch);
  return [
    ...(uid === 0 ? dropCapabilities(confine.keepsOwnerRights) : []),
    // struct sock_fprog: the number of instructions, then their address.
    mustWork("seccomp", [
      SECCOMP_SET_MODE_FILTER,
      0,
      [filter.length / 8, filter],
    ]),
  ];
}

function dropCapabilities(keepsOwnerRights: boolean): readonly Step[] {
  const kept = keepsOwnerRights ? OWNER_CAPABILITIES : [];
  const bits = kept.reduce((sum, capability) => sum | (1 << capability), 0);
  return [
    ...Array.from({ length: CAPABILITIES }, (_, capability) => capability)
      .filter((capability) => !kept.includes(capability))
      .map((capability): Step => ({
        call: "prctl",
        args: [PR_CAPBSET_DROP, capability, 0, 0, 0],
      })),
    {
      call: "prctl",
      args: [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0],
    },
    // Version and our own process; effective and permitted, then inheritable (capset(2)).
    mustWork("capset", [[CAPABILITY_VERSION_3], [bits * (2 ** 32 + 1), 0, 0]]),
  ];
}

// The runtime ignores SIGPIPE; inherited, that would break `yes | head`.
function resetSignals(): readonly Step[] {
  const byDefault = new Uint8Array(32);
  const none = byDefault.subarray(0, SIGNAL_SET);
  return [
    ...Array.from({ length: SIGNALS }, (_, index) => index + 1)
      .filter((signal) => signal !== SIGKILL && signal !== SIGSTOP)
      .map((signal): Step => ({
        call: "rt_sigaction",
        args: [signal, byDefault, 0, SIGNAL_SET],
      })),
    { call: "rt_sigprocmask", args: [SIG_SETMASK, none, 0, SIGNAL_SET] },
  ];
}

function mustWork(
  call: Step["call"],
  args: readonly Argument[],
  what: string = call,
): Step {
  return { call, args, from: 0, otherwise: complain(`${what} failed`) };
}

function complain(reason: string): readonly Step[] {
  return endWith(`${LAUNCHER.complaint}${reason}`, LAUNCHER.failedCode);
}
