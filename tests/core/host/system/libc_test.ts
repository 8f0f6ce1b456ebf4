import assert from "node:assert/strict";
import {
  becomeSubreaper,
  closeInheritedDescriptors,
  openLibc,
  reapChild,
} from "../../../../core/host/system/libc.ts";
import { withDescriptors } from "../../../../core/host/system/descriptors.ts";
import { REPORT } from "../../../../core/protocol/host.ts";

const linux = { ignore: Deno.build.os !== "linux" };

async function readThroughCat(
  args: readonly (string | Uint8Array<ArrayBuffer>)[],
): Promise<string> {
  const { child } = withDescriptors(
    args,
    (texts) =>
      new Deno.Command("/bin/sh", {
        args: [
          "-c",
          'for n in "$@"; do cat "/proc/self/fd/$n"; echo; done',
          "sh",
          ...texts,
        ],
        stdout: "piped",
        stderr: "null",
      }).spawn(),
  );
  return new TextDecoder().decode((await child.output()).stdout);
}

Deno.test(
  "withDescriptors() gives the child every byte argument as a descriptor",
  linux,
  async () => {
    const encode = (text: string) => new TextEncoder().encode(text);
    const large = "x".repeat(300_000);
    assert.equal(
      await readThroughCat([encode("first"), encode(large)]),
      `first\n${large}\n`,
    );
  },
);

Deno.test(
  "withDescriptors() leaves no descriptor behind, even when the spawn throws",
  linux,
  () => {
    const count = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const before = count();
    for (let i = 0; i < 20; i++) {
      assert.throws(() =>
        withDescriptors([new Uint8Array(8)], () => {
          throw new Error("no");
        }), /no/);
    }
    assert.equal(count(), before);
  },
);

Deno.test("withDescriptors() hands plain texts on as they are", () => {
  assert.deepEqual(withDescriptors(["a", "b"], (texts) => texts), {
    child: ["a", "b"],
  });
});

Deno.test(
  "withDescriptors() gives the child a place to report to, and no later child",
  linux,
  async () => {
    const run = (script: string, args: readonly string[]) =>
      new Deno.Command("/bin/sh", { args: ["-c", script, "sh", ...args] })
        .spawn();
    const { child, readReport } = withDescriptors(
      [REPORT],
      (args) => run('echo started >"/proc/self/fd/$1"', args),
    );
    const open = await Array.fromAsync(Deno.readDir("/proc/self/fd"));
    const descriptor =
      open.map(({ name }) => name).find((name) =>
        linkOf(`/proc/self/fd/${name}`).includes("report")
      ) ?? "";
    const later = run('test -e "/proc/self/fd/$1"', [descriptor]);
    assert.equal((await later.status).code, 1);
    assert.equal((await child.status).code, 0);
    assert.equal(readReport?.(), "started\n");
  },
);

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "";
  }
}

Deno.test(
  "closeInheritedDescriptors() keeps descriptors opened before from children",
  linux,
  async () => {
    const libc = openLibc();
    assert.ok(libc);
    const stray = libc.memfd_create(new TextEncoder().encode("stray\0"), 0);
    const seen = async () => {
      const { success } = await new Deno.Command("/bin/sh", {
        args: ["-c", `test -e /proc/self/fd/${stray}`],
      }).output();
      return success;
    };
    assert.equal(await seen(), true, "the positive control");
    assert.equal(closeInheritedDescriptors(), true);
    assert.equal(await seen(), false);
    libc.close(stray);
  },
);

Deno.test(
  "becomeSubreaper() makes orphans ours and reapChild() collects them",
  linux,
  async () => {
    assert.equal(becomeSubreaper(), true);
    // The shell ends at once and leaves a grandchild that waits for our signal.
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", "sleep 60 >/dev/null 2>&1 & echo $!"],
      stdout: "piped",
    }).spawn();
    const { stdout } = await child.output();
    const pid = Number(new TextDecoder().decode(stdout));
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    assert.equal(
      Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]),
      Deno.pid,
    );
    assert.equal(reapChild(pid), false, "it still runs");
    Deno.kill(pid, "SIGKILL");
    while (!reapChild(pid)) await new Promise((done) => setTimeout(done, 1));
    await assert.rejects(Deno.stat(`/proc/${pid}`), Deno.errors.NotFound);
  },
);
