/** `notify`: a program that is started after each turn and left alone. */
import { errorText } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { PROGRAM } from "../../protocol/version.ts";
import type { CheckStart } from "./hooks.ts";

/** A turn that is done. */
interface TurnNotice {
  readonly threadId: string;
  readonly turnId: string;
  readonly cwd: string;
  /** Texts of the user's messages in the turn. */
  readonly inputs: readonly string[];
  readonly lastMessage: string;
}

/** Tells of a turn; never throws, waits for no answer. */
export type Notify = (notice: TurnNotice) => Promise<void>;

/** Starts the program with one more argument, the notice as JSON. */
export function createNotify(
  host: Pick<Host, "spawn">,
  options: {
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly check?: CheckStart;
    /** Where it is started; the folder of the thread when absent. */
    readonly folder?: string | undefined;
    /** Name of the program and how it was called. */
    readonly client: string;
    readonly warn: (message: string) => void;
  },
): Notify {
  const [command = "", ...args] = options.argv;
  return async (notice) => {
    try {
      const start = await options.check?.();
      if (start?.changed !== undefined) {
        options.warn(
          `Skipped notify: ${start.changed} is not what you approved; to see it and decide: ${PROGRAM} trust`,
        );
        return;
      }
      const child = host.spawn({
        command,
        args: [
          ...args,
          JSON.stringify({
            type: "agent-turn-complete",
            "thread-id": notice.threadId,
            "turn-id": notice.turnId,
            cwd: notice.cwd,
            client: options.client,
            "input-messages": notice.inputs,
            "last-assistant-message": notice.lastMessage,
          }),
        ],
        cwd: options.folder ?? notice.cwd,
        env: { ...options.env, ...start?.env },
        stdin: "null",
        stdout: "null",
        stderr: "null",
        detached: true,
      });
      child.status.catch(() => {});
      const exchanged = await start?.recheck();
      if (exchanged === undefined) return;
      child.kill("SIGKILL", { group: true });
      options.warn(
        `Ended notify: ${exchanged} was changed while it started, so it may not be what you approved`,
      );
    } catch (error) {
      options.warn(`Cannot start notify ${command}: ${errorText(error)}`);
    }
  };
}
