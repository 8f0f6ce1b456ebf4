/** Answers the calls that a crash or a full disk left open, so that the conversation can go on. */
import type { RestoredThread } from "../../protocol/log.ts";
import type { ThreadState } from "../state/state.ts";

const UNKNOWN =
  "The program ended while this call was running: it was started and its outcome is unknown. It is not run again by itself; look at the state of things first.";
const NOT_RUN = "The program ended before this call was run.";

const UNRECORDED =
  "What this call did is not on record: the session could not be written then. Look at the state of things before it is run again.";

/** Gives each open call one output that tells what is known of it. */
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
