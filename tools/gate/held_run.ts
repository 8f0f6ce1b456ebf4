/** Starts a command that is not waited for, and hands it to whoever holds it. */
import type {
  CommandRequest,
  CommandResult,
  HeldCommand,
  RunningCommand,
  Sandbox,
} from "../../core/protocol/command.ts";
import { LIMITS } from "../../core/protocol/limits.ts";

// What suits a terminal that a program looks at; pagers would wait for a key.
const TERMINAL_ENV = {
  TERM: "xterm-256color",
  PAGER: "cat",
  GIT_PAGER: "cat",
  GH_PAGER: "cat",
};

/** Resolves as `hold` does. */
export async function runHeld(
  held: HeldCommand,
  command: CommandRequest,
  sandbox: Pick<Sandbox, "run">,
): Promise<CommandResult | undefined> {
  const { terminal, signal, onBytes, onPutBack } = held;
  const { promise, resolve, reject } = Promise.withResolvers<RunningCommand>();
  const result = sandbox.run({
    ...command,
    timeoutMs: LIMITS.liveCommandMs,
    signal,
    onBytes,
    onPutBack,
    onStart: resolve,
    ...(terminal !== undefined && {
      terminal,
      env: { ...command.env, ...TERMINAL_ENV },
    }),
  });
  // Both may fail before anybody waits for them.
  promise.catch(() => {});
  result.catch(reject);
  return await held.hold({
    running: promise,
    result,
    policy: command.sandboxed ? command.policy : undefined,
    workspace: command.workspace ?? command.cwd,
  });
}
