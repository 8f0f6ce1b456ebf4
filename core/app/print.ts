/** Prints what a command found: a value as JSON for programs, lines for people. */
import { exitCode } from "../contract/exit_code.ts";
import type { Terminal } from "../protocol/terminal.ts";

/** Prints one or the other, waits until it is out, resolves to 0, or 1 when it cannot be. */
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
    return await terminal.stdout.flush() ? 0 : exitCode("failed");
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
  const isOut = await terminal.stdout.flush();
  await terminal.stderr.flush();
  return isOut ? output.exitCode : output.exitCode || exitCode("failed");
}
