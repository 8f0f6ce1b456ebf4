/** Signals from the first moment on: those that end a run are kept for it, others do nothing. */
import {
  type HeardSignals,
  type TerminalSignal,
  TERMINATING_SIGNALS,
} from "../../protocol/terminal.ts";

/** They would end the program where nothing is wrong, or where the failed call says it better. */
const MEANINGLESS: readonly Deno.Signal[] = [
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGVTALRM",
  "SIGPROF",
  // A write beyond `ulimit -f` fails with EFBIG.
  "SIGXFSZ",
  "SIGPWR",
  "SIGIO",
  "SIGSYS",
  "SIGTRAP",
  "SIGSTKFLT",
];

/** Lets them happen, for good. Listened to and not ignored: children begin as usual. */
export function ignoreMeaninglessSignals(): void {
  if (Deno.build.os === "windows") return;
  for (const signal of MEANINGLESS) {
    // Not every system has all of them.
    try {
      Deno.addSignalListener(signal, () => {});
    } catch {
      continue;
    }
  }
}

/**
 * Keeps signals that end a run until somebody asks. The listeners stay: between the last
 * line of a run and its exit none may change what that line said.
 */
export function holdSignals(): HeardSignals {
  const heard = new Set<TerminalSignal>();
  if (Deno.build.os === "windows") return () => false;
  for (const signal of ["SIGINT", ...TERMINATING_SIGNALS] as const) {
    Deno.addSignalListener(signal, () => heard.add(signal));
  }
  return (signal) => heard.delete(signal);
}
