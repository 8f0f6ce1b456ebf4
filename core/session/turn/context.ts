/** What one task of a thread works with: a turn, or a compaction or rollback between turns. */
import type { TurnCheck } from "../../protocol/hooks.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { ThreadContext } from "../state/thread_context.ts";
import { TurnHooks } from "./turn_hooks.ts";
import { TurnRecord } from "./turn_record.ts";

interface Task {
  /** Undefined between turns. */
  readonly turnId: string | undefined;
  /** Frozen for the task. */
  readonly settings: TurnSettings;
  readonly signal: AbortSignal;
}

export interface TurnContext extends ThreadContext, Task {
  readonly hooks: TurnHooks;
  readonly record: TurnRecord;
  /** Absent where the model alone decides that the turn is done. */
  readonly check: TurnCheck | undefined;
}

export function newTurnContext(
  thread: ThreadContext,
  task: Task,
): TurnContext {
  const record = new TurnRecord(thread, task.turnId);
  return {
    ...thread,
    ...task,
    record,
    check: thread.deps.openCheck?.(),
    hooks: new TurnHooks(thread, task),
    emit: (event) => {
      record.count(event);
      thread.emit(event);
    },
  };
}
