/** exec in a process of its own: real pipes, real signals. */
import assert from "node:assert/strict";

const HERE = import.meta.url;

// A run of exec over a scripted thread; `turn` is what its one turn does.
function program(turn: string): string {
  const from = (path: string): string =>
    JSON.stringify(new URL(path, HERE).href);
  return `
    import { denoTerminal } from ${
    from("../../../../core/host/terminal/terminal.ts")
  };
    import { denoHost } from ${from("../../../../core/host/host.ts")};
    import { runExec } from ${from("../../../../core/frontends/exec/exec.ts")};
    import { ended, ScriptedThread } from ${from("../support.ts")};
    let isDone = false;
    const thread = new ScriptedThread((op, self) => {
      if (op.type === "user.input") {
        self.say({ type: "turn.started", turnId: "t" });
        ${turn}
      } else if (op.type === "shutdown") {
        if (!isDone) self.say(ended({ type: "interrupted" }));
        self.close();
      }
    });
    Deno.exit(await runExec({
      thread,
      parts: [{ type: "text", text: "go" }],
      host: denoHost(),
      terminal: denoTerminal(),
      flags: { json: true, deltas: true },
    }));`;
}

function start(turn: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program(turn)],
    cwd: new URL("../../../../", HERE),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

const FLOOD = `for (let n = 0; n < 3_000; n++) {
  self.say({ type: "text.delta", activityId: "item_0", text: "x".repeat(10_000) });
}`;

Deno.test("exec ends on SIGTERM although nobody reads its output", async () => {
  const child = start(
    `${FLOOD} Deno.stderr.writeSync(new TextEncoder().encode("ready"));`,
  );
  const reader = child.stderr.getReader();
  await reader.read();
  child.kill("SIGTERM");
  const { code } = await child.status;
  assert.equal(code, 143);
  await reader.cancel();
  await child.stdout.cancel();
});

Deno.test("exec stops when its reader leaves in the middle", async () => {
  const child = start(FLOOD);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const err = await new Response(child.stderr).text();
  assert.deepEqual([(await child.status).code, err], [1, ""]);
});

Deno.test("exec writes whole lines and its terminal line last, however slow the reader", async () => {
  const child = start(`${FLOOD} self.say(ended()); isDone = true;`);
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
  }
  const lines = text.trimEnd().split("\n");
  assert.equal((await child.status).code, 0);
  assert.equal(lines.length, 3_003);
  assert.deepEqual(lines.map((line) => JSON.parse(line).type).slice(-1), [
    "turn.completed",
  ]);
  await child.stderr.cancel();
});
