/** Runs something short to its end and gives all it said: for attempts, not for commands. */
import { errorText } from "../../core/protocol/error.ts";
import type { Host } from "../../core/protocol/host.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { endWait } from "../../core/util/async.ts";
import type { LaunchLine } from "../backends/backend.ts";

export interface ShortRun {
  /** -1 when it could not be started, or did not end in time. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never throws; what went wrong is in `stderr`. */
export async function runShort(
  host: Pick<Host, "sleep" | "spawn">,
  launch: LaunchLine,
): Promise<ShortRun> {
  const timer = new AbortController();
  try {
    const child = host.spawn({
      ...launch,
      stdin: "null",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
    let isLate = false;
    host.sleep(LIMITS.probeMs, timer.signal).then(() => {
      isLate = true;
      child.kill("SIGKILL", { group: true });
    }).catch(() => {});
    const [stdout, stderr, status] = await Promise.all([
      readAll(child.stdout),
      readAll(child.stderr),
      child.status,
    ]);
    if (!isLate) return { code: status.code, stdout, stderr };
    return { code: -1, stdout, stderr: `no answer in ${LIMITS.probeMs} ms` };
  } catch (error) {
    return { code: -1, stdout: "", stderr: errorText(error) };
  } finally {
    endWait(timer);
  }
}

async function readAll(
  stream: ReadableStream<Uint8Array> | undefined,
): Promise<string> {
  return stream === undefined ? "" : await new Response(stream).text();
}
