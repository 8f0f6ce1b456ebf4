/** The items of a session as the activities they were when they happened. Pure. */
import { typedText, withoutImages } from "../../context/format/tags.ts";
import type { Activity } from "../../protocol/event.ts";
import {
  type CallView,
  contentText,
  viewItem,
  type WireItem,
} from "../../protocol/item.ts";
import { quoteWords } from "../../policy/shell/quote.ts";
import { resolvePath } from "../../util/path.ts";
import { type JsonObject, parseJsonObject } from "../../util/json/json.ts";

/** One thing that happened: a message of the person, or an activity. */
type PastEntry =
  | { readonly type: "user"; readonly at: string; readonly text: string }
  | {
    readonly type: "activity";
    readonly at: string;
    readonly activity: Activity;
  };

interface DatedItem {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly item: WireItem;
}

/**
 * What people saw of these items, in order. Ids are `log_N`; what a call did to files, and
 * how it was confined, is not in the items: a patch shows the files that it names.
 */
export function pastEntries(
  items: readonly DatedItem[],
  cwd: string,
): readonly PastEntry[] {
  const outputs = new Map<string, WireItem>();
  for (const { item } of items) {
    const view = viewItem(item);
    if (view.type === "output") outputs.set(view.callId, item);
  }
  return items.flatMap(({ at, item }, index): PastEntry[] => {
    const text = typedText(item) === undefined
      ? undefined
      : withoutImages(item);
    if (text !== undefined) return [{ type: "user", at, text }];
    const activity = activityOf(item, {
      id: `log_${index}`,
      cwd,
      outputOf: (callId) => outputs.get(callId),
    });
    return activity === undefined ? [] : [{ type: "activity", at, activity }];
  });
}

interface Past {
  readonly id: string;
  readonly cwd: string;
  readonly outputOf: (callId: string) => WireItem | undefined;
}

function activityOf(item: WireItem, past: Past): Activity | undefined {
  const { id } = past;
  const view = viewItem(item);
  switch (view.type) {
    case "message": {
      if (view.role !== "assistant") return undefined;
      const { text, phase } = view;
      return { id, type: "message", text, ...(phase && { phase }) };
    }
    case "reasoning": {
      const text = view.summary.join("\n\n");
      return text === "" ? undefined : { id, type: "reasoning", text };
    }
    case "call":
      return callActivity(view, past);
    case "web_search": {
      const { query, action } = view;
      return { id, type: "web_search", query, action, searchId: view.id };
    }
    case "unknown":
      return item.type === "image_generation_call"
        ? { id, type: "server_item", item }
        : undefined;
    default:
      return undefined;
  }
}

function callActivity(
  call: CallView,
  { id, cwd, outputOf }: Past,
): Activity | undefined {
  const item = outputOf(call.callId);
  const output = contentText(item?.["output"]);
  const exit = /^Exit code: (\d+)/m.exec(output)?.[1];
  const exitCode = exit === undefined ? null : Number(exit);
  const status = exitCode === 0 ? "completed" : "failed";
  const args = parseJsonObject(call.input) ?? {};
  if (call.name === "apply_patch") {
    const patch = typeof args["input"] === "string"
      ? args["input"]
      : call.input;
    const changes = patchedFiles(patch, cwd);
    return { id, type: "file_change", changes, status };
  }
  const command = commandOf(args);
  if (command !== undefined) {
    const folder = args["workdir"];
    return {
      id,
      type: "command",
      command,
      cwd: resolvePath(cwd, typeof folder === "string" ? folder : "."),
      output,
      exitCode,
      status,
    };
  }
  const [mcp, server, ...tool] = call.name.split("__");
  if (mcp === "mcp" && server !== undefined && tool.length > 0) {
    const isThere = item !== undefined;
    return {
      id,
      type: "mcp_call",
      server,
      tool: tool.join("__"),
      arguments: args,
      result: isThere ? output : null,
      error: null,
      status: isThere ? "completed" : "failed",
    };
  }
  return undefined;
}

function commandOf(args: JsonObject): string | undefined {
  const command = args["command"] ?? args["cmd"];
  if (typeof command === "string") return command;
  return Array.isArray(command) ? quoteWords(command.map(String)) : undefined;
}

const PATCH_LINE = /^\*\*\* (Add|Update|Delete) File: (.+)$/gm;

function patchedFiles(
  patch: string,
  cwd: string,
): Extract<Activity, { type: "file_change" }>["changes"] {
  return [...patch.matchAll(PATCH_LINE)].map(([, verb = "", path = ""]) => ({
    path: resolvePath(cwd, path.trim()),
    kind: verb.toLowerCase() as "add" | "update" | "delete",
  }));
}
