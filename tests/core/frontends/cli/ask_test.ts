/** Questions at a terminal: what is an answer, and what the terminal is left as. */
import assert from "node:assert/strict";
import { askSecret, askYesNo } from "../../../../core/frontends/cli/ask.ts";
import { TestTerminal } from "../repl/support.ts";

Deno.test("askYesNo() takes nothing but a yes for one", async () => {
  const answers: readonly (readonly [string, boolean])[] = [
    ["y\n", true],
    ["Yes \n", true],
    ["\n", false],
    ["n\n", false],
    ["yellow\n", false],
    ["no\ny\n", false],
  ];
  for (const [typed, isYes] of answers) {
    const terminal = new TestTerminal(true);
    const answer = askYesNo(terminal, "Delete it?");
    // A line can come in parts.
    for (const char of typed) terminal.stdin.type(char);
    assert.equal(await answer, isYes, typed);
    assert.equal(terminal.stderr.text, "Delete it? [y/N] ");
  }
  const left = new TestTerminal(true);
  left.stdin.end();
  assert.equal(await askYesNo(left, "Delete it?"), false);
});

Deno.test("askYesNo() asks nobody where there is no terminal", async () => {
  const terminal = new TestTerminal(false);
  assert.equal(await askYesNo(terminal, "Delete it?"), undefined);
  assert.equal(terminal.stderr.text, "");
});

Deno.test("askSecret() shows nothing of what is typed and ends raw mode", async () => {
  const typed: readonly (readonly [string, string | undefined])[] = [
    ["secret\r", "secret"],
    ["secrx\x7fet\n", "secret"],
    ["secret\x04", "secret"],
    ["secret\x03", undefined],
  ];
  for (const [keys, secret] of typed) {
    const terminal = new TestTerminal(true);
    const answer = askSecret(terminal, "Key: ");
    assert.equal(terminal.stdin.isRaw, true);
    for (const key of keys) terminal.stdin.type(key);
    assert.equal(await answer, secret, keys);
    assert.equal(terminal.stdin.isRaw, false);
    assert.equal(terminal.stderr.text, "Key: \n");
    assert.equal(terminal.stdout.text, "");
  }
});
