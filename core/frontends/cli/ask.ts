/** Asks the person at the terminal: a yes or no, or a secret. */
import type { Terminal } from "../../protocol/terminal.ts";

/**
 * A yes or no; only a yes is one. Undefined where nobody can be asked, because input or
 * stderr is no terminal.
 */
export async function askYesNo(
  terminal: Terminal,
  question: string,
): Promise<boolean | undefined> {
  const { stdin, stderr } = terminal;
  if (!stdin.isTty || !stderr.isTty) return undefined;
  // Nothing that was typed before can be its answer.
  stdin.discard?.();
  stderr.write(`${question} [y/N] `);
  let line = "";
  while (!line.includes("\n")) {
    const bytes = await stdin.read();
    if (bytes === null) {
      stderr.write("\n");
      return false;
    }
    line += new TextDecoder().decode(bytes);
  }
  return /^\s*y(es)?\s*$/i.test(line.split("\n")[0] ?? "");
}

/** Ctrl-C, Ctrl-D, backspace and delete as a terminal sends them. */
const INTERRUPT = 3;
const END = 4;
const ERASERS: readonly number[] = [8, 127];
const LINE_ENDS: readonly number[] = [10, 13];

/**
 * A line that does not appear on the screen. Undefined when it was interrupted; the terminal
 * is as it was in every case. Only where stdin is a terminal.
 */
export async function askSecret(
  { stdin, stderr }: Terminal,
  question: string,
): Promise<string | undefined> {
  stdin.setRaw(true);
  try {
    stderr.write(question);
    const typed: number[] = [];
    for (;;) {
      const bytes = await stdin.read();
      for (const byte of bytes ?? [END]) {
        if (byte === INTERRUPT) return undefined;
        if (byte === END || LINE_ENDS.includes(byte)) {
          return new TextDecoder().decode(Uint8Array.from(typed));
        }
        if (ERASERS.includes(byte)) typed.pop();
        else typed.push(byte);
      }
    }
  } finally {
    stdin.setRaw(false);
    stderr.write("\n");
  }
}
