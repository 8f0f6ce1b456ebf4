/** Answers the calls that a crash or a full disk left open, so that the conversation can continue. */
import type { RestoredThread } from "../../protocol/log.ts";
import type { ThreadState } from "../state/state.ts";

const UNKNOWN =
  "The program ended while this call was running, so its outcome is unknown. It is not run again automatically; check the current state first.";
const NOT_RUN = "The program ended before this call was run.";

const UNRECORDED =
  "The outcome of this call was not recorded because the session could not be written. Check the current state before you run it again.";

/** Gives each open call one output that says what is known of it. */
export function answerRestored(
  restored: Pick<RestoredThread, "openCalls">,
  state: ThreadState,
): void {
  const started = new Map(
    restored.openCalls.map((call) => [call.callId, call.started]),
  );
  for (const { callId } of state.transcript.openCalls) {
    state.transcript.settle(callId, started.get(callId) ? UNKNOWN : NOT_RUN);
  }
}

/** Answers the calls of a turn whose outputs could not be written. Throws SessionError. */
export function answerUnrecorded(state: ThreadState): void {
  for (const { callId } of state.transcript.openCalls) {
    state.transcript.settle(callId, UNRECORDED);
  }
}
