/** Unix sockets by path: whether commands may use them, and which of them never. */
import type { Host } from "../../core/protocol/host.ts";
import type { SandboxPolicy } from "../../core/protocol/policy.ts";
import { isInside } from "../../core/util/path.ts";
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
  // dockerd(8), containerd(8), podman-system-service(1), crio(8), k3s, buildkitd
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/crio/crio.sock",
  "/run/k3s/containerd/containerd.sock",
  "/run/buildkit/buildkitd.sock",
  // D-Bus Specification, "Well-known Message Bus Instances"; systemd(1)
  "/run/dbus/system_bus_socket",
  "/run/systemd/private",
  "/run/systemd/io.systemd.Manager",
  // snapd, libvirtd(8), Incus and LXD
  "/run/snapd.socket",
  "/run/libvirt",
  "/var/lib/incus/unix.socket",
  "/var/lib/lxd/unix.socket",
  "/var/snap/lxd/common/lxd/unix.socket",
  // X(7): whoever may draw may also type. screen(1).
  "/tmp/.X11-unix",
  "/run/screen",
];

/**
 * The same below $XDG_RUNTIME_DIR (XDG Base Directory Specification): beside daemons there are
 * editors, terminals and window managers that start what they are told to (emacsclient(1),
 * i3-msg(1), hyprctl, wezterm cli, zellij action).
 */
const OF_THE_PERSON: readonly string[] = [
  "bus",
  "containerd",
  "docker.sock",
  "emacs",
  "hypr",
  "i3",
  "podman/podman.sock",
  "systemd/io.systemd.Manager",
  "systemd/private",
  "wezterm",
  "zellij",
];

/** Below the home folder: Docker Desktop, Rancher Desktop, Colima; screen(1) of some systems. */
const OF_THE_HOME: readonly string[] = [
  ".docker/desktop/docker.sock",
  ".docker/run/docker.sock",
  ".rd/docker.sock",
  ".colima/default/docker.sock",
  ".screen",
];

// In $XDG_RUNTIME_DIR, or where there is none in /tmp, with a number of their own: code(1),
// nvim(1) "serverstart", sway-ipc(7), niri, kitty(1), alacritty-msg(1), emacsclient(1).
const NUMBERED =
  /^(?:vscode-.*\.sock|nvim\..*|sway-ipc\..*|wayland-\d+|niri\..*|kitty.*|alacritty.*\.sock|emacs\d+|zellij-\d+|i3-.*)$/i;

// Variables by which their clients find them, wherever they are.
const NAMED_BY: readonly string[] = [
  "ALACRITTY_SOCKET",
  "BUILDKIT_HOST",
  "CONTAINER_HOST",
  "DBUS_SESSION_BUS_ADDRESS",
  "DOCKER_HOST",
  "EMACS_SOCKET_NAME",
  "I3SOCK",
  "KITTY_LISTEN_ON",
  "NIRI_SOCKET",
  "NVIM",
  "NVIM_LISTEN_ADDRESS",
  "SWAYSOCK",
  "TMUX",
  "VSCODE_IPC_HOOK_CLI",
  "WEZTERM_UNIX_SOCKET",
];
const ADDRESS = /^(?:unix:(?:path=|\/\/)?)?(\/[^,;]*)/;

/**
 * Those of them that are there, for a policy that opens sockets only because it opens the
 * network.
 */
export async function readPowerful(
  { files, env, homeDir, uid }: Pick<
    Host,
    "files" | "env" | "homeDir" | "uid"
  >,
  policy: SandboxPolicy,
): Promise<readonly HiddenFact[]> {
  if (policy.mode !== "workspace-write") return [];
  if (!policy.networkAccess || policy.allowUnixSockets) return [];
  const own = env("XDG_RUNTIME_DIR") || `/run/user/${uid}`;
  const home = homeDir();
  const listed = await Promise.all([own, "/tmp"].map(async (folder) => {
    const entries = await files.list(folder).catch(() => []);
    return entries.filter(({ name }) => NUMBERED.test(name))
      .map(({ name }) => `${folder}/${name}`);
  }));
  const paths = [
    ...POWERFUL,
    // tmux(1)
    `${env("TMUX_TMPDIR") || "/tmp"}/tmux-${uid}`,
    ...OF_THE_PERSON.map((name) => `${own}/${name}`),
    ...home === undefined ? [] : OF_THE_HOME.map((name) => `${home}/${name}`),
    ...listed.flat(),
  ];
  const named = NAMED_BY.flatMap((name) =>
    ADDRESS.exec(env(name) ?? "")?.[1] ?? []
  );
  const look = async (all: readonly string[]): Promise<HiddenFact[]> => {
    const found = await Promise.all(
      all.map((path) => resolveHidden(files, path).catch(() => undefined)),
    );
    return found.filter((fact) => fact !== undefined);
  };
  const known = await look(paths);
  // A folder that a variable names may hold anything.
  const others = (await look(named)).filter(({ kind, path }) =>
    kind === "file" && !known.some((one) => isInside(path, one.path))
  );
  return [...known, ...others];
}
