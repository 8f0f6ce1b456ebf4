/** Exit codes: frozen. Consumers rely on each number. */
import type { FailureKind } from "../protocol/event.ts";
import { unreachable } from "../util/assert.ts";

export const EXIT_CODES = Object.freeze({
  done: { code: 0, meaning: "The turn completed" },
  failed: { code: 1, meaning: "The turn failed, or its output was closed" },
  usage: { code: 2, meaning: "The command line is wrong" },
  config: { code: 3, meaning: "The configuration is wrong" },
  auth: {
    code: 4,
    meaning: "The provider refused the credentials, or there are none",
  },
  provider: {
    code: 5,
    meaning: "The provider cannot be reached, or all retries are spent",
  },
  limit: {
    code: 6,
    meaning:
      "A limit of requests, tokens, tool calls, cost or repeats was reached",
  },
  denied: { code: 7, meaning: "An action was denied (with --fail-on-denied)" },
  sandbox: { code: 8, meaning: "No sandbox here can enforce the policy" },
  session: {
    code: 9,
    meaning: "The session cannot be read or written, or is in use",
  },
  check: {
    code: 10,
    meaning: "The check of --until did not pass",
  },
  bug: { code: 70, meaning: "A bug in this program" },
  timeout: { code: 124, meaning: "The time limit of --timeout was reached" },
  sigint: { code: 130, meaning: "Interrupted (SIGINT)" },
  sigterm: { code: 143, meaning: "Terminated (SIGTERM)" },
});

/** Codes that the system or the runtime gives, without a last line. */
export const FOREIGN_EXIT_CODES: readonly {
  readonly code: number;
  readonly meaning: string;
}[] = [
  { code: 126, meaning: "The system cannot start the program" },
  {
    code: 127,
    meaning: "The system cannot start the program: no glibc, no libgcc",
  },
  {
    code: 133,
    meaning:
      "The runtime is out of memory, or a control group lets it start no thread (pids.max)",
  },
  { code: 134, meaning: "The same" },
  { code: 137, meaning: "Killed (SIGKILL)" },
];

export type ExitName = keyof typeof EXIT_CODES;

/** What of a failure decides its exit. */
interface FailureFacts {
  readonly kind: FailureKind;
  /** HTTP status. */
  readonly status?: number | undefined;
}

export function exitCode(name: ExitName): number {
  return EXIT_CODES[name].code;
}

/** The exit a failed turn ends with. */
export function exitCodeOf(failure: FailureFacts): number {
  return exitCode(exitNameOf(failure));
}

function exitNameOf(failure: FailureFacts): ExitName {
  switch (failure.kind) {
    case "auth":
      return "auth";
    case "rate_limit":
    case "unreachable":
    case "stream":
      return "provider";
    case "http":
      // Other 4xx (404, …) were answered and would be answered the same again.
      return failure.status !== undefined && failure.status < 500 &&
          ![408, 409, 425, 429].includes(failure.status)
        ? "failed"
        : "provider";
    case "limit":
      return "limit";
    case "timeout":
      return "timeout";
    case "denied":
      return "denied";
    case "sandbox_unavailable":
      return "sandbox";
    case "session":
      return "session";
    case "check":
      return "check";
    case "bug":
      return "bug";
    case "context_window":
    case "invalid_request":
    case "incomplete":
    case "cache":
    case "schema":
      return "failed";
    default:
      return unreachable(failure.kind);
  }
}
