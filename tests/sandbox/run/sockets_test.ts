/** With the network open no command starts programs outside through a socket of somebody else. */
import assert from "node:assert/strict";
import { workspaceWrite } from "../../support/settings.ts";
import { HAS_BWRAP, openPlace, testHost } from "../support.ts";

const BWRAP = { ignore: !HAS_BWRAP };
const CONNECT =
  'python3 -c "import socket,sys; s=socket.socket(1); s.connect(sys.argv[1])" "$SOCKET"';

/** Below the folder of the person's sockets, or named by a variable. */
const SOCKETS: Readonly<Record<string, (path: string) => string>> = {
  "run/emacs/server": () => "",
  "run/nvim.77.0": () => "",
  "run/vscode-ipc-1.sock": () => "",
  "run/wayland-1": () => "",
  "run/i3/ipc-socket.7": () => "",
  "home/.docker/run/docker.sock": () => "",
  "ws/own.docker": (path) => `DOCKER_HOST=unix://${path}`,
  "ws/own.tmux": (path) => `TMUX=${path},7,0`,
  "ws/own.bus": (path) => `DBUS_SESSION_BUS_ADDRESS=unix:path=${path},guid=1`,
};

Deno.test(
  "no socket of an editor, terminal or daemon that starts programs answers a command",
  BWRAP,
  async () => {
    const variables = new Map<string, string>();
    const host = testHost({
      env: (name) => variables.get(name),
      homeDir: () => variables.get("HOME"),
    });
    await using place = await openPlace({ host, backend: "bwrap" });
    variables.set("XDG_RUNTIME_DIR", `${place.base}/run`);
    variables.set("HOME", `${place.base}/home`);
    const all: typeof SOCKETS = { ...SOCKETS, "ws/free": () => "" };
    const paths = Object.entries(all)
      .map(([name, variable]) => {
        const path = `${place.base}/${name}`;
        const [key = "", ...value] = variable(path).split("=");
        if (key !== "") variables.set(key, value.join("="));
        return path;
      });
    for (const path of paths) {
      const folder = path.slice(0, path.lastIndexOf("/"));
      await Deno.mkdir(folder, { recursive: true });
    }
    const servers = paths.map((path) =>
      Deno.listen({ transport: "unix", path })
    );
    try {
      const reach = async (path: string, sandboxed: boolean) =>
        (await place.run(CONNECT, {
          sandboxed,
          policy: workspaceWrite({ networkAccess: true }),
          env: { PATH: "/usr/bin:/bin", SOCKET: path },
        })).exitCode === 0;
      const reached: string[] = [];
      for (const path of paths) {
        assert.ok(await reach(path, false), `without a sandbox: ${path}`);
        if (await reach(path, true)) reached.push(path);
      }
      // What starts nothing stays open: test databases and their like.
      assert.deepEqual(reached, [`${place.base}/ws/free`]);
    } finally {
      servers.forEach((server) => server.close());
    }
  },
);
