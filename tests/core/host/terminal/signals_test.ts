/** Tests of core/host/terminal/signals.ts. */
import assert from "node:assert/strict";
import {
  holdSignals,
  ignoreMeaninglessSignals,
} from "../../../../core/host/terminal/signals.ts";

const SIGNALS =
  new URL("../../../../core/host/terminal/signals.ts", import.meta.url).href;

async function endOf(code: string): Promise<string> {
  const { code: exit, signal, stdout } = await new Deno.Command(
    Deno.execPath(),
    {
      args: ["eval", "--no-check", `import * as t from "${SIGNALS}";\n${code}`],
      stdin: "null",
      stderr: "inherit",
    },
  ).output();
  return new TextDecoder().decode(stdout).trim() || signal || String(exit);
}

Deno.test("holdSignals() keeps a signal until it is asked for, once", async () => {
  const end = await endOf(`
    const heard = t.${holdSignals.name}();
    Deno.kill(Deno.pid, "SIGQUIT");
    while (!heard("SIGQUIT")) await new Promise((r) => setTimeout(r, 1));
    console.log(heard("SIGQUIT"), heard("SIGTERM"));
    Deno.exit(0);`);
  assert.equal(end, "undefined undefined");
});

Deno.test("ignoreMeaninglessSignals() lets them happen, in this program and not in its children", async () => {
  const end = await endOf(`
    t.${ignoreMeaninglessSignals.name}();
    for (const signal of ["SIGUSR1", "SIGALRM", "SIGXFSZ", "SIGSYS", "SIGIO"]) {
      Deno.kill(Deno.pid, signal);
    }
    const args = ["-c", "kill -USR1 $$; sleep 60"];
    const { signal } = await new Deno.Command("sh", { args }).output();
    console.log(signal);
    Deno.exit(0);`);
  assert.equal(end, "SIGUSR1");
});
