/** What the outcome of a proof depends on and no command can change: the machine as it is now. */
import type { Files } from "../../core/protocol/host.ts";
import { buildCommit, VERSION } from "../../core/protocol/version.ts";
import { BWRAP_PATHS } from "../backends/bwrap.ts";
import { BASH_PATHS, findFirst, type ProbeHost } from "./probe.ts";

// Of /proc/self/status: ids, capabilities, and what lies on this process (proc(5)).
const STATUS_LINES = /^(?:Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp\w*):.*$/gm;

const NAMESPACES = ["user", "mnt", "pid", "net", "ipc", "cgroup"] as const;

/** Files that answer for the kernel, and for what it lets this user make. */
const KERNEL_FILES: readonly string[] = [
  "/proc/sys/kernel/random/boot_id",
  "/proc/sys/kernel/osrelease",
  "/proc/sys/kernel/version",
  "/proc/sys/kernel/unprivileged_userns_clone",
  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
  "/proc/sys/user/max_user_namespaces",
  "/proc/sys/vm/memfd_noexec",
  "/proc/self/attr/current",
];

/** The facts by name; what is not there is the empty string. */
export async function readMachine(
  host: ProbeHost,
): Promise<Readonly<Record<string, string>>> {
  const { files } = host;
  const facts: Record<string, string> = {
    program: `${VERSION} ${buildCommit()} ${host.arch}`,
    uid: `${host.uid}`,
    status: (await textOf(files, "/proc/self/status"))
      .match(STATUS_LINES)?.join("\n") ?? "",
    TMPDIR: await identityOf(files, host.env("TMPDIR")),
    executable: await identityOf(files, await linkOf(files, "/proc/self/exe")),
    bwrap: await identityOf(files, await findFirst(files, BWRAP_PATHS)),
    bash: await identityOf(files, await findFirst(files, BASH_PATHS)),
  };
  for (const path of KERNEL_FILES) facts[path] = await textOf(files, path);
  for (const kind of NAMESPACES) {
    const path = `/proc/self/ns/${kind}`;
    facts[path] = await linkOf(files, path);
  }
  return facts;
}

async function textOf(files: Files, path: string): Promise<string> {
  return (await files.readText(path).catch(() => "")).trim();
}

async function linkOf(files: Files, path: string): Promise<string> {
  return await files.readLink(path).catch(() => "");
}

async function identityOf(
  files: Files,
  path: string | undefined,
): Promise<string> {
  if (path === undefined || path === "") return "";
  const stat = await files.stat(path).catch(() => undefined);
  if (stat === undefined) return path;
  const { ino, size, mtimeMs, mode, uid } = stat;
  const change = stat.isFile ? `${size} ${mtimeMs}` : "";
  return `${path} ${ino} ${mode.toString(8)} ${uid} ${change}`;
}
