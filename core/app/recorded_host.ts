/** The host of a run: the real one, or one that records or replays it. */
import {
  openRecorder,
  openReplay,
  type RecordedHost,
} from "../host/recorder.ts";
import type { Flags } from "../protocol/command_line.ts";
import { UserError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { PROGRAM, VERSION } from "../protocol/version.ts";
import { resolvePath } from "../util/path.ts";

/** Wraps the host as `--record` and `--replay` ask. Throws UserError. */
export async function openRecordedHost(
  host: Host,
  flags: Flags,
  onWarning: (message: string) => void,
): Promise<RecordedHost> {
  const { record, replay } = flags;
  if (record !== undefined && replay !== undefined) {
    throw new UserError(
      "usage",
      "Cannot record and replay at once: must be one of --record, --replay",
    );
  }
  const mode = flags.replayMode ?? "full";
  if (record !== undefined) {
    return await openRecorder(host, {
      path: resolvePath(host.cwd, record),
      mode,
      program: { name: PROGRAM, version: VERSION },
    });
  }
  if (replay !== undefined) {
    return await openReplay(host, {
      path: resolvePath(host.cwd, replay),
      mode,
      timing: flags.replayTiming === "keep" ? "kept" : "skipped",
      onWarning,
    });
  }
  return { host, close: () => {} };
}
