/** The demo as somebody sees it who has just built the program. */
import assert from "node:assert/strict";
import { hasPty, openPty } from "../support/pty.ts";
import { isCompiled } from "../support/run_agent.ts";

const DEMO = decodeURIComponent(
  new URL("../../scripts/demo.ts", import.meta.url).pathname,
);
const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);

function hasNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

Deno.test("the demo mends a test, in colour at a terminal", {
  ignore: !hasPty() || !isCompiled() || !hasNode(),
}, async () => {
  const { NO_COLOR: _, ...env } = Deno.env.toObject();
  await using pty = openPty({
    argv: [Deno.execPath(), "run", "--no-check", "--allow-all", DEMO],
    cwd: ROOT,
    columns: 120,
    env: { ...env, TERM: "xterm-256color" },
  });
  assert.equal(await pty.code, 0, pty.output);
  assert.match(pty.output, /all tests of the repository pass now/);
  // The command in bold, its good end in green.
  assert.ok(pty.output.includes("\x1b[1m$ node --test"), pty.output);
  assert.ok(pty.output.includes("\x1b[32m  exit 0"), pty.output);
});

Deno.test("the demo is plain in a pipe", {
  ignore: !isCompiled() || !hasNode(),
}, async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", DEMO],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  assert.match(text, /\n {2}exit 0/);
  assert.ok(!text.includes("\x1b["), text);
  // The key that it says to set next is one that could be sent.
  const next = new TextDecoder().decode(stdout);
  assert.match(next, /export OPENAI_API_KEY=[\x21-\x7e]+ /);
});
