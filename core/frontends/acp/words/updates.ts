/** Events of one thread as updates of its session, all of them and in order. No I/O. */
import type {
  ClientCapabilities,
  SessionUpdate,
} from "@agentclientprotocol/sdk";
import type { Activity, ActivityOf, Event } from "../../../protocol/event.ts";
import { parseReview, renderReview } from "../../render/review.ts";
import { OpenActivities } from "../../wire/questions.ts";
import { type CallView, fenced, viewCall } from "./tool_calls.ts";

interface UpdateOptions {
  readonly can: ClientCapabilities;
  /** The output of commands goes to terminals that the client shows. */
  readonly hasTerminals: boolean;
  /** Tells its items from those of other times when the thread was open. */
  readonly run: string;
}

type Spoken = ActivityOf<"message" | "reasoning">;

const REVIEW_COLUMNS = 100;

export class SessionUpdates {
  readonly activities = new OpenActivities();
  readonly #options: UpdateOptions;
  /** Messages and thoughts of which something was shown. */
  readonly #shown = new Set<string>();
  /** The turn is a review: its message is a list for programs, shown when it is whole. */
  #isReview = false;
  #cwd = "";
  #window: number | null = null;
  #compactions = 0;

  constructor(options: UpdateOptions) {
    this.#options = options;
  }

  /** The id by which the client knows an activity. */
  callId(activityId: string): string {
    return `${activityId}_${this.#options.run}`;
  }

  take(event: Event): readonly SessionUpdate[] {
    const updates = this.#toUpdates(event);
    this.activities.take(event);
    return updates;
  }

  #toUpdates(event: Event): readonly SessionUpdate[] {
    switch (event.type) {
      case "thread.started":
      case "settings.changed":
        this.#window = event.settings.model.contextWindow;
        this.#cwd = event.settings.cwd;
        return [];
      case "turn.started":
        this.#isReview = event.mode === "review";
        return [];
      case "activity.started":
        return this.#start(event.activity);
      case "activity.updated":
        return event.activity.type === "plan"
          ? [planUpdate(event.activity)]
          : [];
      case "activity.completed":
        return this.#complete(event.activity);
      case "activity.withdrawn":
        this.#shown.delete(event.activityId);
        return [];
      case "text.delta":
        return this.#isReview ? [] : [this.#delta("message", event)];
      case "reasoning.delta":
        return [this.#delta("reasoning", event)];
      case "output.delta":
        return this.#output(event.activityId, event.text);
      case "request.completed":
        return event.usage === null || this.#window === null ? [] : [{
          sessionUpdate: "usage_update",
          used: event.usage.inputTokens + event.usage.outputTokens,
          size: this.#window,
        }];
      case "warning":
        return this.note(event.message);
      case "provider.switched":
        return this.note(
          `${event.reason}; ${event.to.provider} answers from now on`,
        );
      case "context.compacted":
        return this.#compacted();
      default:
        return [];
    }
  }

  /** Something for the person beside the conversation: a thought, where there is no better place. */
  note(message: string): readonly SessionUpdate[] {
    return this.#options.can.session?.notices
      ? [{ sessionUpdate: "notice", severity: "warning", title: message }]
      : [thought(`${message}\n`)];
  }

  #start(activity: Activity): readonly SessionUpdate[] {
    if (activity.type === "plan") return [planUpdate(activity)];
    const view = viewCall(activity);
    if (view === undefined) return [];
    const toolCallId = this.callId(activity.id);
    const call = { sessionUpdate: "tool_call", toolCallId, ...view } as const;
    return [
      this.#isInTerminal(activity)
        ? {
          ...call,
          content: [{ type: "terminal", terminalId: toolCallId }],
          _meta: {
            terminal_info: { terminal_id: toolCallId, cwd: activity.cwd },
          },
        }
        : call,
    ];
  }

  // What is over the moment it is seen has a beginning all the same.
  #complete(activity: Activity): readonly SessionUpdate[] {
    const { id } = activity;
    if (activity.type === "plan") return [planUpdate(activity)];
    if (activity.type === "message" || activity.type === "reasoning") {
      return this.#shown.delete(id) || activity.text === ""
        ? []
        : [chunk(this.#readable(activity), this.callId(id))];
    }
    const before = this.activities.typeOf(id) === undefined
      ? this.#start(activity)
      : [];
    const view = viewCall(activity);
    return view === undefined ? before : [...before, this.#end(activity, view)];
  }

  #end(activity: Activity, view: CallView): SessionUpdate {
    const toolCallId = this.callId(activity.id);
    const update = {
      sessionUpdate: "tool_call_update" as const,
      toolCallId,
      ...view,
    };
    if (!this.#isInTerminal(activity)) return update;
    const { exitCode, message } = activity;
    return {
      ...update,
      content: [
        { type: "terminal", terminalId: toolCallId },
        ...(message === undefined ? [] : view.content.slice(-1)),
      ],
      _meta: {
        terminal_exit: {
          terminal_id: toolCallId,
          exit_code: exitCode,
          signal: null,
        },
      },
    };
  }

  #readable(activity: Spoken): Spoken {
    const answer = this.#isReview && activity.type === "message"
      ? parseReview(activity.text)
      : undefined;
    if (answer === undefined) return activity;
    const options = { hasColor: false, width: REVIEW_COLUMNS, cwd: this.#cwd };
    const text = fenced(renderReview(answer, options).join("\n"));
    return { ...activity, text };
  }

  #isInTerminal(activity: Activity): activity is ActivityOf<"command"> {
    return activity.type === "command" && this.#options.hasTerminals;
  }

  #delta(
    type: Spoken["type"],
    { activityId, text }: {
      readonly activityId: string;
      readonly text: string;
    },
  ): SessionUpdate {
    this.#shown.add(activityId);
    return chunk({ type, text }, this.callId(activityId));
  }

  #output(activityId: string, data: string): readonly SessionUpdate[] {
    if (!this.#options.hasTerminals) return [];
    const toolCallId = this.callId(activityId);
    return [{
      sessionUpdate: "tool_call_update",
      toolCallId,
      _meta: { terminal_output: { terminal_id: toolCallId, data } },
    }];
  }

  #compacted(): readonly SessionUpdate[] {
    if (!this.#options.can.session?.compaction) return [];
    const compactionId = `compaction_${this
      .#compactions++}_${this.#options.run}`;
    return [{
      sessionUpdate: "compaction_update",
      compactionId,
      status: "completed",
    }];
  }
}

/** A message or a thought as a whole. */
export function chunk(
  { type, text }: Pick<Spoken, "type" | "text">,
  messageId: string,
): SessionUpdate {
  return {
    sessionUpdate: type === "message"
      ? "agent_message_chunk"
      : "agent_thought_chunk",
    messageId,
    content: { type: "text", text },
  };
}

export function planUpdate({ steps }: ActivityOf<"plan">): SessionUpdate {
  return {
    sessionUpdate: "plan",
    entries: steps.map(({ text, status }) => ({
      content: text,
      status,
      priority: "medium",
    })),
  };
}

function thought(text: string): SessionUpdate {
  return {
    sessionUpdate: "agent_thought_chunk",
    content: { type: "text", text },
  };
}
