/** The elements of the prompt: their wire form, a typed view, and our own constructors. */
import type { Json, JsonObject } from "../util/json/json.ts";

/** One element of the prompt, exactly as it travels. Parsed only to look at. */
export type WireItem = JsonObject & { readonly type: string };

type Role = "user" | "assistant" | "developer" | "system";

/** A part of a message or of a tool output that we send. */
export type InputPart =
  | { readonly type: "input_text"; readonly text: string }
  | {
    readonly type: "input_image";
    readonly image_url: string;
    readonly detail?: "auto" | "low" | "high" | "original";
  };

/** What a call is, whichever of the two wire forms it came in. */
export interface CallView {
  readonly type: "call";
  readonly form: "function" | "custom" | "local_shell";
  readonly callId: string;
  readonly name: string;
  /** JSON text of a function call, free text of a custom call. */
  readonly input: string;
}

/** What a message is in its turn, where the server says so (Responses API, `phase`). */
export type MessagePhase = "commentary" | "final_answer";

/** A look at a wire item; `unknown` is newer than us and travels on untouched. */
export type ItemView =
  | {
    readonly type: "message";
    readonly role: Role;
    readonly text: string;
    readonly phase?: MessagePhase;
  }
  | {
    readonly type: "reasoning";
    readonly summary: readonly string[];
    /** The model's own reasoning, where a server sends it. */
    readonly raw: readonly string[];
  }
  | CallView
  | { readonly type: "output"; readonly callId: string }
  | {
    readonly type: "web_search";
    readonly id: string;
    readonly query: string;
    readonly action: Json;
  }
  | { readonly type: "compaction" }
  | { readonly type: "unknown" };

/** Looks at a wire item without changing or copying it. */
export function viewItem(item: WireItem): ItemView {
  switch (item.type) {
    case "message":
      return {
        type: "message",
        role: text(item["role"]) as Role,
        text: contentText(item["content"]),
        ...phaseOf(item["phase"]),
      };
    case "reasoning":
      return {
        type: "reasoning",
        summary: summaryTexts(item["summary"]),
        raw: summaryTexts(item["content"]),
      };
    case "function_call":
      return callView(item, "function", text(item["arguments"]));
    case "custom_tool_call":
      return callView(item, "custom", text(item["input"]));
    case "local_shell_call":
      return callView(
        item,
        "local_shell",
        JSON.stringify(item["action"] ?? {}),
      );
    case "function_call_output":
    case "custom_tool_call_output":
      return { type: "output", callId: text(item["call_id"]) };
    case "web_search_call":
      return viewWebSearch(item);
    case "compaction":
    case "context_compaction":
      return { type: "compaction" };
    default:
      return { type: "unknown" };
  }
}

/**
 * Which of two messages of a turn answers it: the later one, unless it is a commentary
 * beside an answer. Without a phase a message counts as an answer.
 */
export function answerOf<M extends { readonly phase?: MessagePhase }>(
  earlier: M | undefined,
  later: M,
): M {
  const isAside = later.phase === "commentary";
  return isAside && earlier !== undefined && earlier.phase !== "commentary"
    ? earlier
    : later;
}

/** A message of ours with one text part. */
export function textMessage(role: Role, value: string): WireItem {
  return message(role, [{ type: "input_text", text: value }]);
}

/** A message of ours. */
export function message(role: Role, content: readonly InputPart[]): WireItem {
  return { type: "message", role, content };
}

/** The answer to a call, in the form the call came in. */
export function callOutput(
  call: Pick<CallView, "form" | "callId">,
  output: string | readonly InputPart[],
): WireItem {
  const type = call.form === "custom"
    ? "custom_tool_call_output"
    : "function_call_output";
  return { type, call_id: call.callId, output };
}

/** All text of a message's content, parts joined without separator. */
export function contentText(content: Json | undefined): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => text(part?.text) || text(part?.refusal)).join(
    "",
  );
}

function phaseOf(phase: Json | undefined): { phase?: MessagePhase } {
  return phase === "commentary" || phase === "final_answer" ? { phase } : {};
}

function callView(
  item: WireItem,
  form: CallView["form"],
  input: string,
): CallView {
  return {
    type: "call",
    form,
    callId: text(item["call_id"]) || text(item["id"]),
    name: form === "local_shell" ? "local_shell" : callName(item),
    input,
  };
}

// Newer servers split an MCP tool's name into namespace and bare name.
function callName(item: WireItem): string {
  const namespace = text(item["namespace"]);
  const name = text(item["name"]);
  return namespace === "" ? name : `${namespace}__${name}`;
}

function viewWebSearch(item: WireItem): ItemView {
  const action = item["action"] as JsonObject | undefined;
  const query = text(action?.["query"]) || text(action?.["url"]);
  return {
    type: "web_search",
    id: text(item["id"]),
    query,
    action: action ?? null,
  };
}

function summaryTexts(summary: Json | undefined): string[] {
  if (!Array.isArray(summary)) return [];
  return summary.map((part) => text(part?.text)).filter((part) => part !== "");
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
