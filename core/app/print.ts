/** The door to the terminal for every command that is no conversation. */
import { exitCode } from "../contract/exit_code.ts";
import type { Terminal, TerminalOutput } from "../protocol/terminal.ts";
import { showJson, shownText } from "../util/text/visible_text.ts";

/** The terminal with both outputs made safe: words of others never steer a screen. */
export function visibleTerminal(terminal: Terminal): Terminal {
  return {
    stdin: terminal.stdin,
    stdout: visibleOutput(terminal.stdout),
    stderr: visibleOutput(terminal.stderr),
    onSignal: (signal, handler) => terminal.onSignal(signal, handler),
    env: (name) => terminal.env(name),
  };
}

// What goes into a file or a pipe stays as it is.
function visibleOutput(output: TerminalOutput): TerminalOutput {
  return {
    get isTty() {
      return output.isTty;
    },
    get columns() {
      return output.columns;
    },
    get pendingBytes() {
      return output.pendingBytes;
    },
    get isGone() {
      return output.isGone;
    },
    write: (text) => output.write(output.isTty ? shownText(text) : text),
    flush: (options) => output.flush(options),
  };
}

/** Prints one or the other, waits until it is out, resolves to 0, or 1 when it cannot be. */
export type Printer = (
  value: unknown,
  lines: () => readonly string[],
) => Promise<number>;

/** A printer for this terminal: a value as JSON for programs, lines for people. */
export function printLines(
  { stdout }: Pick<Terminal, "stdout">,
  asJson: boolean,
): Printer {
  return async (value, lines) => {
    const text = asJson
      ? `${printableJson(value, stdout)}\n`
      : lines().map((line) => `${line}\n`).join("");
    stdout.write(text);
    return await stdout.flush() ? 0 : exitCode("failed");
  };
}

/** The value as JSON, in the form that suits the output. */
export function printableJson(
  value: unknown,
  { isTty }: Pick<TerminalOutput, "isTty">,
  indent?: number,
): string {
  const json = JSON.stringify(value, null, indent);
  return isTty ? showJson(json) : json;
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
