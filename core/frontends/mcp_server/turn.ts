/** One turn of a thread for an MCP client. */
import type { Activity, Event, EventOf } from "../../protocol/event.ts";
import type { ApprovalRequest, Decision } from "../../protocol/policy.ts";
import type { TraceCarrier } from "../../protocol/settings.ts";
import type { Thread } from "../../protocol/thread.ts";
import { visibleLine } from "../../util/text/visible_text.ts";

/** How a turn reaches its client. */
export interface TurnPort {
  /** Every event, as it is. */
  readonly send: (event: Event) => void;
  /** A line that shows progress. */
  readonly progress: (text: string) => void;
  /** Puts a question; the answer is no where no one can be asked. */
  readonly ask: (
    request: ApprovalRequest,
    approvalId: string,
  ) => Promise<Decision>;
  /** Aborted when the client takes its call back. */
  readonly signal: AbortSignal;
  /** The span of its call. */
  readonly trace?: TraceCarrier | undefined;
}

export interface TurnResult {
  readonly threadId: string;
  readonly content: string;
  readonly isError: boolean;
}

/** Sends the prompt and follows the turn to its end. Never rejects for the turn's sake. */
export async function followTurn(
  thread: Thread,
  prompt: string,
  port: TurnPort,
): Promise<TurnResult> {
  const events = thread.events();
  const interrupt = (): void => thread.submit({ type: "interrupt" });
  port.signal.addEventListener("abort", interrupt, { once: true });
  thread.submit({
    type: "user.input",
    parts: [{ type: "text", text: prompt }],
    trace: port.trace,
  });
  if (port.signal.aborted) interrupt();
  try {
    for await (const event of events) {
      port.send(event);
      const line = progressLine(event);
      if (line !== "") port.progress(line);
      if (event.type === "approval.requested") void ask(event, thread, port);
      const result = resultOf(event);
      if (result !== undefined) return { threadId: thread.id, ...result };
    }
  } finally {
    port.signal.removeEventListener("abort", interrupt);
  }
  return {
    threadId: thread.id,
    content: "The thread has ended",
    isError: true,
  };
}

async function ask(
  { approvalId, request }: EventOf<"approval.requested">,
  thread: Thread,
  { ask }: TurnPort,
): Promise<void> {
  const decision = await ask(request, approvalId).catch((): Decision => ({
    type: "deny",
    message: "The client could not be asked",
  }));
  thread.submit({ type: "approval.decide", approvalId, decision });
}

function resultOf(
  event: Event,
): Pick<TurnResult, "content" | "isError"> | undefined {
  if (event.type === "thread.closed") {
    const why = event.failure?.message ?? "The thread was closed";
    return { content: why, isError: true };
  }
  if (event.type !== "turn.completed") return undefined;
  switch (event.outcome.type) {
    case "done":
      return { content: event.outcome.message, isError: false };
    case "interrupted":
      return { content: "The turn was interrupted", isError: true };
    case "failed":
      return { content: event.outcome.error.message, isError: true };
  }
}

function progressLine(event: Event): string {
  switch (event.type) {
    case "activity.started":
      return lineOf(event.activity);
    case "activity.completed":
      return event.activity.type === "message"
        ? visibleLine(event.activity.text)
        : "";
    case "stream.retry":
    case "provider.switched":
    case "warning":
      return visibleLine("message" in event ? event.message : event.reason);
    default:
      return "";
  }
}

function lineOf(activity: Activity): string {
  switch (activity.type) {
    case "command":
      return visibleLine(`$ ${activity.command}`);
    case "file_change":
      return visibleLine(
        `Changing ${activity.changes.map((one) => one.path).join(", ")}`,
      );
    case "mcp_call":
      return visibleLine(`Calling ${activity.server}/${activity.tool}`);
    case "web_search":
      return visibleLine(`Searching ${activity.query}`);
    default:
      return "";
  }
}
