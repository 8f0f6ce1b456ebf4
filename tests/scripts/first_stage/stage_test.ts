/** The code of the first stage: made from its source, the same on both machines. */
import assert from "node:assert/strict";
import { attachFirstStage } from "../../../scripts/first_stage/attach.ts";
import { CODE, SOURCE_SHA256 } from "../../../scripts/first_stage/code.ts";
import {
  loadCode,
  loadSourceHash,
} from "../../../scripts/first_stage/compile.ts";

/** The compiler that code.ts was made with; another one makes other bytes. */
const COMPILER = "12.2.0";
const ARM_COMPILER = "aarch64-linux-gnu-gcc";
const WORDS_MAX = 100;

Deno.test("the code is made from the source as it is (deno task first-stage)", async () => {
  assert.equal(SOURCE_SHA256, await loadSourceHash());
});

Deno.test(
  "the same compiler makes the same code",
  {
    ignore: versionOf("gcc") !== COMPILER ||
      versionOf(ARM_COMPILER) !== COMPILER,
  },
  async () => {
    const text = await loadCode();
    for (const code of Object.values(CODE)) assert.ok(text.includes(code));
  },
);

Deno.test(
  "an argument is refused exactly where it is not UTF-8",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    await using echo = await changed("/bin/echo");
    for (let round = 0; round < WORDS_MAX; round++) {
      const word = someBytes();
      // The shell makes the bytes; what it starts with them is the program.
      const escaped = [...word].map((byte) =>
        `\\x${byte.toString(16).padStart(2, "0")}`
      ).join("");
      const { code } = await new Deno.Command("bash", {
        args: ["-c", `exec "$0" $'${escaped}'`, echo.path],
        stdout: "null",
        stderr: "null",
      }).output();
      assert.equal(code, isText(word) ? 0 : 2, escaped);
    }
  },
);

Deno.test(
  "arm64 does what x64 does",
  {
    ignore: versionOf(ARM_COMPILER) === undefined ||
      versionOf("qemu-aarch64") === undefined,
  },
  async () => {
    const source = await Deno.makeTempFile({ suffix: ".c" });
    const built = `${source}.arm`;
    try {
      await Deno.writeTextFile(source, ARM_PROGRAM);
      const made = await new Deno.Command(ARM_COMPILER, {
        args: ["-static", "-o", built, source],
      }).output();
      assert.ok(made.success, new TextDecoder().decode(made.stderr));
      await using program = await changed(built);
      const run = async (before: string, ...words: string[]) => {
        const { code, stdout, stderr } = await new Deno.Command("bash", {
          args: [
            "-c",
            `${before} exec qemu-aarch64 "$0" "$@"`,
            program.path,
            ...words,
          ],
        }).output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return { code, stdout: text(stdout), stderr: text(stderr) };
      };
      const fine = await run("export TMPDIR= LANG=abcdefghijkl X=1;", "exec");
      assert.equal(fine.stdout, "exec /tmp C 1 7780ea37\n", fine.stderr);
      const other = await run("unset TMPDIR; export LANG=en X=1;", "hi");
      assert.equal(other.stdout, "hi - en 1 0\n", other.stderr);
      const bad = await run(
        "set -- \"$@\" $'\\xff';",
        ..."exec --json --events=native".split(" "),
      );
      assert.equal(bad.code, 2);
      const lines = bad.stdout.trim().split("\n").map((line) =>
        JSON.parse(line)
      );
      assert.equal(lines.at(-1).exit_code, 2);
      assert.ok(Math.abs(Date.now() - Date.parse(lines[0].ts)) < 60_000);
      assert.match(bad.stderr, /^Error: Cannot read the command line/);
    } finally {
      await Deno.remove(source);
      await Deno.remove(built).catch(() => {});
    }
  },
);

/** Says what it was left with: a word, three variables, and the low half of its mask. */
const ARM_PROGRAM = `
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **words) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, 0, &mask);
  const char *folder = getenv("TMPDIR");
  printf("%s %s %s %s %x\\n", words[count - 1], folder ? folder : "-",
    getenv("LANG"), getenv("X"), *(unsigned *)&mask);
}
`;

/** A copy with the stage in front. */
async function changed(
  program: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await Deno.makeTempDir();
  const bytes = attachFirstStage(await Deno.readFile(program));
  assert.ok(bytes);
  const path = `${folder}/program`;
  await Deno.writeFile(path, bytes, { mode: 0o755 });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Near the edges of what is UTF-8, and without NUL. */
function someBytes(): Uint8Array {
  const pick = (choices: readonly number[]): number =>
    choices[Math.floor(Math.random() * choices.length)] ?? 0;
  const first = [0x41, 0x7f, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0]
    .concat(0xf1, 0xf4, 0xf5, 0xff);
  const next = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  const good = [0x80, 0x90, 0xa0, 0xbf, 0x9f];
  const head = pick(first);
  const length = head < 0xc0 ? 0 : head < 0xe0 ? 1 : head < 0xf0 ? 2 : 3;
  return Uint8Array.from([
    head,
    ...Array.from({ length }, (_, at) => pick(at === 0 ? next : good)),
    ...Math.random() < 0.2 ? [pick(next)] : [],
  ]);
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The version of an installed program, which stands last on its first line. */
function versionOf(program: string): string | undefined {
  try {
    const { stdout } = new Deno.Command(program, { args: ["--version"] })
      .outputSync();
    return new TextDecoder().decode(stdout).split("\n")[0]?.split(" ").at(-1);
  } catch {
    return undefined;
  }
}
