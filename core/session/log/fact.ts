/** Facts as lines: the words of the Codex session format, plus what it has no words for. */
import { addUsage, NO_USAGE } from "../../protocol/event.ts";
import { usageWords } from "../../protocol/provider.ts";
import type { LogFact, ThreadMeta } from "../../protocol/log.ts";
import { sandboxWords } from "../../protocol/policy.ts";
import { unreachable } from "../../util/assert.ts";
import type { LineBody } from "./line.ts";
import type { Before } from "./payload.ts";

/** What a fact is written with beside itself. */
interface FactContext {
  readonly threadId: string;
  readonly before: Before;
}

/** The first line of a log. */
export function metaBody(meta: ThreadMeta): LineBody {
  return body("session_meta", {
    id: meta.id,
    session_id: meta.id,
    timestamp: meta.createdAt,
    cwd: meta.cwd,
    originator: meta.program,
    cli_version: meta.version,
    // The format's word for a user at a terminal.
    source: meta.source === "repl" ? "cli" : meta.source,
    thread_source: "user",
    model_provider: meta.provider,
    base_instructions: { text: meta.instructions },
    ...(meta.forkedFrom !== undefined && { forked_from_id: meta.forkedFrom }),
  });
}

/** The lines of a fact: one, or two that are written together. */
export function factBodies(
  fact: LogFact,
  context: FactContext,
): readonly LineBody[] {
  switch (fact.type) {
    case "item":
      return [{ type: "response_item", payload: fact.json }];
    case "turn_started":
      // `settings` holds all that we know; the members beside it are for other readers.
      return [
        event("task_started", {
          turn_id: fact.turnId,
          model_context_window: fact.settings.model.contextWindow,
        }),
        body("turn_context", {
          turn_id: fact.turnId,
          cwd: fact.settings.cwd,
          approval_policy: fact.settings.approval,
          sandbox_policy: sandboxWords(fact.settings.sandbox),
          model: fact.settings.model.slug,
          ...(fact.settings.reasoningEffort !== undefined &&
            { effort: fact.settings.reasoningEffort }),
          summary: fact.settings.reasoningSummary ?? "auto",
          ...(fact.provider !== undefined && { provider: fact.provider }),
          settings: fact.settings,
        }),
      ];
    case "provider_switched":
      return [
        event("provider_switched", {
          turn_id: fact.turnId,
          model: fact.settings.model.slug,
          provider: fact.provider,
          settings: fact.settings,
        }),
      ];
    case "call_started":
      return [event("call_started", { call_id: fact.callId, name: fact.name })];
    case "request":
      return [requestBody(fact, context)];
    case "turn_ended":
      return [turnEnded(fact)];
    case "compacted":
      return [compactedBody(fact, context)];
    case "rolled_back":
      return [event("thread_rolled_back", { num_turns: fact.turns })];
    case "mode_changed":
      return [event("mode_changed", { mode: fact.mode ?? "default" })];
    case "named":
      return [
        event("thread_name_updated", {
          thread_id: context.threadId,
          thread_name: fact.name,
        }),
      ];
    default:
      return unreachable(fact);
  }
}

function requestBody(
  fact: Extract<LogFact, { type: "request" }>,
  context: FactContext,
): LineBody {
  const { settings, usage } = context.before.carried;
  const total = addUsage(usage, fact.usage ?? NO_USAGE);
  return event("token_count", {
    info: fact.usage === null ? null : {
      total_token_usage: usageWords(total),
      last_token_usage: usageWords(fact.usage),
      model_context_window: settings?.model.contextWindow ?? null,
    },
    rate_limits: null,
    request: {
      body_hash: fact.bodyHash,
      input_items: fact.inputItems,
      ...(fact.cause !== undefined && { cause: fact.cause }),
    },
  });
}

function turnEnded(fact: Extract<LogFact, { type: "turn_ended" }>): LineBody {
  const { outcome, turnId } = fact;
  const usage = usageWords(fact.usage);
  switch (outcome.type) {
    case "done":
      return event("task_complete", {
        turn_id: turnId,
        last_agent_message: outcome.message,
        usage,
      });
    case "interrupted":
      return event("turn_aborted", {
        turn_id: turnId,
        reason: "interrupted",
        usage,
      });
    case "failed":
      return event("task_complete", {
        turn_id: turnId,
        last_agent_message: null,
        error: outcome.error,
        usage,
      });
    default:
      return unreachable(outcome);
  }
}

function compactedBody(
  fact: Extract<LogFact, { type: "compacted" }>,
  { before }: FactContext,
): LineBody {
  const message = JSON.stringify(fact.summary);
  const handover = JSON.stringify(fact.handover) ?? "null";
  return {
    type: "compacted",
    payload: `{"message":${message},"replacement_history":[` +
      `${fact.replacement.join(",")}],"handover":${handover},` +
      `"before":${JSON.stringify(before)}}`,
  };
}

function event(type: string, fields: Record<string, unknown>): LineBody {
  return body("event_msg", { type, ...fields });
}

function body(
  type: LineBody["type"],
  payload: Record<string, unknown>,
): LineBody {
  return { type, payload: JSON.stringify(payload) };
}
