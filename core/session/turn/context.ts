/** What a task of a thread works with. */
import type { EventBody } from "../../protocol/event.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import type { Activities } from "../state/activities.ts";
import type { Approvals } from "../state/approvals.ts";
import type { Budget } from "../state/budget.ts";
import type { CacheWatch } from "../state/cache_watch.ts";
import type { ThreadDeps } from "../state/deps.ts";
import type { ThreadState } from "../state/state.ts";

/** What is the same for all tasks of a thread. */
export interface TaskContext {
  readonly threadId: string;
  readonly deps: ThreadDeps;
  readonly state: ThreadState;
  readonly log: ThreadLog;
  readonly emit: (event: EventBody) => void;
  readonly activities: Activities;
  readonly approvals: Approvals;
  readonly budget: Budget;
  readonly cacheWatch: CacheWatch;
  readonly takeSteering: () => readonly (readonly UserPart[])[];
}

export interface RunningTask extends TaskContext {
  /** Frozen for the task. */
  readonly settings: TurnSettings;
  readonly signal: AbortSignal;
}
