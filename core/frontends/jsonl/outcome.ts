/** How a turn or a command ended, as an error (or none) and an exit code. Pure. */
import type { ExecError } from "../../contract/event.ts";
import { exitCode, exitCodeOf } from "../../contract/exit_code.ts";
import {
  errorCode,
  errorText,
  ModelError,
  SandboxUnavailable,
  SessionError,
  UserError,
} from "../../protocol/error.ts";
import type { Failure, Outcome } from "../../protocol/event.ts";
import { unreachable } from "../../util/assert.ts";

/** Why the run was ended from outside the turn. */
export type Cause = "sigint" | "sigterm" | "timeout" | "gone";

interface EndingFacts {
  readonly outcome: Outcome;
  readonly cause: Cause | undefined;
  /** Actions that were not allowed, when that is to fail the run. */
  readonly deniedThatFail: number;
  /** Whether there is nothing to be had from a turn without an answer, as of a review. */
  readonly needsAnswer?: boolean;
}

export interface EndingVerdict {
  readonly error: ExecError | undefined;
  readonly exitCode: number;
}

/** A turn that got done in spite of a late signal is done. */
export function decideEnding(facts: EndingFacts): EndingVerdict {
  const { outcome, cause } = facts;
  switch (outcome.type) {
    case "done":
      if (facts.needsAnswer === true && outcome.message.trim() === "") {
        const message = "The model gave no answer";
        return decideFailed({ kind: "incomplete", message });
      }
      return {
        error: undefined,
        exitCode: exitCode(facts.deniedThatFail > 0 ? "denied" : "done"),
      };
    case "interrupted":
      return decideInterrupted(cause);
    case "failed":
      return decideFailed(outcome.error);
    default:
      return unreachable(outcome);
  }
}

/** A turn that the thread itself could not end. */
export function decideFailed(failure: Failure): EndingVerdict {
  return { error: toFailure(failure), exitCode: exitCodeOf(failure) };
}

/** A turn that was stopped. */
export function decideInterrupted(cause: Cause | undefined): EndingVerdict {
  switch (cause) {
    case "sigint":
      return interrupted("Interrupted by SIGINT", exitCode("sigint"));
    case undefined:
      return interrupted("Interrupted on request", exitCode("sigint"));
    case "sigterm":
      // Codex's SDK throws these words for an abort: its users look for the name in them.
      return interrupted(
        "The run was aborted by a signal (AbortError)",
        exitCode("sigterm"),
      );
    case "gone":
      return interrupted("Output closed by its reader", exitCode("failed"));
    case "timeout":
      return decideFailed({
        kind: "timeout",
        message: "Time limit reached",
      });
    default:
      return unreachable(cause);
  }
}

function interrupted(message: string, code: number): EndingVerdict {
  return {
    error: { message, kind: "interrupted", status: null, request_id: null },
    exitCode: code,
  };
}

/** The verdict of a run that ended without the end of a turn. */
export function decideMissing(
  { lost, cause, isUnasked }: {
    readonly lost: Failure | undefined;
    readonly cause: Cause | undefined;
    /** Nobody has asked for anything. */
    readonly isUnasked: boolean;
  },
): EndingVerdict {
  if (lost !== undefined) return decideFailed(lost);
  if (cause !== undefined) return decideInterrupted(cause);
  if (isUnasked) {
    const message = "Cannot start: the input ended without a message";
    const error = { message, kind: "usage", status: null, request_id: null };
    return { error, exitCode: exitCode("usage") };
  }
  return decideFailed({
    kind: "bug",
    message: "The thread ended in the middle of a turn",
  });
}

/** The exit code of anything that was thrown. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof UserError) return exitCode(error.kind);
  if (error instanceof ModelError) return exitCodeOf(error);
  if (error instanceof SandboxUnavailable) return exitCode("sandbox");
  if (error instanceof SessionError) return exitCode("session");
  return exitCode(errorCode(error) === undefined ? "bug" : "config");
}

/** A failure of a turn, as the event schema has it. */
function toFailure(failure: Failure): ExecError {
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
