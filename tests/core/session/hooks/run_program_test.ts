/** Programs of the person's: bounds of time and output, and what is left behind. */
import assert from "node:assert/strict";
import { denoHost } from "../../../../core/host/host.ts";
import {
  type ProgramRequest,
  type ProgramResult,
  runProgram,
} from "../../../../core/session/hooks/run_program.ts";

const host = denoHost();

async function sh(
  script: string,
  more: Partial<ProgramRequest> = {},
): Promise<ProgramResult> {
  return await runProgram(host, {
    argv: ["/bin/sh", "-c", script],
    cwd: "/tmp",
    env: { PATH: Deno.env.get("PATH") ?? "", ONLY: "this" },
    timeoutMs: 20_000,
    outputBytesMax: 1_000,
    ...more,
  });
}

Deno.test("runProgram() gives both streams apart, the exit code, the folder, and only its environment", async () => {
  const result = await sh('cat; pwd; echo "$ONLY$HOME" >&2; exit 7', {
    stdin: "in\n",
  });
  assert.deepEqual(result, {
    exitCode: 7,
    stdout: "in\n/tmp\n",
    stderr: "this\n",
  });
});

Deno.test("runProgram() keeps the start of a long output and lets the program write all of it", async () => {
  const result = await sh(
    "head -c 3000000 /dev/zero | tr '\\0' x; echo end >&2",
  );
  assert.equal(result.exitCode, 0);
  assert.equal(result.stdout, "x".repeat(1_000));
  assert.equal(result.stderr, "end\n");
});

Deno.test("runProgram() ends the whole group when the time is over", async () => {
  const note = await Deno.makeTempFile();
  const result = await sh(`sleep 300 & echo $! > ${note}; wait`, {
    timeoutMs: 200,
  });
  assert.equal(result.stopped, "timeout");
  const pid = Number(await Deno.readTextFile(note));
  assert.ok(pid > 0);
  for (let look = 0; await stateOf(pid) !== undefined; look++) {
    assert.ok(look < 10_000, "it lives on");
  }
  await Deno.remove(note);
});

Deno.test("runProgram() ends at once when it is aborted before or while it runs", async () => {
  assert.equal(
    (await sh("sleep 300", { signal: AbortSignal.abort() })).stopped,
    "aborted",
  );
  const abort = new AbortController();
  const running = sh("trap '' TERM; sleep 300", { signal: abort.signal });
  abort.abort();
  assert.equal((await running).stopped, "aborted");
});

Deno.test("runProgram() says why a program cannot be started", async () => {
  const result = await sh("", { argv: ["/nonexistent/program"] });
  assert.equal(result.exitCode, 127);
  assert.match(result.stderr, /nonexistent/);
});

// Undefined when it is gone, or dead and only not yet collected.
async function stateOf(pid: number): Promise<string | undefined> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  const state = text.slice(text.lastIndexOf(")") + 2).split(" ")[0];
  return state === "" || state === "Z" ? undefined : state;
}
