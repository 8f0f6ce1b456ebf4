/** The real terminal: standard streams and signals. */
import type {
  EarlySignals,
  Terminal,
  TerminalInput,
  TerminalSignal,
} from "../../protocol/terminal.ts";
import { flushInput } from "../system/libc.ts";
import { textVariable } from "../system/environment.ts";
import { QueuedOutput, StandardOutput } from "./queued_output.ts";

/** One read of stdin. */
const READ_BYTES = 64 * 1024;
/** Before a stream that others have made non-blocking is tried again. */
const BUSY_WAIT_MS = 5;

/** The terminal this process was started in. */
export function denoTerminal(
  { earlySignals = () => undefined }: {
    readonly earlySignals?: EarlySignals | undefined;
  } = {},
): Terminal {
  return {
    stdin: new DenoInput(),
    stdout: new QueuedOutput(new StandardOutput(Deno.stdout, 1)),
    stderr: new QueuedOutput(new StandardOutput(Deno.stderr, 2)),
    onSignal: (signal, handler) => {
      const early = earlySignals(signal);
      if (early === "ignored") return () => {};
      if (early === "heard") queueMicrotask(handler);
      return onSignal(signal, handler);
    },
    env: textVariable,
  };
}

/** Ends of the program that no code of ours sees coming. */
const CRASHES = ["error", "unhandledrejection", "unload"] as const;

class DenoInput implements TerminalInput {
  #undo = "";

  get isTty(): boolean {
    return Deno.stdin.isTerminal();
  }

  async read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(READ_BYTES);
    for (;;) {
      try {
        const count = await Deno.stdin.read(buffer);
        return count === null ? null : buffer.subarray(0, count);
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) return null;
        await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
      }
    }
  }

  discard(): void {
    if (this.isTty) flushInput(0);
  }

  setRaw(
    isRaw: boolean,
    { undo = "" }: { readonly undo?: string } = {},
  ): boolean {
    if (!this.isTty) return false;
    for (const type of CRASHES) {
      globalThis.removeEventListener(type, this.#restore);
      if (isRaw) globalThis.addEventListener(type, this.#restore);
    }
    this.#undo = undo;
    Deno.stdin.setRaw(isRaw);
    return true;
  }

  // The runtime says what went wrong after this, in a terminal that shows it.
  readonly #restore = (): void => {
    const undo = new TextEncoder().encode(this.#undo);
    try {
      this.setRaw(false);
      if (Deno.stdout.isTerminal()) Deno.stdout.writeSync(undo);
    } catch {
      // The terminal itself is gone.
    }
  };
}

function onSignal(signal: TerminalSignal, handler: () => void): () => void {
  // Windows knows SIGINT alone of these; listening for another one throws there.
  if (Deno.build.os === "windows" && signal !== "SIGINT") return () => {};
  Deno.addSignalListener(signal, handler);
  return () => Deno.removeSignalListener(signal, handler);
}
