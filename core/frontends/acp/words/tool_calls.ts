/** Activities as the tool calls of ACP. Pure. */
import type {
  ContentBlock,
  ToolCallContent,
  ToolCallLocation,
  ToolKind,
} from "@agentclientprotocol/sdk";
import type {
  Activity,
  ActivityOf,
  FileChange,
} from "../../../protocol/event.ts";
import { asObject, type Json, parseJson } from "../../../util/json/json.ts";
import { cutLine } from "../../../util/text/visible_text.ts";
import { placesOfDiff, textOfDiff } from "../../wire/changed_text.ts";
import { viewMcpResult } from "../../wire/mcp_result.ts";

/** What an activity is as a call; all members of both its beginning and its end. */
export interface CallView {
  readonly title: string;
  readonly kind: ToolKind;
  readonly status: "in_progress" | "completed" | "failed";
  readonly content: ToolCallContent[];
  readonly locations: ToolCallLocation[];
  readonly rawInput?: Record<string, unknown>;
  readonly rawOutput?: unknown;
}

/** Undefined for what clients are told in another way. */
export function viewCall(activity: Activity): CallView | undefined {
  switch (activity.type) {
    case "command":
      return viewCommand(activity);
    case "file_change":
      return viewChange(activity);
    case "mcp_call":
      return viewMcpCall(activity);
    case "web_search":
      return viewSearch(activity);
    case "tool_call":
      return viewOther(activity);
    case "server_item":
      return viewServerItem(activity);
    default:
      return undefined;
  }
}

/** Text as it is, in a block that nothing in it can end. */
export function fenced(text: string): string {
  const longest = Math.max(
    2,
    ...[...text.matchAll(/`+/g)].map(([run]) => run.length),
  );
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text.replace(/\n$/, "")}\n${fence}`;
}

export function textContent(text: string): ToolCallContent {
  return { type: "content", content: { type: "text", text } };
}

function viewCommand(activity: ActivityOf<"command">): CallView {
  const { command, cwd, output, exitCode, message } = activity;
  return {
    title: cutLine(command),
    kind: "execute",
    status: statusOf(activity.status),
    content: [
      ...(output === "" ? [] : [textContent(fenced(output))]),
      ...(message === undefined ? [] : [textContent(message)]),
    ],
    locations: [],
    rawInput: { command, cwd },
    ...(exitCode !== null && { rawOutput: { exitCode, output } }),
  };
}

function viewChange(activity: ActivityOf<"file_change">): CallView {
  const { changes, message } = activity;
  const verb = new Set(changes.map(kindOf));
  const [only = "edit"] = verb;
  const names = changes.map(({ path, movedTo }) => movedTo ?? path);
  return {
    title: names.length === 0 ? "Edit" : cutLine(`Edit ${names.join(", ")}`),
    kind: verb.size === 1 ? only : "edit",
    status: statusOf(activity.status),
    content: [
      ...changes.flatMap(diffContent),
      ...(message === undefined ? [] : [textContent(message)]),
    ],
    locations: changes.flatMap(locationsOf),
  };
}

function kindOf({ kind, movedTo }: FileChange): "edit" | "delete" | "move" {
  if (kind === "delete") return "delete";
  return movedTo === undefined ? "edit" : "move";
}

// The places that change: whole files are not in an activity, and large ones would flood.
function diffContent(
  { path, kind, movedTo, diff = "" }: FileChange,
): ToolCallContent[] {
  const at = movedTo ?? path;
  const [cut] = CUT.exec(diff) ?? [];
  const more = cut === undefined ? [] : [textContent(cut)];
  if (kind === "add" && diff.startsWith("--- /dev/null\n")) {
    return [{ type: "diff", path: at, newText: textOfDiff(diff) }, ...more];
  }
  const places = placesOfDiff(diff).map(({ before, after }) => ({
    type: "diff" as const,
    path: at,
    oldText: before,
    newText: after,
  }));
  return places.length > 0 || movedTo === undefined
    ? [...places, ...more]
    : [textContent(`Moved from ${path}`)];
}

/** How a long diff says what is not in it. */
const CUT = /^\[… \d+ more lines of this diff\]$/m;

function locationsOf(
  { path, movedTo, diff = "" }: FileChange,
): ToolCallLocation[] {
  const at = movedTo ?? path;
  const places = placesOfDiff(diff);
  return places.length === 0
    ? [{ path: at }]
    : places.map(({ line }) => ({ path: at, line }));
}

function viewMcpCall(activity: ActivityOf<"mcp_call">): CallView {
  const { server, tool, arguments: args, result, error } = activity;
  return {
    title: `${server}: ${tool}`,
    kind: "other",
    status: statusOf(activity.status),
    content: [
      ...(viewMcpResult(result)?.content ?? []).flatMap(blockOf),
      ...(error === null ? [] : [textContent(error.message)]),
    ],
    locations: [],
    rawInput: { server, tool, arguments: args },
    ...(result !== null && { rawOutput: result }),
  };
}

// Only what a client can show for sure; the rest is in `rawOutput`.
function blockOf(value: Json): ToolCallContent[] {
  const block = asObject(value) ?? {};
  const { type, text, data, mimeType } = block;
  if (type === "text" && typeof text === "string") return [textContent(text)];
  const isImage = type === "image" && typeof data === "string" &&
    typeof mimeType === "string";
  return isImage ? [imageContent({ type: "image", data, mimeType })] : [];
}

function imageContent(content: ContentBlock): ToolCallContent {
  return { type: "content", content };
}

function viewSearch(
  { query, action }: ActivityOf<"web_search">,
): CallView {
  const url = asObject(action)?.["url"];
  const what = query === "" && typeof url === "string" ? url : query;
  return {
    title: cutLine(`Search the web: ${what}`),
    kind: "fetch",
    status: "completed",
    content: [],
    locations: [],
    rawInput: { query, action },
  };
}

const KINDS: Readonly<Record<string, ToolKind>> = {
  read_file: "read",
  view_image: "read",
};

function viewOther(activity: ActivityOf<"tool_call">): CallView {
  const { name, message } = activity;
  const args = asObject(parseJson(activity.arguments));
  const path = args?.["path"];
  const isPath = typeof path === "string";
  return {
    title: cutLine(isPath ? `${name} ${path}` : name),
    kind: KINDS[name] ?? "other",
    status: statusOf(activity.status),
    content: message === "" ? [] : [textContent(message)],
    locations: isPath && path.startsWith("/") ? [{ path }] : [],
    rawInput: args ?? { input: activity.arguments },
  };
}

function viewServerItem({ item }: ActivityOf<"server_item">): CallView {
  const { type, result } = item;
  const isImage = type === "image_generation_call" &&
    typeof result === "string";
  return {
    title: String(type),
    kind: "other",
    status: "completed",
    content: isImage
      ? [imageContent({ type: "image", data: result, mimeType: "image/png" })]
      : [],
    locations: [],
  };
}

function statusOf(
  status: "in_progress" | "completed" | "failed" | "declined",
): CallView["status"] {
  return status === "declined" ? "failed" : status;
}
