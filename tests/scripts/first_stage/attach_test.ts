/** Signals are held back from the first instruction of a program, where the words ask for it. */
import assert from "node:assert/strict";
import { readRuntimeIdentity } from "../../../core/host/runtime_identity.ts";
import { attachFirstStage } from "../../../scripts/first_stage/attach.ts";

const SIGNALS = [1, 2, 3, 5, 6, 10, 12, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31];
const HELD = SIGNALS.reduce((mask, signal) => mask | bit(signal), 0n);
/** A program that tells its own mask, and takes any word more for a file that is not there. */
const GREP = "/bin/grep";

function bit(signal: number): bigint {
  return 1n << BigInt(signal - 1);
}

/** The mask that the changed program finds with this word, and after this line of shell. */
async function maskWith(word: string, before = ""): Promise<bigint> {
  const folder = await Deno.makeTempDir();
  try {
    const changed = attachFirstStage(await Deno.readFile(GREP));
    assert.ok(changed);
    await Deno.writeFile(`${folder}/grep`, changed, { mode: 0o755 });
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        `${before} exec ./grep -hs SigBlk /proc/self/status -- "$0"`,
        word,
      ],
      cwd: folder,
    }).output();
    const text = new TextDecoder().decode(stdout);
    const [, mask] = /SigBlk:\s*(\w+)/.exec(text) ?? [];
    assert.ok(mask, new TextDecoder().decode(stderr));
    return BigInt(`0x${mask}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test(
  "a program started with exec or e among its words holds signals back",
  onLinux,
  async () => {
    assert.equal(await maskWith("exec"), HELD);
    assert.equal(await maskWith("e"), HELD);
  },
);

Deno.test("with any other word it holds none", onLinux, async () => {
  for (const word of ["", "ex", "exe", "execs", "x", "ee", "-e", "--exec"]) {
    assert.equal(await maskWith(word), 0n, word);
  }
});

Deno.test("signals that the parent ignores are marked", onLinux, async () => {
  const marked = await maskWith("exec", "trap '' HUP TERM;");
  assert.equal(marked, HELD | bit(33 + 1) | bit(33 + 15));
});

Deno.test(
  "the hash of a changed program is that of the program",
  onLinux,
  async () => {
    const path = await Deno.makeTempFile();
    try {
      const program = await Deno.readFile(GREP);
      const changed = attachFirstStage(program);
      assert.ok(changed);
      assert.notDeepEqual(changed.subarray(0, program.length), program);
      await Deno.writeFile(path, changed);
      assert.deepEqual(
        await readRuntimeIdentity(path),
        await readRuntimeIdentity(GREP),
      );
    } finally {
      await Deno.remove(path);
    }
  },
);

Deno.test(
  "a file that is no ELF program, or for another machine, stays as it is",
  onLinux,
  async () => {
    assert.equal(
      attachFirstStage(new TextEncoder().encode("#!/bin/sh")),
      undefined,
    );
    const other = await Deno.readFile(GREP);
    new DataView(other.buffer).setUint16(18, 243, true);
    assert.equal(attachFirstStage(other), undefined);
  },
);
