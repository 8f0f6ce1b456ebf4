/** What became of a command, put together. Pure. */
import type {
  CommandRequest,
  CommandResult,
} from "../../core/protocol/command.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import type { OutputCapture } from "./capture.ts";
import { isDenial, isNetworkFailure } from "./denial.ts";
import { isGuardNote } from "../guard/guard_notes.ts";
import type { RunEnd } from "./run_to_end.ts";
import type { Prepared } from "./session.ts";

/** With notes of what the sandbox did, for the model and the person. */
export function buildResult({ prepared, end, guardNotes, capture, request }: {
  /** Absent when it ran plainly. */
  readonly prepared?: Prepared;
  readonly end: RunEnd;
  readonly guardNotes: readonly string[];
  readonly capture: OutputCapture;
  readonly request: CommandRequest;
}): CommandResult {
  const output = capture.finish();
  const text = `${output.head}\n${output.tail}`;
  const plan = prepared?.plan;
  const isCutOff = plan?.networkAccess === false &&
    isNetworkFailure(end.exitCode, text);
  const notes = [
    ...guardNotes,
    isCutOff ? "No network in this sandbox" : "",
    end.flooded
      ? `Stopped after more than ${LIMITS.outputBytesMax} bytes of output`
      : "",
    end.reaped === 0
      ? ""
      : `Ended ${end.reaped} process${
        end.reaped === 1 ? "" : "es"
      } left running`,
    capture.spoolProblem,
  ];
  return {
    exitCode: end.exitCode,
    timedOut: end.timedOut,
    aborted: end.aborted,
    durationMs: end.durationMs,
    output,
    backend: prepared?.backend.name ?? "none",
    denied: request.sandboxed && prepared !== undefined &&
      (isDenial(end.exitCode, text) ||
        (guardNotes.some(isGuardNote) && end.exitCode !== 0)),
    reaped: end.reaped,
    notes: notes.filter((note) => note !== ""),
  };
}
