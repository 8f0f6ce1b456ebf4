/** The parts of Codex's messages: what has one shape there and another here. Pure. */
import type { ActivityOf, EventOf } from "../../protocol/event.ts";
import { sandboxWords } from "../../protocol/policy.ts";
import type { Json } from "../../util/json/json.ts";
import { textOfDiff } from "../wire/changed_text.ts";

/** The `msg` of a `codex/event` notification. */
export interface CodexMessage {
  readonly type: string;
  readonly [key: string]: unknown;
}

export function sessionConfigured(
  { threadId, settings, provider }: EventOf<"thread.started">,
): CodexMessage {
  return {
    type: "session_configured",
    session_id: threadId,
    model: settings.model.slug,
    model_provider_id: provider,
    approval_policy: settings.approval,
    sandbox_policy: sandboxWords(settings.sandbox),
    cwd: settings.cwd,
    reasoning_effort: settings.reasoningEffort ?? null,
    // Codex's shared history of prompts, which a client may page through; ours is not.
    history_log_id: 0,
    history_entry_count: 0,
    initial_messages: null,
    rollout_path: null,
  };
}

export function commandEnd(
  activity: ActivityOf<"command">,
  tookMs: number,
): Record<string, unknown> {
  const { output } = activity;
  return {
    stdout: output,
    stderr: "",
    aggregated_output: output,
    exit_code: activity.exitCode ?? -1,
    duration: durationOf(activity.durationMs ?? tookMs),
    formatted_output: activity.message ?? output,
    status: activity.status,
  };
}

/** A piece of output: base64, for Codex sends bytes. */
export function outputDelta(
  { activityId, text }: { readonly activityId: string; readonly text: string },
): CodexMessage {
  return {
    type: "exec_command_output_delta",
    call_id: activityId,
    stream: "stdout",
    chunk: new TextEncoder().encode(text).toBase64(),
  };
}

export function changesOf(
  { changes }: ActivityOf<"file_change">,
): Record<string, unknown> {
  return Object.fromEntries(
    changes.map(({ path, kind, movedTo, diff = "" }) => {
      const update = { unified_diff: diff, move_path: movedTo ?? null };
      return [
        path,
        kind === "update" ? { type: kind, ...update } : {
          type: kind,
          content: textOfDiff(diff),
        },
      ];
    }),
  );
}

export function invocationOf(
  { server, tool, arguments: args }: ActivityOf<"mcp_call">,
): { server: string; tool: string; arguments: Json } {
  return { server, tool, arguments: args };
}

export function planUpdate({ steps }: ActivityOf<"plan">): CodexMessage {
  return {
    type: "plan_update",
    explanation: null,
    plan: steps.map(({ text, status }) => ({ step: text, status })),
  };
}

/** A picture the server has made; nothing of any other item. */
export function imageEnd(
  { id, item }: ActivityOf<"server_item">,
): readonly CodexMessage[] {
  if (item.type !== "image_generation_call") return [];
  const { status = "", revised_prompt = null, result = "" } = item;
  return [{
    type: "image_generation_end",
    call_id: id,
    status,
    revised_prompt,
    result,
  }];
}

/** As Rust's Duration is written. */
export function durationOf(ms: number): { secs: number; nanos: number } {
  const secs = Math.floor(ms / 1_000);
  return { secs, nanos: Math.round((ms - secs * 1_000) * 1e6) };
}
