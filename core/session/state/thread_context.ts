/** What all tasks of a thread share. */
import type { EventBody } from "../../protocol/event.ts";
import type { ThreadLog } from "../../protocol/log.ts";
import type { UserPart } from "../../protocol/op.ts";
import type { Activities } from "./activities.ts";
import type { Approvals } from "./approvals.ts";
import type { Budget } from "./budget.ts";
import type { CacheWatch } from "./cache_watch.ts";
import type { Fallback, ThreadDeps } from "./deps.ts";
import type { ThreadState } from "./state.ts";

export interface ThreadContext {
  readonly threadId: string;
  readonly deps: ThreadDeps;
  readonly state: ThreadState;
  readonly log: ThreadLog;
  readonly emit: (event: EventBody) => void;
  /** Waits for readers of events that are behind. */
  readonly drained: () => Promise<void>;
  readonly activities: Activities;
  readonly approvals: Approvals;
  readonly budget: Budget;
  readonly cacheWatch: CacheWatch;
  /** Lets the tasks that follow go where this one had to go. */
  readonly follow: (fallback: Fallback, deps: ThreadDeps) => void;
  /** Input that arrived while the task runs; empties the queue. */
  readonly takeSteering: () => readonly (readonly UserPart[])[];
}
