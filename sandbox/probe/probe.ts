/** Proves a back end by running it: one child that must read, and must not reach anything else. */
import type { Files, Host } from "../../core/protocol/host.ts";
import { type Backend, buildLaunch, hasLandlock } from "../backends/backend.ts";
import { type Entry, TEST_PORTS } from "../network/network.ts";
import { runShort, type ShortRun } from "./short_run.ts";
import { parseFilterCount } from "./proc_status.ts";
import type { SandboxPlan } from "../plan/plan.ts";
import { readTop } from "../plan/shown.ts";

export type ProbeHost = Pick<
  Host,
  | "arch"
  | "env"
  | "files"
  | "holdNamespace"
  | "newId"
  | "os"
  | "pid"
  | "selfCommand"
  | "sleep"
  | "spawn"
  | "uid"
>;

interface ProbeResult {
  readonly isProved: boolean;
  /** What failed, in the words of the program that failed; empty when proved. */
  readonly detail: string;
  /** Version of Landlock in the kernel, when the launcher could ask. */
  readonly abi?: number;
}

/** What the child is to try; made by `readTarget`, removed by `removeTarget`. */
export interface ProbeTarget {
  /** A file the agent itself could write a moment ago. */
  readonly path: string;
  /** Its content; empty when no such file could be made. */
  readonly nonce: string;
  /** Seccomp filters on the agent: the child must have more. */
  readonly ownFilters: number;
}

export const BASH_PATHS: readonly string[] = [
  "/bin/bash",
  "/usr/bin/bash",
  "/run/current-system/sw/bin/bash",
];
/** TEST-NET-1 of RFC 5737, over datagrams: connecting one sends nothing. */
const OUTSIDE = "192.0.2.1";
export const STRICTEST: SandboxPlan = {
  mode: "read-only",
  cwd: "/",
  mounts: [],
  absent: [],
  guard: [],
  fullGuard: [],
  plainRoots: [],
  lacksOwn: false,
  exposed: [],
  networkAccess: false,
  unixSockets: false,
  isForeign: false,
  notes: [],
  unprotected: [],
};

const ESCAPES: Readonly<Record<string, string>> = {
  wrote: "a file outside could be written",
  connected: "a connection could be made",
  signalled: "a process outside could be signalled",
  unix: "a unix socket could be opened",
  crossed: "a server in another network could be reached",
};

// Builtins alone, so that one process does it all. Signal 0 to -1 reaches for every
// process there is.
const SCRIPT = `
exec 2>/dev/null
IFS= read -r line < "$1" && echo "read $line"
{ echo x >> "$1"; } && echo wrote
{ :; } 3<>"/dev/udp/$2/9" && echo connected
kill -s 0 -- "$3" && echo signalled
[ -n "$4" ] && { :; } 3<>"/dev/tcp/127.0.0.1/$4" && echo met
[ -n "$5" ] && { :; } 3<>"/dev/tcp/127.0.0.1/$5" && echo crossed
while IFS= read -r line; do
  case $line in Seccomp*) echo "$line" ;; esac
done < /proc/self/status
exit 0
`;

/** Makes the file that the attempts are about. */
export async function readTarget(host: ProbeHost): Promise<ProbeTarget> {
  const nonce = host.newId();
  const status = await host.files.readText(`/proc/${host.pid}/status`)
    .catch(() => "");
  const ownFilters = parseFilterCount(status);
  for (const folder of [host.env("TMPDIR"), "/tmp", "/dev/shm", "/var/tmp"]) {
    const path = `${folder}/.rondo-probe-${nonce}`;
    if (folder === undefined || !folder.startsWith("/")) continue;
    try {
      await host.files.writeTemporary(path, `${nonce}\n`);
      return { path, nonce, ownFilters };
    } catch {
      continue;
    }
  }
  // Nothing is writable for us: then a write outside cannot succeed for a command either.
  return { path: "/proc/self/status", nonce: "", ownFilters };
}

/** Removes the file again. */
export async function removeTarget(
  host: ProbeHost,
  target: ProbeTarget,
): Promise<void> {
  if (target.nonce !== "") {
    await host.files.remove(target.path).catch(() => {});
  }
}

/**
 * Runs the attempts under the back end and judges what they say; in a test network also
 * whether its server can be reached, and the one in the other network cannot.
 */
export async function runProbe(
  host: ProbeHost,
  backend: Backend,
  target: ProbeTarget,
  entry?: Entry,
): Promise<ProbeResult> {
  const result = await runAttempts(host, backend, { target, entry });
  const abi = /^abi (\d+)$/m.exec(result.stdout)?.[1];
  const isAlone = entry !== undefined && !/^met$/m.test(result.stdout);
  const detail = checkAttempt(result, { backend, target }) ||
    (isAlone ? "a server could not be reached" : "");
  return {
    isProved: detail === "",
    detail,
    ...(abi === undefined ? {} : { abi: Number(abi) }),
  };
}

async function runAttempts(
  host: ProbeHost,
  backend: Backend,
  { target, entry }: {
    readonly target: ProbeTarget;
    readonly entry: Entry | undefined;
  },
): Promise<ShortRun> {
  // In a PID namespace the agent has no number; its own may be that of a process inside.
  const pid = backend.kind === "bwrap" ? -1 : host.pid;
  const { path } = target;
  const bash = backend.kind === "landlock"
    ? undefined
    : await findFirst(host.files, BASH_PATHS);
  const top = hasLandlock(backend) ? await readTop(host.files) : [];
  const script = ["--norc", "--noprofile", "-c", SCRIPT, "bash"];
  const place = {
    backend,
    plan: STRICTEST,
    top,
    ...(entry !== undefined && { entry }),
  };
  const { within, beyond } = TEST_PORTS;
  const ports = entry === undefined ? [] : [`${within}`, `${beyond}`];
  const launch = buildLaunch(host, place, {
    env: { PATH: "/usr/bin:/bin" },
    mergesOutput: false,
    ...(bash === undefined
      ? {
        argv: [],
        attempts: {
          ...{ read: path, write: path, address: OUTSIDE, pid },
          ...(entry !== undefined && { ports: TEST_PORTS }),
        },
      }
      : { argv: [bash, ...script, path, OUTSIDE, `${pid}`, ...ports] }),
  });
  return await runShort(host, launch);
}

function checkAttempt(
  { code, stdout, stderr }: ShortRun,
  { backend, target }: {
    readonly backend: Backend;
    readonly target: ProbeTarget;
  },
): string {
  const lines = stdout.split("\n");
  if (code !== 0) return stderr.trim().split("\n")[0] || `exit code ${code}`;
  if (target.nonce !== "" && !lines.includes(`read ${target.nonce}`)) {
    return `a file could not be read: ${stderr.trim()}`;
  }
  const escapes = lines.filter((line) => line in ESCAPES);
  if (escapes.length > 0) {
    return escapes.map((line) => ESCAPES[line]).join("; ");
  }
  const isFiltered = parseFilterCount(stdout) > target.ownFilters;
  if (
    stdout.includes("\nSeccomp:") && backend.kind === "bwrap" && !isFiltered
  ) {
    return "the seccomp filter is not in force";
  }
  return "";
}

/** First of the paths at which there is a file. */
export async function findFirst(
  files: Pick<Files, "stat">,
  paths: readonly string[],
): Promise<string | undefined> {
  for (const path of paths) {
    if ((await files.stat(path).catch(() => undefined))?.isFile) return path;
  }
  return undefined;
}
