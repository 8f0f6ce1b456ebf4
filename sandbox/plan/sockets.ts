/** Unix sockets by path: whether commands may use them, and which of them never. */
import type { Host } from "../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { type HiddenFact, resolveHidden } from "./hidden.ts";

export interface SocketPlan {
  readonly unixSockets: boolean;
  /** Of these none may be used, where mounts can hide them. */
  readonly closedSockets?: readonly HiddenFact[];
}

/** Sockets are open where the network is: much that needs the one needs the other. */
export function planSockets(
  policy: SandboxPolicy,
  closedSockets: readonly HiddenFact[] = [],
): SocketPlan {
  const unixSockets = policy.mode === "workspace-write" &&
    (policy.allowUnixSockets || policy.networkAccess);
  return { unixSockets, closedSockets };
}

/** Sockets and folders of them through which any program can be started outside, and where that is said. */
const POWERFUL: readonly string[] = [
  // dockerd(8), containerd(8), podman-system-service(1), crio(8)
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/crio/crio.sock",
  // D-Bus Specification, "Well-known Message Bus Instances"; systemd(1)
  "/run/dbus/system_bus_socket",
  "/run/systemd/private",
  // snapd, libvirtd(8), Incus and LXD
  "/run/snapd.socket",
  "/run/libvirt",
  "/var/lib/incus/unix.socket",
  "/var/lib/lxd/unix.socket",
  // X(7): whoever may draw may also type. screen(1).
  "/tmp/.X11-unix",
  "/run/screen",
];

/** The same below $XDG_RUNTIME_DIR (XDG Base Directory Specification). */
const OF_THE_PERSON: readonly string[] = [
  "bus",
  "containerd",
  "docker.sock",
  "podman/podman.sock",
  "systemd/private",
  "wayland-0",
];

/**
 * Those of them that are there, for a policy that opens sockets only because it opens the
 * network.
 */
export async function readPowerful(
  { files, env, uid }: Pick<Host, "files" | "env" | "uid">,
  policy: SandboxPolicy,
): Promise<readonly HiddenFact[]> {
  if (policy.mode !== "workspace-write") return [];
  if (!policy.networkAccess || policy.allowUnixSockets) return [];
  const own = env("XDG_RUNTIME_DIR") || `/run/user/${uid}`;
  const paths = [
    ...POWERFUL,
    // tmux(1)
    `${env("TMUX_TMPDIR") || "/tmp"}/tmux-${uid}`,
    ...OF_THE_PERSON.map((name) => `${own}/${name}`),
  ];
  const found = await Promise.all(
    paths.map((path) => resolveHidden(files, path).catch(() => undefined)),
  );
  return found.filter((fact) => fact !== undefined);
}
