/** What a thread does one at a time: a turn, a compaction, a rollback, a note. */
import { turnAbortedItem, userShellItem } from "../../context/markers.ts";
import { ModelError, SessionError } from "../../protocol/error.ts";
import type { Outcome, Usage } from "../../protocol/event.ts";
import type { WireItem } from "../../protocol/item.ts";
import type { Op, UserPart } from "../../protocol/op.ts";
import { unreachable } from "../../util/assert.ts";
import { compactHistory, needsCompaction } from "../turn/compaction.ts";
import { rollBack } from "./rollback.ts";
import { answerUnrecorded } from "./restored_calls.ts";
import type { RunningTask } from "../turn/context.ts";
import { failureOf, runTurn, type TurnContext } from "../turn/turn.ts";
import { TurnHooks } from "../turn/turn_hooks.ts";
import { type TurnListeners, TurnRecorder } from "../turn/turn_record.ts";

export type Task =
  | { readonly type: "turn"; readonly parts: readonly UserPart[] }
  | Extract<Op, { type: "user.shell" | "compact" | "rollback" }>;

/** What a turn works with. */
type TurnTask = RunningTask & TurnListeners & { readonly hooks: TurnHooks };

/** Runs one task to its end. Throws only what is a bug of ours. */
export async function runThreadTask(
  task: Task,
  context: RunningTask,
): Promise<void> {
  switch (task.type) {
    case "turn":
      return await runTurnTask(task.parts, context);
    case "compact":
      return await runOrWarn(
        context,
        "compact",
        () => compactHistory("manual", context),
      );
    case "rollback":
      return await runOrWarn(
        context,
        "roll back",
        () => Promise.resolve(rollBack(task.turns, context)),
      );
    case "user.shell":
      return await runOrWarn(
        context,
        "record the command",
        () =>
          Promise.resolve(
            context.state.transcript.append([
              userShellItem(task, {
                outputTokens: context.settings.model.toolOutputTokens,
              }),
            ]),
          ),
      );
    default:
      return unreachable(task);
  }
}

async function runTurnTask(
  parts: readonly UserPart[],
  context: RunningTask,
): Promise<void> {
  const turnId = context.deps.host.newId();
  const recorder = new TurnRecorder(turnId, context);
  context.emit({ type: "turn.started", turnId });
  const hooks = new TurnHooks(context, turnId);
  const running = { ...context, ...recorder.listeners, hooks };
  const result = await runLoggedTurn(turnId, parts, running);
  context.activities.closeAll();
  await recorder.keepChanges();
  const outcome = endTurn(turnId, result, recorder.usage, context);
  if (outcome.type === "done") {
    await context.deps.notify?.({
      threadId: context.threadId,
      turnId,
      cwd: context.settings.cwd,
      inputs: [textOf(parts)],
      lastMessage: outcome.message,
    });
  }
  context.emit({
    type: "turn.completed",
    turnId,
    outcome,
    usage: recorder.usage,
    threadUsage: context.state.threadUsage,
    reaped: recorder.reaped,
  });
}

async function runLoggedTurn(
  turnId: string,
  parts: readonly UserPart[],
  context: TurnTask,
): Promise<Outcome> {
  try {
    context.log.append({
      type: "turn_started",
      turnId,
      settings: context.settings,
    });
    answerUnrecorded(context.state);
  } catch (error) {
    return { type: "failed", error: failureOf(error) };
  }
  return await runTurn(parts, turnContext(context));
}

function turnContext(context: TurnTask): TurnContext {
  return {
    ...context,
    takeSteering: () => steeringItems(context),
    compactIfNeeded: async (reason, newTokens) => {
      if (!needsCompaction(context, newTokens)) return;
      await compactHistory(reason, context);
    },
  };
}

// A log that cannot be written any more makes a failure of every outcome: what the
// person was promised is not on the disk.
function endTurn(
  turnId: string,
  outcome: Outcome,
  usage: Usage,
  context: RunningTask,
): Outcome {
  const { state, log } = context;
  try {
    if (outcome.type === "interrupted") {
      state.transcript.append([turnAbortedItem()]);
    }
    log.append({ type: "turn_ended", turnId, outcome, usage });
    log.sync();
    return outcome;
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    if (outcome.type === "failed") return outcome;
    return { type: "failed", error: failureOf(error) };
  }
}

async function steeringItems(
  context: TurnTask,
): Promise<readonly WireItem[]> {
  const items: WireItem[] = [];
  for (const parts of context.takeSteering()) {
    const added = await addedByHooks(parts, context);
    if (added === undefined) continue;
    const said = await context.deps.context.userItems(parts, context.settings);
    items.push(...said.items, ...added);
    for (const message of said.warnings) {
      context.emit({ type: "warning", message });
    }
    context.emit({ type: "input.steered", text: textOf(parts) });
  }
  return items;
}

// A message that is refused in the middle of a turn is dropped; the turn goes on.
async function addedByHooks(
  parts: readonly UserPart[],
  { hooks, emit }: TurnTask,
): Promise<readonly WireItem[] | undefined> {
  try {
    return await hooks.takePrompt(parts);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    emit({ type: "warning", message: error.message });
    return undefined;
  }
}

function textOf(parts: readonly UserPart[]): string {
  return parts.map((part) => part.type === "text" ? part.text : part.path)
    .join("\n");
}

async function runOrWarn(
  context: RunningTask,
  what: string,
  run: () => Promise<void>,
): Promise<void> {
  try {
    answerUnrecorded(context.state);
    await run();
    context.log.sync();
  } catch (error) {
    if (context.signal.aborted) {
      return context.emit({ type: "warning", message: `Stopped: ${what}` });
    }
    const { message } = failureOf(error);
    context.emit({ type: "warning", message: `Cannot ${what}: ${message}` });
  }
}
