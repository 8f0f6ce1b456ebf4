/** The terminal in the hands of a command: keys to it, its output as it comes. */
import type { TerminalSize } from "../../protocol/host.ts";
import type { Terminal } from "../../protocol/terminal.ts";
import type { OpenAttachment } from "../conversation/view.ts";
import type { Keyboard } from "../editor/keyboard.ts";
import { TerminalModes } from "./terminal_modes.ts";

/** Ctrl-]: the key that leaves, as telnet has it. */
const LEAVE = 0x1d;
const ROWS = 24;

/** Until the person leaves it or it ends; false when it does not run any more. */
export async function attachTerminal(
  open: OpenAttachment,
  { keyboard, terminal }: {
    readonly keyboard: Keyboard;
    readonly terminal: Terminal;
  },
): Promise<boolean> {
  const { stdout } = terminal;
  const decoder = new TextDecoder();
  stdout.write("Ctrl-] leaves\r\n");
  const modes = new TerminalModes();
  const command = open((bytes) => {
    const text = decoder.decode(bytes, { stream: true });
    modes.take(text);
    stdout.write(text);
  });
  if (command === undefined) return false;
  const left = Promise.withResolvers<void>();
  const resize = (): void => command.resize(sizeOf(terminal));
  const release = terminal.onSignal("SIGWINCH", resize);
  resize();
  let isLeft = false;
  const giveBack = (): void => {
    if (!isLeft) keyboard.lend(undefined);
    isLeft = true;
    left.resolve();
  };
  keyboard.lend((bytes) => {
    const at = bytes.indexOf(LEAVE);
    const typed = at < 0 ? bytes : bytes.subarray(0, at);
    if (typed.length > 0) void command.write(new Uint8Array(typed));
    if (at >= 0) giveBack();
    return at < 0 ? bytes.subarray(bytes.length) : bytes.subarray(at + 1);
  });
  void command.ended.then(giveBack);
  await left.promise;
  command.detach();
  release();
  stdout.write(modes.takeUndo());
  return true;
}

function sizeOf({ stdout }: Terminal): TerminalSize {
  return { rows: stdout.rows ?? ROWS, columns: stdout.columns };
}
