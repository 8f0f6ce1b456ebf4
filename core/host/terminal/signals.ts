/** Signals from the first moment on: those that end a run are kept for it, others do nothing. */
import {
  type EarlySignals,
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

/** signal(7) */
const SIGHUP = 1;
/** What the build holds back: bit n - 1 for signal n; bit n + 32 says that n was ignored. */
const HELD = 0x7780ea37n;
const SIG_SETMASK = 2;
/** sigset_t has 1024 bits in glibc. */
const SIGSET_WORDS = 16;
const SIGPROCMASK = {
  sigprocmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
} as const;

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
 * Keeps signals that end a run until somebody asks, also those from before our first line
 * where the build holds them back (scripts/first_stage/). The listeners stay: between
 * the last line of a run and its exit none may change what that line said.
 */
export function holdSignals(): EarlySignals {
  if (Deno.build.os === "windows") return () => undefined;
  const mask = openMask();
  // Of the others, too, a shell has its background jobs ignore some; who kills one means it.
  const ignored = mask?.wasIgnored(SIGHUP) === true ? "SIGHUP" : undefined;
  const heard = new Set<TerminalSignal>();
  for (const signal of ["SIGINT", ...TERMINATING_SIGNALS] as const) {
    Deno.addSignalListener(signal, () => heard.add(signal));
  }
  ignoreMeaninglessSignals();
  mask?.release();
  return (signal) => {
    if (signal === ignored) return "ignored";
    return heard.delete(signal) ? "heard" : undefined;
  };
}

/** For a role that answers no signal: what the build held back ends it. */
export function releaseSignals(): void {
  openMask()?.release();
}

interface HeldMask {
  /** Whether the parent had us ignore a signal, as nohup(1) does. */
  wasIgnored(signal: number): boolean;
  /** What was held back comes now. */
  release(): void;
}

/** The signals that this thread blocks, if it was the build that had it do so. */
function openMask(): HeldMask | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const { sigprocmask } = Deno.dlopen("libc.so.6", SIGPROCMASK).symbols;
    const mask = new BigUint64Array(SIGSET_WORDS);
    sigprocmask(SIG_SETMASK, null, mask);
    const [bits = 0n] = mask;
    // Any other is the parent's, and stays.
    if ((bits & 0xffffffffn) !== HELD) return undefined;
    return {
      wasIgnored: (signal) => (bits >> BigInt(signal + 32) & 1n) === 1n,
      release: () => void sigprocmask(SIG_SETMASK, mask.fill(0n), null),
    };
  } catch {
    return undefined;
  }
}
