/** The end of a batch by a signal: its runs are told, and waited for. */
import { exitCode } from "../../contract/exit_code.ts";
import { type Terminal, TERMINATING_SIGNALS } from "../../protocol/terminal.ts";
import { endChildren, killChildren } from "./attempt.ts";
import type { Batch } from "./open.ts";

interface Stopped {
  /** 0 unless a signal came. */
  exitCode(): number;
  /** Resolves once all runs have been ended, if they had to be. */
  ending(): Promise<void>;
  release(): void;
}

/** Takes the signals that end a batch. */
export function listenForStop(batch: Batch, terminal: Terminal): Stopped {
  let code = 0;
  let ending: Promise<void> = Promise.resolve();
  const stop = (signal: "SIGINT" | "SIGTERM") => (): void => {
    // Whoever asks twice does not want to wait.
    if (code !== 0) return killChildren(batch);
    code = exitCode(signal === "SIGINT" ? "sigint" : "sigterm");
    batch.stop.abort();
    ending = endChildren(batch, signal);
  };
  const releases = [
    terminal.onSignal("SIGINT", stop("SIGINT")),
    ...TERMINATING_SIGNALS.map((signal) =>
      terminal.onSignal(signal, stop("SIGTERM"))
    ),
  ];
  return {
    exitCode: () => code,
    ending: () => ending,
    release: () => releases.forEach((release) => release()),
  };
}
