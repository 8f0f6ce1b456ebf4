/** Prints what a command found: a value as JSON for programs, lines for people. */
import type { Terminal } from "../protocol/terminal.ts";

/** Prints one or the other, waits until it is out, resolves to exit code 0. */
export type Printer = (
  value: unknown,
  lines: () => readonly string[],
) => Promise<number>;

/** A printer for this terminal. */
export function printLines(terminal: Terminal, asJson: boolean): Printer {
  return async (value, lines) => {
    const text = asJson
      ? `${JSON.stringify(value)}\n`
      : lines().map((line) => `${line}\n`).join("");
    terminal.stdout.write(text);
    await terminal.stdout.flush();
    return 0;
  };
}

/** Prints the output of a command that rendered itself; resolves to its exit code. */
export async function printOutput(
  terminal: Terminal,
  output: {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
  },
): Promise<number> {
  terminal.stdout.write(output.stdout);
  terminal.stderr.write(output.stderr);
  await terminal.stdout.flush();
  await terminal.stderr.flush();
  return output.exitCode;
}
