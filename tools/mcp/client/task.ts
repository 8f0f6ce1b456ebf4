/** Calls that run as tasks: polled until they are done (MCP 2025-11-25, tasks). */
import type { Host } from "../../../core/protocol/host.ts";
import { LIMITS } from "../../../core/protocol/limits.ts";
import type { JsonObject } from "../../../core/util/json/json.ts";
import { type AskOptions, McpFailure } from "./types.ts";
import type { McpSession } from "./session.ts";
import { CallResult, TaskCreated, TaskState } from "./wire.ts";

interface TaskCall {
  readonly session: McpSession;
  readonly tool: string;
  readonly args: JsonObject;
  readonly ask: AskOptions;
}

/** Begins the work, follows it, fetches its result. Aborting cancels it at the server. */
export async function callAsTask(
  call: TaskCall,
  host: Pick<Host, "sleep">,
): Promise<CallResult> {
  const { session, tool, args, ask } = call;
  const params = { name: tool, arguments: args, task: { ttl: TTL_MS } };
  const created = await session.request("tools/call", params, ask);
  const { task } = session.parse(TaskCreated, created);
  try {
    await follow(task, call, host);
    const { taskId } = task;
    const result = await session.request("tasks/result", { taskId }, ask);
    return session.parse(CallResult, result);
  } catch (error) {
    if (ask.signal?.aborted) cancel(task.taskId, session);
    throw error;
  }
}

/** How long the server keeps the result. */
const TTL_MS = 3_600_000;

// Until it is done, or wants something of the person: that comes with the result.
async function follow(
  first: TaskState,
  { session, ask }: TaskCall,
  host: Pick<Host, "sleep">,
): Promise<void> {
  let task = first;
  for (let polls = 1; task.status === "working"; polls++) {
    await host.sleep(pollMs(task), ask.signal);
    const { taskId } = task;
    const answer = await session.request("tasks/get", { taskId }, ask);
    const next = session.parse(TaskState, answer);
    const message = next.statusMessage ?? next.status;
    // Only news are a sign of life: else a task that hangs would be waited for for ever.
    const isNews = message !== (task.statusMessage ?? task.status);
    if (isNews) ask.onProgress?.({ progress: polls, message });
    task = next;
  }
  if (task.status === "cancelled") {
    throw new McpFailure("the server cancelled the work");
  }
}

function pollMs({ pollInterval }: TaskState): number {
  const asked = pollInterval ?? LIMITS.mcpPollMs;
  return Math.min(LIMITS.mcpPollMaxMs, Math.max(LIMITS.mcpPollMinMs, asked));
}

function cancel(taskId: string, session: McpSession): void {
  session.request("tasks/cancel", { taskId }, {
    timeoutMs: LIMITS.mcpGoodbyeMs,
  }).catch(() => {});
}
