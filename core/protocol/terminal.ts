/** The terminal as an interface: three streams, signals, size. The real one is in core/host. */

/** A stream that leaves the process. Text is written in order, as one byte stream. */
export interface TerminalOutput {
  readonly isTty: boolean;
  /** Columns of the window; 80 where there is none. */
  readonly columns: number;
  /** Rows of the window; absent where they are not known. */
  readonly rows?: number;
  /** Queues the text; false once the reader is gone, for ever. Never blocks or throws. */
  write(text: string): boolean;
  /** Bytes queued and not yet taken by the system. */
  readonly pendingBytes: number;
  /** Nobody reads it, or nobody can: it is closed, or open for reading alone. */
  readonly isGone: boolean;
  /** Waits until everything is out; false when the reader is gone or the time is over. */
  flush(options?: { readonly timeoutMs?: number }): Promise<boolean>;
}

export interface TerminalInput {
  readonly isTty: boolean;
  /** The next bytes, or null at the end. One caller at a time. */
  read(): Promise<Uint8Array | null>;
  /** Drops what was typed and not read yet, where the system can (Linux). */
  discard?(): void;
  /**
   * Key by key, without echo; false where there is no terminal. `undo` is written to the
   * terminal if the program ends, by whatever error, while it is still raw.
   */
  setRaw(isRaw: boolean, options?: { readonly undo?: string }): boolean;
}

/** SIGTERM, and what is taken for it. */
export const TERMINATING_SIGNALS = [
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGABRT",
  "SIGXCPU",
] as const;

export type TerminalSignal =
  | "SIGINT"
  | typeof TERMINATING_SIGNALS[number]
  | "SIGTSTP"
  | "SIGCONT"
  | "SIGWINCH";

/**
 * What became of a signal before anybody listened: it came (said once for each), or the
 * parent had us ignore it, so that nobody should listen.
 */
export type EarlySignals = (
  signal: TerminalSignal,
) => "heard" | "ignored" | undefined;

export interface Terminal {
  readonly stdin: TerminalInput;
  readonly stdout: TerminalOutput;
  readonly stderr: TerminalOutput;
  /** Calls the handler instead of the default action; the result takes it back. */
  onSignal(signal: TerminalSignal, handler: () => void): () => void;
  env(name: string): string | undefined;
}

/** Whether a stream gets colours: the flag, then NO_COLOR, FORCE_COLOR, TERM, isTty. */
export function hasColor(
  terminal: Pick<Terminal, "env">,
  output: Pick<TerminalOutput, "isTty">,
  flag: "auto" | "always" | "never" = "auto",
): boolean {
  if (flag !== "auto") return flag === "always";
  // no-color.org: any non-empty value.
  if ((terminal.env("NO_COLOR") ?? "") !== "") return false;
  const force = terminal.env("FORCE_COLOR");
  if (force !== undefined) return force !== "0" && force !== "false";
  return output.isTty && terminal.env("TERM") !== "dumb";
}
