/** The handle on a command that somebody does not wait for. */
import type { RunningCommand } from "../../core/protocol/command.ts";
import type { Child, Host } from "../../core/protocol/host.ts";
import type { OutputCapture } from "./capture.ts";
import { signalCommand } from "./run_to_end.ts";

/** What one may do to the child while runToEnd() waits for it. */
export function runningCommand(
  child: Child,
  capture: OutputCapture,
  kind: {
    readonly host: Pick<Host, "files" | "kill" | "monotonicMs" | "sleep">;
    readonly isWrapped: boolean;
    readonly hasTerminal: boolean;
  },
): RunningCommand {
  const keys = kind.hasTerminal ? child.stdin?.getWriter() : undefined;
  return {
    // A terminal that has ended takes nothing any more.
    write: async (bytes) => await keys?.write(bytes).catch(() => {}),
    resize: (size) => child.resize?.(size),
    interrupt: () => signalCommand(child, "SIGINT", kind),
    wake: () => signalCommand(child, "SIGCONT", kind),
    unread: () => child.unread?.(),
    keepOutput: () => capture.keep(),
  };
}
