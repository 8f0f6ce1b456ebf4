/** The tasks of a thread, one at a time: a turn, a compaction, a rollback, a note. */
import { turnAbortedItem, userShellItem } from "../../context/markers.ts";
import { SessionError } from "../../protocol/error.ts";
import type { Outcome } from "../../protocol/event.ts";
import { type Op, partsText, type UserPart } from "../../protocol/op.ts";
import { unreachable } from "../../util/assert.ts";
import { compactHistory } from "../turn/compaction.ts";
import type { TurnContext } from "../turn/context.ts";
import { withFallback } from "../turn/fallback.ts";
import { leaveForeign } from "../turn/repair.ts";
import { failureOf, runTurn } from "../turn/turn.ts";
import { answerUnrecorded } from "./restored_calls.ts";
import { rollBack } from "./rollback.ts";

export type Task =
  | Omit<Extract<Op, { type: "user.input" }>, "type"> & {
    readonly type: "turn";
  }
  | Extract<Op, { type: "user.shell" | "compact" | "rollback" }>;

/** Runs one task to its end. Throws only what is a bug of ours. */
export async function runThreadTask(
  task: Task,
  context: TurnContext,
): Promise<void> {
  switch (task.type) {
    case "turn":
      return await runTurnTask(task, context);
    case "compact":
      return await runOrWarn(
        context,
        { task: "compact", words: "compact" },
        () => {
          leaveForeign(context);
          return withFallback(
            context,
            (here) => compactHistory("manual", here),
          );
        },
      );
    case "rollback":
      return await runOrWarn(
        context,
        { task: "rollback", words: "roll back" },
        () => rollBack(task.turns, context),
      );
    case "user.shell": {
      const { toolOutputTokens: outputTokens } = context.settings.model;
      return await runOrWarn(
        context,
        { task: "user.shell", words: "record the command" },
        () =>
          context.state.transcript.append([
            userShellItem(task, { outputTokens }),
          ]),
      );
    }
    default:
      return unreachable(task);
  }
}

async function runTurnTask(
  { parts, trace }: Extract<Task, { type: "turn" }>,
  context: TurnContext,
): Promise<void> {
  const { record, deps, threadId, settings, turnId = "" } = context;
  if (trace !== undefined) deps.observer?.asked(trace);
  context.emit({ type: "turn.started", turnId, mode: settings.mode });
  const result = await runLoggedTurn(turnId, parts, context);
  context.activities.closeAll();
  await record.keepChanges();
  const outcome = endTurn(turnId, result, context);
  if (outcome.type === "done") {
    await deps.notify?.({
      threadId,
      turnId,
      cwd: settings.cwd,
      inputs: [partsText(parts)],
      lastMessage: outcome.message,
    });
  }
  context.emit({
    type: "turn.completed",
    turnId,
    outcome,
    usage: record.usage,
    threadUsage: context.state.threadUsage,
    reaped: record.reaped,
  });
}

async function runLoggedTurn(
  turnId: string,
  parts: readonly UserPart[],
  context: TurnContext,
): Promise<Outcome> {
  const { log, settings, state } = context;
  try {
    const provider = context.deps.endpoint.id;
    log.append({ type: "turn_started", turnId, settings, provider });
    answerUnrecorded(state);
    leaveForeign(context);
  } catch (error) {
    return { type: "failed", error: failureOf(error) };
  }
  return await runTurn(parts, context);
}

// A log that cannot be written any more makes every outcome a failure: what the user was
// promised is not on the disk.
function endTurn(
  turnId: string,
  outcome: Outcome,
  { state, log, record }: TurnContext,
): Outcome {
  try {
    if (outcome.type === "interrupted") {
      state.transcript.append([turnAbortedItem()]);
    }
    log.append({ type: "turn_ended", turnId, outcome, usage: record.usage });
    log.sync();
    return outcome;
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    if (outcome.type === "failed") return outcome;
    return { type: "failed", error: failureOf(error) };
  }
}

async function runOrWarn(
  context: TurnContext,
  { task, words }: { readonly task: Task["type"]; readonly words: string },
  run: () => Promise<void> | void,
): Promise<void> {
  try {
    answerUnrecorded(context.state);
    await run();
    context.log.sync();
    context.emit({ type: "task.done", task });
  } catch (error) {
    const message = context.signal.aborted
      ? `Stopped: ${words}`
      : `Cannot ${words}: ${failureOf(error).message}`;
    context.emit({ type: "warning", message });
    context.emit({ type: "task.failed", task });
  }
}
