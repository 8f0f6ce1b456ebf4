/** Activities as the items of exec events. Pure. */
import type { Activity, ActivityOf } from "../../protocol/event.ts";
import type { ExecItem } from "../../contract/item.ts";
import { unreachable } from "../../util/assert.ts";
import type { Json } from "../../util/json/json.ts";
import { viewMcpResult } from "../wire/mcp_result.ts";

/** The item of an activity, with empty texts and nulls written out. */
export function toItem(activity: Activity): ExecItem {
  switch (activity.type) {
    case "message":
      return {
        id: activity.id,
        type: "agent_message",
        text: activity.text,
        ...(activity.phase !== undefined && { phase: activity.phase }),
      };
    case "reasoning":
      return { id: activity.id, type: "reasoning", text: activity.text };
    case "command":
      return {
        id: activity.id,
        type: "command_execution",
        command: activity.command,
        aggregated_output: activity.output,
        exit_code: activity.exitCode,
        status: activity.status,
        cwd: activity.cwd,
        ...(activity.durationMs !== undefined &&
          { duration_ms: Math.round(activity.durationMs) }),
        ...(activity.sandbox !== undefined && { sandbox: activity.sandbox }),
        ...(activity.session !== undefined && { session_id: activity.session }),
        ...(activity.message !== undefined && { message: activity.message }),
      };
    case "file_change":
      return {
        id: activity.id,
        type: "file_change",
        changes: activity.changes.map(({ path, kind, movedTo, diff }) => ({
          path,
          kind,
          ...(movedTo !== undefined && { moved_to: movedTo }),
          ...(diff !== undefined && { diff }),
        })),
        status: endedStatus(activity.status),
        ...(activity.message !== undefined && { message: activity.message }),
      };
    case "mcp_call":
      return {
        id: activity.id,
        type: "mcp_tool_call",
        server: activity.server,
        tool: activity.tool,
        arguments: activity.arguments,
        result: toMcpResult(activity.result),
        error: activity.error,
        status: endedStatus(activity.status),
      };
    case "web_search":
      return {
        id: activity.id,
        type: "web_search",
        query: activity.query,
        action: activity.action,
        ...(activity.searchId !== undefined &&
          { search_id: activity.searchId }),
      };
    case "server_item":
      return toServerItem(activity);
    case "plan":
      return {
        id: activity.id,
        type: "todo_list",
        items: activity.steps.map(({ text, status }) => ({
          text,
          completed: status === "completed",
          status,
        })),
      };
    case "tool_call":
      return { ...activity };
    default:
      return unreachable(activity);
  }
}

/** What was not allowed, in one line; undefined when the activity was allowed. */
export function deniedText(activity: Activity): string | undefined {
  if (!("status" in activity) || activity.status !== "declined") {
    return undefined;
  }
  switch (activity.type) {
    case "command":
      return activity.command;
    case "file_change":
      return `Edit ${activity.changes.map(({ path }) => path).join(", ")}`;
    case "mcp_call":
      return `${activity.server}/${activity.tool}`;
    case "tool_call":
      return activity.name;
    default:
      return unreachable(activity);
  }
}

// The one kind that has a shape of its own: what programs look for in it is the picture.
function toServerItem({ id, item }: ActivityOf<"server_item">): ExecItem {
  if (item.type !== "image_generation_call") {
    return { id, type: "server_item", name: item.type, data: item };
  }
  const text = (key: string): string | null => {
    const value = item[key];
    return typeof value === "string" ? value : null;
  };
  return {
    id,
    type: "image_generation",
    status: text("status"),
    revised_prompt: text("revised_prompt"),
    result: text("result"),
  };
}

function toMcpResult(
  result: Json,
): { content: Json[]; structured_content: Json } | null {
  const view = viewMcpResult(result);
  if (view === null) return null;
  return { content: [...view.content], structured_content: view.structured };
}

// In the schema commands alone are `declined`; the message says why.
function endedStatus(
  status: Extract<Activity, { status: unknown }>["status"],
): "in_progress" | "completed" | "failed" {
  return status === "declined" ? "failed" : status;
}
