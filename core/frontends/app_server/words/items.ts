/** Activities as the items of a thread. Pure. */
import * as z from "zod/mini";
import type { Activity, ActivityOf } from "../../../protocol/event.ts";
import { unreachable } from "../../../util/assert.ts";
import { type Json, parseJson } from "../../../util/json/json.ts";
import { textOfDiff } from "../../wire/changed_text.ts";
import { viewMcpResult } from "../../wire/mcp_result.ts";
import type { UserInput } from "./turn_schema.ts";

/** When it began and ended, in milliseconds of the epoch; null while it has not. */
export interface ItemTimes {
  readonly startedAtMs: number | null;
  readonly completedAtMs: number | null;
}

export type ThreadItem = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly id: string;
};

type Status = Extract<Activity, { status: unknown }>["status"];

const SearchAction = z.catch(
  z.union([
    z.object({
      type: z.literal("search"),
      query: z.optional(z.string()),
      queries: z.optional(z.array(z.string())),
    }),
    z.object({ type: z.literal("open_page"), url: z.optional(z.string()) }),
    z.object({
      type: z.literal("find_in_page"),
      url: z.optional(z.string()),
      pattern: z.optional(z.string()),
    }),
  ]),
  { type: "other" } as never,
);

/** The item of an activity; undefined for what clients are told in another way. */
export function toThreadItem(
  activity: Activity,
  id: string,
  times: ItemTimes,
): ThreadItem | undefined {
  const body = bodyOf(activity, times);
  return body === undefined ? undefined : { ...body, id, ...times };
}

/** A message of the person. */
export function userItem(
  input: { readonly content: readonly UserInput[]; readonly clientId?: string },
  id: string,
  times: ItemTimes,
): ThreadItem {
  return {
    type: "userMessage",
    id,
    clientId: input.clientId ?? null,
    content: input.content.map((part) =>
      part.type === "text" ? { text_elements: [], ...part } : part
    ),
    ...times,
  };
}

function bodyOf(
  activity: Activity,
  times: ItemTimes,
): { readonly type: string; readonly [key: string]: unknown } | undefined {
  switch (activity.type) {
    case "message":
      return {
        type: "agentMessage",
        moderation: null,
        text: activity.text,
        phase: activity.phase ?? null,
        memoryCitation: null,
        delivery: null,
        questions: null,
      };
    case "reasoning":
      return {
        type: "reasoning",
        summary: activity.text === "" ? [] : [activity.text],
        content: [],
      };
    case "command":
      return commandBody(activity, times);
    case "file_change":
      return {
        type: "fileChange",
        changes: activity.changes.map(changeView),
        status: statusOf(activity.status),
      };
    case "mcp_call":
      return mcpBody(activity, times);
    case "web_search":
      return {
        type: "webSearch",
        query: activity.query,
        action: SearchAction.parse(activity.action),
        results: null,
      };
    case "server_item":
      return imageBody(activity);
    case "tool_call":
      return {
        type: "dynamicToolCall",
        namespace: null,
        tool: activity.name,
        arguments: parseJson(activity.arguments) ?? activity.arguments,
        status: withoutDeclined(activity.status),
        contentItems: activity.message === ""
          ? null
          : [{ type: "inputText", text: activity.message }],
        success: activity.status === "in_progress"
          ? null
          : activity.status === "completed",
        durationMs: tookMs(times),
      };
    case "plan":
      return undefined;
    default:
      return unreachable(activity);
  }
}

function commandBody(
  activity: ActivityOf<"command">,
  times: ItemTimes,
): { readonly type: string; readonly [key: string]: unknown } {
  const { command, cwd, output, session, message = "" } = activity;
  // What was not run has no output; people read there why.
  const text = output === "" ? message : output;
  const isOver = activity.status !== "in_progress";
  return {
    type: "commandExecution",
    pluginId: null,
    scriptPath: null,
    command,
    cwd,
    processId: session === undefined ? null : String(session),
    source: session === undefined ? "agent" : "unifiedExecStartup",
    status: statusOf(activity.status),
    commandActions: [{ type: "unknown", command }],
    aggregatedOutput: text === "" && !isOver ? null : text,
    exitCode: activity.exitCode,
    durationMs: activity.durationMs === undefined
      ? tookMs(times)
      : Math.round(activity.durationMs),
  };
}

function mcpBody(
  activity: ActivityOf<"mcp_call">,
  times: ItemTimes,
): { readonly type: string; readonly [key: string]: unknown } {
  const result = viewMcpResult(activity.result);
  return {
    type: "mcpToolCall",
    server: activity.server,
    environmentId: null,
    tool: activity.tool,
    status: withoutDeclined(activity.status),
    arguments: activity.arguments,
    appContext: null,
    mcpAppUi: null,
    pluginId: null,
    readOnlyHint: null,
    result: result === null ? null : {
      content: result.content,
      structuredContent: result.structured,
      _meta: null,
    },
    error: activity.error,
    durationMs: tookMs(times),
  };
}

// A file that is new or gone comes as its text, a changed one as a diff.
function changeView(
  { path, kind, movedTo, diff = "" }: ActivityOf<"file_change">["changes"][
    number
  ],
): Record<string, unknown> {
  return kind === "update"
    ? { path, kind: { type: kind, move_path: movedTo ?? null }, diff }
    : { path, kind: { type: kind }, diff: textOfDiff(diff) };
}

function imageBody(
  { item }: ActivityOf<"server_item">,
): { readonly type: string; readonly [key: string]: unknown } | undefined {
  if (item.type !== "image_generation_call") return undefined;
  const text = (value: Json | undefined): string | null =>
    typeof value === "string" ? value : null;
  return {
    type: "imageGeneration",
    status: text(item["status"]) ?? "",
    revisedPrompt: text(item["revised_prompt"]),
    failure: null,
    generationId: null,
    result: text(item["result"]) ?? "",
  };
}

function statusOf(
  status: Status,
): "inProgress" | "completed" | "failed" | "declined" {
  return status === "in_progress" ? "inProgress" : status;
}

function withoutDeclined(
  status: Status,
): "inProgress" | "completed" | "failed" {
  return status === "declined"
    ? "failed"
    : status === "in_progress"
    ? "inProgress"
    : status;
}

function tookMs({ startedAtMs, completedAtMs }: ItemTimes): number | null {
  return startedAtMs === null || completedAtMs === null
    ? null
    : Math.max(0, completedAtMs - startedAtMs);
}
