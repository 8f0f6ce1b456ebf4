/** The real terminal: streams and signals. */
import assert from "node:assert/strict";
import { denoTerminal } from "../../../../core/host/terminal/terminal.ts";
import { openLibc } from "../../../../core/host/system/libc.ts";
import { hasPty, openPty } from "../../../support/pty.ts";

const TERMINAL =
  new URL("../../../../core/host/terminal/terminal.ts", import.meta.url).href;

async function runChild(
  code: string,
  options: { readonly closeStdout?: boolean } = {},
): Promise<{ code: number; out: string; err: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-check",
      `import { denoTerminal } from "${TERMINAL}";\n${code}`,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.closeStdout) await child.stdout.cancel();
  await child.stdin.close();
  const out = options.closeStdout
    ? ""
    : await new Response(child.stdout).text();
  const err = await new Response(child.stderr).text();
  return { code: (await child.status).code, out, err };
}

Deno.test("denoTerminal() knows the variables of the process", () => {
  assert.equal(denoTerminal().env("PATH"), Deno.env.get("PATH"));
});

Deno.test("denoTerminal() reads stdin to its end and writes both streams", async () => {
  const { code, out, err } = await runChild(`
    const t = denoTerminal();
    if (await t.stdin.read() !== null) Deno.exit(9);
    t.stdout.write("x".repeat(1_000_000));
    t.stderr.write("done " + t.stdout.isTty + " " + t.stdout.columns + " " + t.stdin.setRaw(true));
    await t.stdout.flush(); await t.stderr.flush();
    Deno.exit(3);`);
  assert.equal(code, 3);
  assert.equal(out.length, 1_000_000);
  assert.equal(err, "done false 80 false");
});

Deno.test("denoTerminal() survives a closed stdout", async () => {
  const { code, err } = await runChild(
    `
    const t = denoTerminal();
    for (let n = 0; n < 100; n++) { t.stdout.write("y".repeat(10_000)); await t.stdout.flush(); }
    t.stderr.write("gone " + !t.stdout.write("z"));
    await t.stderr.flush();`,
    { closeStdout: true },
  );
  assert.deepEqual([code, err], [0, "gone true"]);
});

Deno.test("denoTerminal() hands signals over and gives the default back", async () => {
  const { code, out } = await runChild(`
    const t = denoTerminal();
    const seen = Promise.withResolvers();
    const off = t.onSignal("SIGTERM", () => seen.resolve());
    Deno.kill(Deno.pid, "SIGTERM");
    await seen.promise;
    t.stdout.write("kept"); await t.stdout.flush();
    off();
    Deno.kill(Deno.pid, "SIGTERM");
    await new Promise(() => setInterval(() => {}, 1000));`);
  assert.equal(out, "kept");
  assert.equal(code, 143);
});

Deno.test({
  name: "a terminal is given back however the program ends",
  ignore: !hasPty(),
  fn: async () => {
    const crashes = {
      'throw new Error("boom")': /boom/,
      'void Promise.reject(new Error("boom"))': /boom/,
      "Deno.exit(3)": /^(?![^]*boom)/,
      "terminal.stdin.setRaw(false); Deno.exit(3)": /^(?![^]*UNDO)/,
    };
    for (const [crash, said] of Object.entries(crashes)) {
      const script = `
        import { denoTerminal } from ${JSON.stringify(TERMINAL)};
        const terminal = denoTerminal();
        terminal.stdin.setRaw(true, { undo: "UNDO\\n" });
        setTimeout(() => { ${crash}; }, 1);`;
      await using pty = openPty({
        argv: [
          "sh",
          "-c",
          // What the runtime itself puts back at its end would hide what we do.
          '"$0" eval --ext=ts "$1"; stty -a | grep -oE -- "-?(icanon|echo)\\\\b"',
          Deno.execPath(),
          script,
        ],
        cwd: Deno.cwd(),
        env: Deno.env.toObject(),
      });
      await pty.code;
      assert.match(pty.output, said, crash);
      assert.match(pty.output, /\necho\r?\n$|\nicanon\r?\n$/, crash);
      assert.doesNotMatch(pty.output, /-(icanon|echo)\r?$/m, crash);
      if (!crash.includes("false")) {
        assert.ok(pty.output.includes("UNDO"), crash);
      }
    }
  },
});

// fcntl(2) of Linux; the numbers of the call are those of x86-64 and aarch64.
const FCNTL = Deno.build.arch === "aarch64" ? 25n : 72n;
const F_SETFL = 4n;
const F_SETPIPE_SZ = 1031n;
const O_NONBLOCK = 0o4000n;

Deno.test({
  name:
    "a stdout that does not block gets every byte once, however slow its reader",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const libc = openLibc();
    assert.ok(libc);
    const ends = new Int32Array(2);
    assert.equal(libc.pipe(new Uint8Array(ends.buffer)), 0);
    const [read = -1, write = -1] = ends;
    const set = (request: bigint, value: bigint): void => {
      libc.syscall(FCNTL, BigInt(write), request, value, 0n, 0n);
    };
    set(F_SETFL, O_NONBLOCK);
    set(F_SETPIPE_SZ, 4096n);
    const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n}\n`);
    const code = `import { denoTerminal } from "${TERMINAL}";
      const { stdout } = denoTerminal();
      for (let n = 0; n < ${lines.length}; n++) stdout.write(\`line \${n}\\n\`);
      Deno.exit(await stdout.flush() ? 0 : 1);`;
    const child = new Deno.Command("bash", {
      args: ["-c", `exec "$@" >&${write}`, "bash", Deno.execPath(), "run"]
        .concat(
          [
            "-A",
            "--no-check",
            `data:application/typescript,${encodeURIComponent(code)}`,
          ],
        ),
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const reader = await Deno.open(`/proc/self/fd/${read}`);
    libc.close(write);
    libc.close(read);
    const text = await new Response(reader.readable).text();
    assert.equal((await child.status).code, 0);
    assert.equal(text, lines.join(""));
  },
});
