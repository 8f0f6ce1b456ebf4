/** A log that writes nothing: for ephemeral runs, and where no file can be made. */
import { errorReason, SessionError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { ThreadLog, ThreadMeta } from "../../protocol/log.ts";
import { createThreadLog, type LogOptions } from "../log/log_writer.ts";

/** Forgets every fact; its path is empty. */
export function memoryLog(): ThreadLog {
  return {
    path: "",
    append: () => {},
    sync: () => {},
    startSync: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/**
 * The log of a new thread, or one in memory when `ephemeral`, or when no file can be
 * made (read-only or missing home, full disk); then `warn` is called once with the reason.
 */
export async function openLogOrMemory(
  host: Host,
  options: LogOptions & {
    readonly meta: ThreadMeta;
    readonly ephemeral: boolean;
  },
): Promise<ThreadLog> {
  if (options.ephemeral) return memoryLog();
  try {
    return await createThreadLog(host, options);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    const why = errorReason(error.cause ?? error).replace(/ \(os error.*/, "");
    options.warn?.(
      `The session is not recorded: nothing can be written to ${options.codexHome} (${why})`,
    );
    return memoryLog();
  }
}
