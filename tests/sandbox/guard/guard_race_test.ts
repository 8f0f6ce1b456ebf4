import assert from "node:assert/strict";
import { errorText } from "../../../core/protocol/error.ts";
import { backendsHere, LINUX, openPlace, type Place } from "../support.ts";

// 60 in the long form: RACE_SECONDS=60 deno task test tests/sandbox/guard/guard_race_test.ts
const SECONDS = Number(Deno.env.get("RACE_SECONDS") ?? 4);
const HAS_LANDLOCK = Deno.build.os === "linux" &&
  backendsHere().includes("landlock");

/** Exchanges two names as fast as it can, until it is killed. */
const SWAPPER = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv) {
  write(1, "ready", 5);
  for (;;) syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], 2);
}`;

/** Folder to stand in, and the name there that a link is exchanged with. */
const SWAPPED = [["", ".git"], [".git/", "hooks"], [
  ".codex/",
  "rules",
]] as const;

async function compile(source: string, output: string): Promise<void> {
  const gcc = new Deno.Command("gcc", {
    args: ["-O1", "-w", "-x", "c", "-o", output, "-"],
    stdin: "piped",
  }).spawn();
  const writer = gcc.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  assert.ok((await gcc.status).success, "gcc is needed");
}

/** A repository, and outside a folder of the same shape with the person's keys. */
async function prepare({ base, workspace }: Place): Promise<void> {
  for (const top of [`${workspace}/.git`, `${base}/out`]) {
    await Deno.mkdir(`${top}/hooks`, { recursive: true });
    await Deno.mkdir(`${top}/info`);
    await Deno.writeTextFile(`${top}/config`, "[core]\n");
    await Deno.writeTextFile(`${top}/HEAD`, "ref: refs/heads/main\n");
  }
  await Deno.writeTextFile(`${base}/out/hooks/authorized_keys`, "mine\n");
  await Deno.mkdir(`${workspace}/.codex/rules`, { recursive: true });
  await Deno.writeTextFile(`${workspace}/.codex/rules/a.rules`, "allow\n");
  for (const [folder] of SWAPPED) {
    await Deno.symlink(`${base}/out`, `${workspace}/${folder}link`);
  }
  await compile(SWAPPER, `${base}/swapper`);
}

async function describe(folder: string): Promise<string> {
  const lines: string[] = [];
  const open = [folder];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const { mode, isDirectory, isFile, mtime, ino } = await Deno.lstat(path);
    const text = isFile ? await Deno.readTextFile(path) : "";
    lines.push(`${path} ${mode} ${ino} ${mtime?.getTime()} ${text}`);
    if (!isDirectory) continue;
    for await (const { name } of Deno.readDir(path)) {
      open.push(`${path}/${name}`);
    }
  }
  return lines.sort().join("");
}

const PLANT =
  "for i in 1 2 3; do echo evil > .git/hooks/authorized_keys; rm -rf .git/info .codex/rules; mkdir -p .codex/rules .git/info; echo x > .git/config; done 2>/dev/null; true";

for (const form of ["parallel", "sequential"] as const) {
  Deno.test({
    name:
      `run() changes nothing outside while folders are exchanged for links (${form} calls)`,
    ...LINUX,
    ignore: !HAS_LANDLOCK,
    fn: async () => {
      await using place = await openPlace({ backend: "landlock" });
      await prepare(place);
      const before = await describe(`${place.base}/out`);
      const problems: string[] = [];
      const attempt = async (script: string): Promise<void> => {
        // A launch may be refused for what it finds; a bug must not happen.
        await place.run(script).catch((error) => {
          if (error?.name !== "SandboxUnavailable") {
            problems.push(errorText(error));
          }
        });
      };
      // Outside of any command, as one that another program confines would be.
      const swappers = SWAPPED.map(([folder, name]) =>
        new Deno.Command(`${place.base}/swapper`, {
          args: [name, "link"],
          cwd: `${place.workspace}/${folder}`,
          stdout: "null",
        }).spawn()
      );
      const end = Date.now() + SECONDS * 1000;
      let calls = 0;
      try {
        while (Date.now() < end) {
          const width = form === "parallel" ? 4 : 1;
          await Promise.all(Array.from({ length: width }, () => {
            calls++;
            return attempt(PLANT);
          }));
        }
      } finally {
        for (const swapper of swappers) {
          swapper.kill("SIGKILL");
          await swapper.status;
        }
      }
      console.error(`  ${calls} calls`);
      assert.equal(await describe(`${place.base}/out`), before);
      assert.deepEqual(problems, []);
    },
  });
}
