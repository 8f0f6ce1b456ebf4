import assert from "node:assert/strict";
import { basename, dirname } from "../../../../core/util/path.ts";

const MAIN = decodeURIComponent(
  new URL("../place_main.ts", import.meta.url).pathname,
);
const CAN_FORBID = Deno.build.os === "linux" && Deno.uid() === 0 && hasSysctl();

function hasSysctl(): boolean {
  try {
    Deno.statSync("/proc/sys/vm/memfd_noexec");
    return true;
  } catch {
    return false;
  }
}

/** What place_main.ts says after the shell has prepared a namespace of its own. */
async function sayAfter(script: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("unshare", {
    args: [
      ...["--pid", "--fork", "--mount", "--mount-proc", "sh", "-e", "-c"],
      // The runtime may lie in one of the folders that are closed.
      `mount --bind '${dirname(Deno.execPath())}' /mnt\n${script}\nexec "$@"`,
      "sh",
      `/mnt/${basename(Deno.execPath())}`,
      ...["run", "--no-check", "--quiet", "--allow-all", MAIN],
    ],
  }).output();
  const decoder = new TextDecoder();
  return (decoder.decode(stdout) || decoder.decode(stderr)).trim();
}

const NO_MEMORY = "echo 2 >/proc/sys/vm/memfd_noexec";
function close(folder: string): string {
  return `mount --bind ${folder} ${folder}; mount -o remount,bind,noexec ${folder}`;
}

const SCENES: readonly (readonly [string, readonly string[], string])[] = [
  ["memory where it may", [], "made in memory"],
  [
    "memory where what is executable says so",
    ["echo 1 >/proc/sys/vm/memfd_noexec"],
    "made in memory",
  ],
  ["a file where memory may not", [NO_MEMORY], "made in /dev/shm"],
  [
    "a file in the next folder where one may not either",
    [NO_MEMORY, close("/dev/shm")],
    "made in /tmp",
  ],
  [
    "no made program where nothing may",
    [NO_MEMORY, ...["/dev/shm", "/tmp", "/var/tmp"].map(close)],
    "instead in no place",
  ],
];

for (const [runs, script, says] of SCENES) {
  Deno.test({
    name: `the machine runs ${runs}`,
    ignore: !CAN_FORBID,
    fn: async () => assert.equal(await sayAfter(script.join("\n")), says),
  });
}
