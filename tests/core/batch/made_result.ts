/** A result of a task that ended well, and what a test wants otherwise. */
import { ZERO_USAGE } from "../../../core/batch/usage.ts";
import type { BatchResult } from "../../../core/contract/batch.ts";

export function madeResult(more: Partial<BatchResult> = {}): BatchResult {
  return {
    index: 0,
    id: "one",
    exit_code: 0,
    status: "done",
    message: null,
    error: null,
    usage: ZERO_USAGE,
    requests: 1,
    patch: null,
    branch: null,
    files: [],
    attempts: 1,
    rounds: null,
    session_id: null,
    ...more,
  };
}
