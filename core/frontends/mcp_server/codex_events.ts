/** Events in the words of Codex's `codex/event` notifications. No I/O. */
// openai/codex, codex-rs/protocol/src/protocol.rs, `EventMsg`.
import {
  type Activity,
  type ActivityOf,
  addUsage,
  type Event,
  type EventOf,
  NO_USAGE,
  type Usage,
} from "../../protocol/event.ts";
import { usageWords } from "../../protocol/provider.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import {
  changesOf,
  type CodexMessage,
  commandEnd,
  durationOf,
  imageEnd,
  invocationOf,
  outputDelta,
  planUpdate,
  sessionConfigured,
} from "./codex_words.ts";

/** Translates the events of one thread, all of them and in order. */
export class CodexEvents {
  #settings: TurnSettings | undefined;
  #turnId = "";
  #usage = NO_USAGE;
  #isPatchAsked = false;
  /** When each activity began, in ms. */
  readonly #begun = new Map<string, number>();

  /** The messages of an event; none for what Codex has no word for. */
  take(event: Event): readonly CodexMessage[] {
    switch (event.type) {
      case "thread.started":
        this.#settings = event.settings;
        return [sessionConfigured(event)];
      case "settings.changed":
        this.#settings = event.settings;
        return [];
      case "turn.started": {
        this.#turnId = event.turnId;
        const model_context_window = this.#window;
        return [this.#inTurn("task_started", { model_context_window })];
      }
      case "turn.completed":
        this.#usage = event.threadUsage;
        return [this.#turnEnded(event)];
      case "activity.started":
        return this.#begin(event.activity, event.at);
      case "activity.updated":
        return event.activity.type === "plan"
          ? [planUpdate(event.activity)]
          : [];
      case "activity.completed":
        return [
          ...this.#begin(event.activity, event.at),
          ...this.#end(event.activity, event.at),
        ];
      case "text.delta":
        return [{ type: "agent_message_delta", delta: event.text }];
      case "reasoning.delta":
        return [{ type: "agent_reasoning_delta", delta: event.text }];
      case "output.delta":
        return [outputDelta(event)];
      case "approval.requested":
        return this.#asked(event);
      case "input.steered":
        return [{ type: "user_message", message: event.text, images: null }];
      case "stream.retry":
        return [{ type: "stream_error", message: event.reason }];
      case "request.completed":
        return [this.#tokenCount(event.usage)];
      case "context.compacted":
        return [{ type: "context_compacted" }];
      case "warning":
        return [{ type: "warning", message: event.message }];
      case "thread.closed":
        return [{ type: "shutdown_complete" }];
      default:
        return [];
    }
  }

  get #window(): number | null {
    return this.#settings?.model.contextWindow ?? null;
  }

  #inTurn(type: string, fields: Record<string, unknown>): CodexMessage {
    return { type, turn_id: this.#turnId, ...fields };
  }

  // A command that was refused has an end alone: whoever pairs them gets both.
  #begin(activity: Activity, at: string): readonly CodexMessage[] {
    if (this.#begun.has(activity.id)) return [];
    this.#begun.set(activity.id, Date.parse(at));
    const call_id = activity.id;
    switch (activity.type) {
      case "command":
        return [this.#inTurn("exec_command_begin", this.#command(activity))];
      case "file_change":
        return [this.#inTurn("patch_apply_begin", {
          call_id,
          auto_approved: !this.#isPatchAsked,
          changes: changesOf(activity),
        })];
      case "mcp_call":
        return [{
          type: "mcp_tool_call_begin",
          call_id,
          invocation: invocationOf(activity),
        }];
      case "web_search":
        return [{ type: "web_search_begin", call_id }];
      case "plan":
        return [planUpdate(activity)];
      default:
        return [];
    }
  }

  #end(activity: Activity, at: string): readonly CodexMessage[] {
    const beganMs = this.#begun.get(activity.id);
    this.#begun.delete(activity.id);
    const tookMs = beganMs === undefined ? 0 : Date.parse(at) - beganMs;
    const call_id = activity.id;
    switch (activity.type) {
      case "message": {
        const { text, phase = null } = activity;
        return [{ type: "agent_message", message: text, phase }];
      }
      case "reasoning":
        return [{ type: "agent_reasoning", text: activity.text }];
      case "command":
        return [
          this.#inTurn("exec_command_end", {
            ...this.#command(activity),
            ...commandEnd(activity, tookMs),
          }),
        ];
      case "file_change":
        this.#isPatchAsked = false;
        return [this.#inTurn("patch_apply_end", {
          call_id,
          stdout: "",
          stderr: activity.message ?? "",
          success: activity.status === "completed",
          status: activity.status,
          changes: changesOf(activity),
        })];
      case "mcp_call":
        return [{
          type: "mcp_tool_call_end",
          call_id,
          invocation: invocationOf(activity),
          duration: durationOf(tookMs),
          result: activity.error === null
            ? { Ok: activity.result }
            : { Err: activity.error.message },
        }];
      case "web_search": {
        const { query, action } = activity;
        return [{ type: "web_search_end", call_id, query, action }];
      }
      case "server_item":
        return imageEnd(activity);
      default:
        return [];
    }
  }

  // Codex tells the words of the process: the user's shell and the script.
  #command(
    { id, command, cwd }: ActivityOf<"command">,
  ): Record<string, unknown> {
    return {
      call_id: id,
      command: this.#words(command),
      cwd,
      parsed_cmd: [{ type: "unknown", cmd: command }],
      source: "agent",
    };
  }

  #words(script: string): readonly string[] {
    return [this.#settings?.shell ?? "sh", "-lc", script];
  }

  #asked(
    { approvalId, request }: EventOf<"approval.requested">,
  ): readonly CodexMessage[] {
    const asked = { call_id: approvalId, reason: request.reason };
    if (request.kind === "mcp") return [];
    if (request.kind === "patch") {
      this.#isPatchAsked = true;
      const update = { type: "update", unified_diff: request.detail };
      const paths = request.targets?.map(({ path }) => path) ?? [];
      const changes = Object.fromEntries(paths.map((path) => [path, update]));
      const fields = { ...asked, changes, grant_root: null };
      return [this.#inTurn("apply_patch_approval_request", fields)];
    }
    return [this.#inTurn("exec_approval_request", {
      ...asked,
      command: this.#words(request.detail),
      cwd: request.cwd,
      parsed_cmd: [{ type: "unknown", cmd: request.detail }],
    })];
  }

  // The total of a thread that was resumed is known at the end of its first turn.
  #tokenCount(usage: Usage | null): CodexMessage {
    if (usage !== null) this.#usage = addUsage(this.#usage, usage);
    const info = usage === null ? null : {
      total_token_usage: usageWords(this.#usage),
      last_token_usage: usageWords(usage),
      model_context_window: this.#window,
    };
    return { type: "token_count", info, rate_limits: null };
  }

  #turnEnded({ outcome }: EventOf<"turn.completed">): CodexMessage {
    switch (outcome.type) {
      case "done":
        return this.#inTurn("task_complete", {
          last_agent_message: outcome.message === "" ? null : outcome.message,
        });
      case "interrupted":
        return this.#inTurn("turn_aborted", { reason: "interrupted" });
      case "failed":
        return { type: "error", message: outcome.error.message };
    }
  }
}
