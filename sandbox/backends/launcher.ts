/** The hidden role that confines itself and becomes the command: Landlock, seccomp, execve. */
import {
  type Attempts,
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
import { LauncherLibc } from "./launcher_libc.ts";

const IS_ARM = Deno.build.arch === "aarch64";
// Same numbers on both architectures, but for the last two.
const SYS_CLOSE_RANGE = 436;
const SYS_CREATE_RULESET = 444;
const SYS_ADD_RULE = 445;
const SYS_RESTRICT_SELF = 446;
const SYS_SECCOMP = IS_ARM ? 277 : 317;
const SYS_CAPSET = IS_ARM ? 91 : 126;
const CLOSE_RANGE_CLOEXEC = 4;
const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const SECCOMP_SET_MODE_FILTER = 1;
// <linux/prctl.h>
const PR_SET_PDEATHSIG = 1;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4n;
const SIGKILL = 9;
const SIGSTOP = 19;
const SIG_SETMASK = 2;
const CAPABILITIES = 64;
// <fcntl.h>
const O_PATH = 0x200000;
const O_CLOEXEC = 0x80000;
const O_NOFOLLOW = IS_ARM ? 0x8000 : 0x20000;
const O_WRONLY = 1;
const O_APPEND = 0x400;
const ENOENT = 2;
const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;

/**
 * Runs the request that lies in the descriptor named by the only argument. Never returns:
 * the process becomes the command, or ends with 125 (not confined), 126 or 127.
 */
export function runLauncher(args: readonly string[]): never {
  const libc = new LauncherLibc();
  let request: LauncherRequest;
  try {
    const text = Deno.readTextFileSync(`/proc/self/fd/${Number(args[0])}`);
    request = JSON.parse(text);
  } catch (error) {
    return libc.fail(`no request: ${error}`);
  }
  try {
    return launch(libc, request);
  } catch (error) {
    return libc.fail(String(error));
  }
}

// From restricting to execve nothing but calls into libc: no import, no allocation by
// name, no output. Threads of the runtime are not confined, and execve ends them.
function launch(libc: LauncherLibc, request: LauncherRequest): never {
  const { confine, attempts } = request;
  const program = libc.text(request.argv[0] ?? "");
  const argv = libc.vector(request.argv);
  const env = libc.vector(
    Object.entries(request.env).map(([name, value]) => `${name}=${value}`),
  );
  libc.syscall(SYS_CLOSE_RANGE, 3, 0xffffffff, CLOSE_RANGE_CLOEXEC);
  if (confine !== undefined) confineSelf(libc, confine);
  if (attempts !== undefined) return makeAttempts(libc, attempts);
  resetSignals(libc);
  if (request.mergesOutput) libc.symbols.dup2(1, 2);
  libc.symbols.execvpe(program, argv, env);
  const errno = libc.errno();
  const state = errno === ENOENT ? "not found" : `errno ${errno}`;
  libc.say(`${request.argv[0]}: cannot be run: ${state}`);
  return libc.exit(errno === ENOENT ? 127 : 126);
}

function confineSelf(libc: LauncherLibc, confine: Confinement): void {
  const { symbols } = libc;
  symbols.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL), 0n, 0n, 0n);
  // The agent may have died before the line above took effect.
  if (symbols.getppid() !== confine.agentPid) libc.exit(LAUNCHER.failedCode);
  libc.check(
    "PR_SET_NO_NEW_PRIVS",
    symbols.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n),
  );
  const version = libc.check(
    "landlock_create_ruleset",
    libc.syscall(SYS_CREATE_RULESET, 0, 0, CREATE_RULESET_VERSION),
  );
  const abi = Math.min(version, confine.abiMax ?? LANDLOCK_ABI_MAX);
  const filter = buildLauncherFilter(confine, abi, Deno.build.arch);
  // The person's terminal must not be the command's. Fails where that is so already.
  symbols.setsid();
  restrictFiles(libc, confine, abi);
  if (confine.isInner) return;
  if (Deno.uid() === 0) dropCapabilities(libc, confine.keepsOwnerRights);
  installFilter(libc, filter);
}

function restrictFiles(
  libc: LauncherLibc,
  confine: Confinement,
  abi: number,
): void {
  const attribute = buildRulesetAttribute(confine, abi);
  const ruleset = libc.check(
    "landlock_create_ruleset",
    libc.syscall(
      SYS_CREATE_RULESET,
      libc.address(attribute),
      attribute.length,
      0,
    ),
  );
  for (const rule of buildLandlockRules(confine, abi)) {
    const path = libc.text(rule.path);
    const flags = O_PATH | O_CLOEXEC | O_NOFOLLOW;
    const descriptor = libc.symbols.open(path, flags, 0);
    // A rule gives rights: one that cannot be made takes none away.
    if (descriptor < 0) continue;
    const bytes = buildPathRule(rule, descriptor, abi);
    libc.check(
      `landlock_add_rule of ${rule.path}`,
      libc.syscall(
        SYS_ADD_RULE,
        ruleset,
        RULE_PATH_BENEATH,
        libc.address(bytes),
        0,
      ),
    );
    libc.symbols.close(descriptor);
  }
  libc.check(
    "landlock_restrict_self",
    libc.syscall(SYS_RESTRICT_SELF, ruleset, 0),
  );
  libc.symbols.close(ruleset);
}

function dropCapabilities(libc: LauncherLibc, keepsOwnerRights: boolean): void {
  const kept = keepsOwnerRights ? OWNER_CAPABILITIES : [];
  for (let capability = 0; capability < CAPABILITIES; capability++) {
    if (kept.includes(capability)) continue;
    libc.symbols.prctl(PR_CAPBSET_DROP, BigInt(capability), 0n, 0n, 0n);
  }
  libc.symbols.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0n, 0n, 0n);
  const bits = kept.reduce((sum, capability) => sum | (1 << capability), 0);
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0]);
  // Effective, permitted, inheritable; low words, then high words (capset(2)).
  const data = new Uint32Array([bits, bits, 0, 0, 0, 0]);
  libc.check(
    "capset",
    libc.syscall(
      SYS_CAPSET,
      libc.address(new Uint8Array(header.buffer)),
      libc.address(new Uint8Array(data.buffer)),
    ),
  );
}

function installFilter(
  libc: LauncherLibc,
  filter: Uint8Array<ArrayBuffer>,
): void {
  // struct sock_fprog: the count, six bytes of padding, the address.
  const program = new Uint8Array(16);
  const view = new DataView(program.buffer);
  view.setUint16(0, filter.length / 8, true);
  view.setBigUint64(8, libc.address(filter), true);
  libc.check(
    "seccomp",
    libc.syscall(
      SYS_SECCOMP,
      SECCOMP_SET_MODE_FILTER,
      0,
      libc.address(program),
    ),
  );
}

// The runtime ignores SIGPIPE; inherited, that would break `yes | head`.
function resetSignals(libc: LauncherLibc): void {
  for (let signal = 1; signal <= 64; signal++) {
    if (signal === SIGKILL || signal === SIGSTOP) continue;
    libc.symbols.signal(signal, null);
  }
  libc.symbols.sigprocmask(SIG_SETMASK, new Uint8Array(128), null);
}

/** Says on one line which of the attempts succeeded. */
function makeAttempts(libc: LauncherLibc, attempts: Attempts): never {
  const { symbols } = libc;
  const buffer = new Uint8Array(256);
  const reader = symbols.open(libc.text(attempts.read), 0, 0);
  const count = reader < 0 ? 0 : Number(symbols.read(reader, buffer, 256n));
  const text = new TextDecoder().decode(buffer.subarray(0, Math.max(0, count)));
  const writer = symbols.open(
    libc.text(attempts.write),
    O_WRONLY | O_APPEND,
    0,
  );
  const abi = libc.syscall(SYS_CREATE_RULESET, 0, 0, CREATE_RULESET_VERSION);
  const results = [
    `abi ${abi}`,
    `read ${text.split("\n")[0]}`,
    ...(writer >= 0 ? ["wrote"] : []),
    ...(isConnected(libc, attempts.address) ? ["connected"] : []),
    ...(symbols.socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? ["unix"] : []),
    ...(symbols.kill(attempts.pid, 0) === 0 ? ["signalled"] : []),
  ];
  const line = new TextEncoder().encode(`${results.join("\n")}\n`);
  symbols.write(1, line, BigInt(line.length));
  return libc.exit(0);
}

function isConnected(libc: LauncherLibc, address: string): boolean {
  const socket = libc.symbols.socket(AF_INET, SOCK_DGRAM, 0);
  if (socket < 0) return false;
  // struct sockaddr_in: family, port 9 (discard) in network order, address.
  const place = new Uint8Array(16);
  place.set([AF_INET, 0, 0, 9, ...address.split(".").map(Number)]);
  return libc.symbols.connect(socket, place, 16) === 0;
}
