/** Whether anything has run that may have made what is there. */
import assert from "node:assert/strict";
import type { Host } from "../../../core/protocol/host.ts";
import { Stillness } from "../../../sandbox/probe/stillness.ts";
import { eventually, LINUX, testHost } from "../support.ts";

interface Scene extends AsyncDisposable {
  readonly folder: string;
  /** Its only child sleeps. */
  readonly host: Host;
  /** A run of its program that is no child of it. */
  startOther(script: string): Deno.ChildProcess;
}

async function openScene(): Promise<Scene> {
  const folder = await Deno.makeTempDir();
  const program = `${folder}/rondo`;
  await Deno.copyFile("/bin/sh", program);
  const children: Deno.ChildProcess[] = [];
  const start = (command: string, script: string): Deno.ChildProcess => {
    const child = new Deno.Command(command, {
      args: ["-c", script],
      cwd: folder,
      stdin: "piped",
      stdout: "null",
    }).spawn();
    children.push(child);
    return child;
  };
  const { pid } = start("/bin/sh", "touch ready; cat; :");
  await isMade(`${folder}/ready`);
  return {
    folder,
    host: testHost({ pid, selfCommand: () => [program] }),
    startOther: (script) => start(program, script),
    [Symbol.asyncDispose]: async () => {
      // All of them end with their input.
      for (const { stdin, status } of children) {
        await stdin.close();
        await status;
      }
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function isMade(path: string): Promise<void> {
  await eventually(
    () => Deno.stat(path).then(() => true, () => false),
    `${path} is made`,
  );
}

// It may still be about to go to sleep.
async function isStill(stillness: Stillness): Promise<void> {
  await eventually(async () => {
    await stillness.begin();
    return await stillness.holds();
  }, "all of them sleep");
}

Deno.test(
  "what another run of the program does, or a command of its, counts",
  LINUX,
  async () => {
    await using scene = await openScene();
    const other = scene.startOther("read -r go; mkdir planted; read -r end");
    const stillness = new Stillness(scene.host);
    await isStill(stillness);
    const keys = other.stdin.getWriter();
    await keys.write(new TextEncoder().encode("go\n"));
    keys.releaseLock();
    await isMade(`${scene.folder}/planted`);
    assert.equal(await stillness.holds(), false);
  },
);
