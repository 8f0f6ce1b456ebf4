import assert from "node:assert/strict";
import {
  becomeCommand,
  fitsArguments,
} from "../../../../core/util/program/become.ts";
import { renderProgram } from "../../../../core/util/program/call_program.ts";
import { ARCHES, runMade, starterOf } from "../../../support/made.ts";

for (const arch of ARCHES) {
  const starter = Deno.build.os === "linux" ? starterOf(arch) : undefined;
  const test = (name: string, fn: (place: string) => Promise<void>) =>
    Deno.test({
      name: `becomeCommand() ${name} (${arch})`,
      ignore: starter === undefined,
      fn: async () => {
        const place = await Deno.makeTempDir();
        try {
          await fn(place);
        } finally {
          await Deno.remove(place, { recursive: true });
        }
      },
    });
  const run = async (
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    cwd = "/",
  ) => {
    const image = renderProgram(becomeCommand({ argv, env }), arch);
    const { code, stdout, stderr } = await runMade(image, starter, cwd);
    return [code, (stdout + stderr).trim()];
  };

  test("hands on words, variables and nothing else", async () => {
    const script = 'printf "%s|" "$@"; echo "$A|${STRAY-none}"; exit 3';
    assert.deepEqual(
      await run(["/bin/sh", "-c", script, "sh", "", "a b", "é😀"], {
        A: "ü",
        PATH: "/bin",
      }),
      [3, "|a b|é😀|ü|none"],
    );
  });

  test("looks through PATH as a shell does", async (place) => {
    const say = async (path: string, text: string, mode: number) =>
      await Deno.writeTextFile(`${place}/${path}`, text, { mode });
    for (const folder of ["closed", "first", "second"]) {
      await Deno.mkdir(`${place}/${folder}`);
    }
    await say("closed/tool", "", 0o644);
    await say("first/tool", "#!/bin/sh\necho first $1", 0o755);
    await say("second/tool", "#!/bin/sh\necho second", 0o755);
    await say("second/words", "echo words $1", 0o755);
    await say("second/broken", "#!/no/such/shell\n", 0o755);
    await say("file", "", 0o644);
    const path = ["none", "file", "closed", "first", "second"]
      .map((name) => `${place}/${name}`).join(":");
    const env = { PATH: path };
    assert.deepEqual(await run(["tool", "x"], env), [0, "first x"]);
    assert.deepEqual(await run(["words", "x"], env), [0, "words x"]);
    assert.deepEqual(await run(["nosuch"], env), [
      127,
      "nosuch: cannot be run: not found",
    ]);
    assert.deepEqual(await run(["broken"], env), [
      127,
      "broken: cannot be run: not found",
    ]);
    assert.deepEqual(await run(["tool"], { PATH: `${place}/closed` }), [
      126,
      "tool: cannot be run: not permitted",
    ]);
    assert.deepEqual(
      await run(["tool", "x"], { PATH: ":/bin" }, `${place}/first`),
      [0, "first x"],
      "an empty folder of PATH is the working folder",
    );
    assert.deepEqual(
      await run(["./tool", "x"], { PATH: "/bin" }, `${place}/first`),
      [0, "first x"],
    );
    assert.deepEqual(await run([`${place}/first`], env), [
      126,
      `${place}/first: cannot be run: not permitted`,
    ]);
    assert.deepEqual(await run([""], env), [
      127,
      ": cannot be run: not found",
    ]);
    assert.deepEqual(await run(["sh", "-c", "echo $0"], {}), [0, "sh"]);
  });

  test("says what is too long for the kernel", async () => {
    assert.deepEqual(await run(["true", "x".repeat(200_000)], {}), [
      126,
      "true: cannot be run: its arguments are too long",
    ]);
  });
}

Deno.test("fitsArguments() says what every kernel takes", () => {
  const env = { A: "b" };
  assert.equal(
    fitsArguments({ argv: ["true", "x".repeat(40_000)], env }),
    true,
  );
  assert.equal(
    fitsArguments({ argv: ["true", "x".repeat(200_000)], env }),
    false,
  );
  assert.equal(fitsArguments({ argv: Array(20_000).fill("x"), env }), false);
});
