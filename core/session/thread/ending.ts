/** The end of a thread: its hooks, and its log on the disk. */
import { errorText, SessionError } from "../../protocol/error.ts";
import type { Failure } from "../../protocol/event.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { ThreadContext } from "../state/thread_context.ts";
import { TurnHooks } from "../turn/turn_hooks.ts";

/** Runs the hooks of the end; what goes wrong is a warning. */
export async function endSession(
  reason: "exit" | "error",
  context: ThreadContext,
  settings: TurnSettings,
): Promise<void> {
  const { signal } = new AbortController();
  const hooks = new TurnHooks(context, { settings, signal });
  try {
    await hooks.endSession(reason);
  } catch (error) {
    const message = `Cannot run SessionEnd hooks: ${errorText(error)}`;
    context.emit({ type: "warning", message });
  }
}

/** Closes it; the result is why it may be lost. */
export async function closeLog(log: ThreadLog): Promise<Failure | undefined> {
  try {
    await log.close();
    return undefined;
  } catch (error) {
    const kind = error instanceof SessionError ? "session" : "bug";
    return { kind, message: errorText(error) };
  }
}
