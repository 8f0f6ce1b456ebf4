/** What commands print: safe on a screen, unchanged in a pipe. */
import assert from "node:assert/strict";
import { printLines, visibleTerminal } from "../../../core/app/print.ts";
import type { Terminal } from "../../../core/protocol/terminal.ts";

function terminal(isTty: boolean): Terminal & { readonly written: string[] } {
  const written: string[] = [];
  const output = {
    isTty,
    columns: 80,
    pendingBytes: 0,
    isGone: false,
    write: (text: string) => written.push(text) > 0,
    flush: () => Promise.resolve(true),
  };
  return {
    written,
    stdin: {
      isTty,
      read: () => Promise.resolve(null),
      setRaw: () => false,
    },
    stdout: output,
    stderr: output,
    onSignal: () => () => {},
    env: () => undefined,
  };
}

const HOSTILE = "a\x1b]0;owned\x07\x9b2J\u202eb";

Deno.test("what a command prints cannot steer a terminal, on stdout or stderr", async () => {
  const screen = terminal(true);
  const { stdout, stderr } = visibleTerminal(screen);
  stdout.write(HOSTILE);
  stderr.write(HOSTILE);
  await printLines({ stdout }, false)({}, () => [HOSTILE]);
  assert.deepEqual(screen.written, ["ab", "ab", "ab\n"]);
});

Deno.test("JSON on a terminal is the same value with escapes", async () => {
  const screen = terminal(true);
  await printLines(visibleTerminal(screen), true)({ text: HOSTILE }, () => []);
  const [text = ""] = screen.written;
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  assert.deepEqual(JSON.parse(text), { text: HOSTILE });
});

Deno.test("what goes into a pipe or file stays byte for byte", async () => {
  const pipe = terminal(false);
  await printLines(visibleTerminal(pipe), false)({}, () => [HOSTILE]);
  assert.deepEqual(pipe.written, [`${HOSTILE}\n`]);
});
