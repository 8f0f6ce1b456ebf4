/** Tests of core/host/keeper.ts: what is left when this program is killed. */
import { assertNoneLeft, newMarker, processesWith } from "../../e2e/support.ts";

const SPAWN = new URL("../../../core/host/spawn.ts", import.meta.url).href;

for (const end of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test({
    name:
      `what was started ends with us, whatever session it is in, after ${end}`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const marker = newMarker();
      const loop =
        `sh -c 'trap "" TERM HUP; while :; do sleep 0.2; done # ${marker}'`;
      const script = `${loop} & (setsid ${loop} &) ; wait # ${marker}`;
      const request = {
        command: "/bin/sh",
        args: ["-c", script],
        cwd: "/",
        env: { PATH: "/usr/bin:/bin", MARK: marker },
        stdin: "null",
        stdout: "null",
        stderr: "null",
        detached: true,
        mark: marker,
      };
      const agent = new Deno.Command(Deno.execPath(), {
        args: [
          "eval",
          "--no-check",
          `import { spawnChild } from ${JSON.stringify(SPAWN)};
           await spawnChild(${JSON.stringify(request)}).status;`,
        ],
        stdin: "null",
      }).spawn();
      // The shell, its two children and the program that was told of them.
      while (processesWith(marker).length < 4) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      agent.kill(end);
      await agent.status;
      await assertNoneLeft(marker);
    },
  });
}
