/** Errors that end a command outside of a turn: exit code and event. Pure. */
import {
  errorCode,
  errorText,
  ModelError,
  SandboxUnavailable,
  SessionError,
  UserError,
} from "../../protocol/error.ts";
import type { Failure } from "../../protocol/event.ts";
import type { ExecError } from "../../contract/event.ts";
import { exitCode, exitCodeOf } from "../../contract/exit_code.ts";

/** The exit code of anything that was thrown. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof UserError) return exitCode(error.kind);
  if (error instanceof ModelError) return exitCodeOf(error);
  if (error instanceof SandboxUnavailable) return exitCode("sandbox");
  if (error instanceof SessionError) return exitCode("session");
  return exitCode(errorCode(error) === undefined ? "bug" : "config");
}

/** A failure of a turn, as the event schema has it. */
export function toFailure(failure: Failure): ExecError {
  return {
    message: failure.message,
    kind: failure.kind,
    status: failure.status ?? null,
    request_id: failure.requestId ?? null,
  };
}

/** Anything that was thrown, as the event schema has it. */
export function toExecError(error: unknown): ExecError {
  const message = errorText(error);
  if (error instanceof ModelError) {
    return toFailure({
      kind: error.kind,
      message,
      ...(error.status !== undefined && { status: error.status }),
      ...(error.requestId !== undefined && { requestId: error.requestId }),
    });
  }
  return { message, kind: kindOf(error), status: null, request_id: null };
}

function kindOf(error: unknown): string {
  if (error instanceof UserError) {
    return error.kind === "sandbox" ? "sandbox_unavailable" : error.kind;
  }
  if (error instanceof SandboxUnavailable) return "sandbox_unavailable";
  if (error instanceof SessionError) return "session";
  // What the machine refuses is nothing a change of the program would mend.
  return errorCode(error) === undefined ? "bug" : "config";
}
