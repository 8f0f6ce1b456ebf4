/** What a hook reads on its stdin, and which hooks an event is for. Pure. */
import { quoteWords } from "../../policy/shell/quote.ts";
import type { HookEvent, HookPlace } from "../../protocol/hooks.ts";
import type { CallView } from "../../protocol/item.ts";
import type { TurnSettings } from "../../protocol/settings.ts";
import { unreachable } from "../../util/assert.ts";
import {
  type Json,
  type JsonObject,
  parseJsonObject,
} from "../../util/json/json.ts";

/** The JSON object for an event. */
export function buildHookInput(
  event: HookEvent,
  { threadId, turnId, logPath, settings }: HookPlace,
): JsonObject {
  return {
    session_id: threadId,
    ...(turnId === undefined ? {} : { turn_id: turnId }),
    transcript_path: logPath === "" ? null : logPath,
    cwd: settings.cwd,
    hook_event_name: event.name,
    model: settings.model.slug,
    permission_mode: permissionMode(settings),
    ...eventFields(event),
  };
}

/**
 * Whether a matcher means the event: names joined by `|`, or a regular expression; absent,
 * empty and `*` mean all. Events without anything to match are always meant.
 */
export function matchesEvent(
  matcher: string | undefined,
  event: HookEvent,
): boolean {
  const names = matchedNames(event);
  const pattern = matcher ?? "";
  if (pattern === "" || pattern === "*" || names.length === 0) return true;
  if (/^[\w|]+$/.test(pattern)) {
    return pattern.split("|").some((one) => names.includes(one));
  }
  const expression = parseExpression(pattern);
  return names.some((name) => expression?.test(name) ?? name === pattern);
}

function parseExpression(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}

// Hooks that were written for other tools that edit files know them by these names.
function matchedNames(event: HookEvent): readonly string[] {
  switch (event.name) {
    case "PreToolUse":
    case "PermissionRequest":
    case "PostToolUse": {
      const name = toolName(event.call);
      return name === "apply_patch" ? [name, "Edit", "Write"] : [name];
    }
    case "SessionStart":
      return [event.source];
    case "SessionEnd":
      return [event.reason];
    case "PreCompact":
    case "PostCompact":
      return [event.trigger];
    case "UserPromptSubmit":
    case "Stop":
      return [];
    default:
      return unreachable(event);
  }
}

function eventFields(event: HookEvent): JsonObject {
  switch (event.name) {
    case "SessionStart":
      return { source: event.source };
    case "UserPromptSubmit":
      return { prompt: event.prompt };
    case "PreToolUse":
      return toolFields(event.call);
    case "PermissionRequest": {
      const { title, reason, cwd } = event.request;
      return {
        ...toolFields(event.call),
        permission: { title, reason, cwd, kind: event.request.kind },
      };
    }
    case "PostToolUse":
      return { ...toolFields(event.call), tool_response: event.response };
    case "PreCompact":
      return { trigger: event.trigger, custom_instructions: "" };
    case "PostCompact":
      return { trigger: event.trigger, compact_summary: event.summary };
    case "Stop":
      return {
        stop_hook_active: event.isActive,
        last_assistant_message: event.lastMessage,
      };
    case "SessionEnd":
      return { reason: event.reason };
    default:
      return unreachable(event);
  }
}

function toolFields(call: CallView): JsonObject {
  return {
    tool_name: toolName(call),
    tool_input: toolInput(call),
    tool_use_id: call.callId,
  };
}

const RUNS: ReadonlySet<string> = new Set([
  "shell",
  "local_shell",
  "exec_command",
]);

// What is typed into a program that runs may be a command line as well.
function toolName({ name, input }: CallView): string {
  const isTyped = name === "write_stdin" &&
    (textOf(parseJsonObject(input)?.["chars"]) ?? "") !== "";
  return RUNS.has(name) || isTyped ? "Bash" : name;
}

// The command as it would be typed, the patch as it is; other arguments as they came.
function toolInput(call: CallView): Json {
  const given = parseJsonObject(call.input);
  if (call.name === "apply_patch") {
    return { command: textOf(given?.["input"]) ?? call.input };
  }
  if (given === undefined) return { input: call.input };
  if (toolName(call) !== "Bash") return given;
  const { cmd, chars } = given;
  return { ...given, command: commandText(given["command"] ?? cmd ?? chars) };
}

function commandText(command: Json | undefined): string {
  if (!Array.isArray(command)) return textOf(command) ?? "";
  const words = command.map(String);
  const [shell = "", flag = "", script, ...rest] = words;
  const isScript = /(^|\/)(ba|da|z|k)?sh$/.test(shell) &&
    /^-l?c$/.test(flag) && rest.length === 0;
  return isScript && script !== undefined ? script : quoteWords(words);
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function permissionMode({ approval, mode, sandbox }: TurnSettings): string {
  if (mode === "plan") return mode;
  if (approval !== "never") return "default";
  return sandbox.mode === "danger-full-access"
    ? "bypassPermissions"
    : "dontAsk";
}
