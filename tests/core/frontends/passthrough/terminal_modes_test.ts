/** What a program left on in the terminal is taken back, and nothing else. */
import assert from "node:assert/strict";
import { TerminalModes } from "../../../../core/frontends/passthrough/terminal_modes.ts";

function undoOf(...chunks: readonly string[]): string {
  const modes = new TerminalModes();
  for (const chunk of chunks) modes.take(chunk);
  return modes.takeUndo();
}

const END = "\x1b[0m";

Deno.test("takeUndo() undoes what is still on, and leaves alone what was switched back", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a line\n", END],
    ["no line end", `${END}\r\n`],
    ["\x1b[?1049h\x1b[?1049l\n", END],
    ["\x1b[?1049h\n", `\x1b[?1049l${END}`],
    ["\x1b[?1000;1006h\n", `\x1b[?1000l\x1b[?1006l${END}`],
    ["\x1b[?25l\n", `\x1b[?25h${END}`],
    ["\x1b[?7l\x1b[?7h\n", END],
    ["\x1b[>1u\x1b[>5u\x1b[<u\n", `\x1b[<1u${END}`],
    ["\x1b=\n", `\x1b>${END}`],
    ["\x1b[>4;2m\n", `\x1b[>4;0m${END}`],
    ["\x1b[2;20r\n", `\x1b7\x1b[r\x1b8${END}`],
    ["\x1b(0\n", `\x1b(B${END}`],
    ["\x1b[?1049h\x1b[?25l\x1b=\x1bc\n", END],
  ];
  for (const [text, undo] of cases) assert.equal(undoOf(text), undo, text);
});

Deno.test("takeUndo() knows a sequence that came in two pieces", () => {
  const text = "\x1b[?1049h\x1b[?25l\n";
  for (let at = 1; at < text.length; at++) {
    assert.equal(
      undoOf(text.slice(0, at), text.slice(at)),
      `\x1b[?1049l\x1b[?25h${END}`,
      String(at),
    );
  }
});
