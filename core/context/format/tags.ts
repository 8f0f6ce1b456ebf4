/** Which user-role texts the program wrote and the user did not: they are never a request. */
import {
  contentText,
  message,
  textMessage,
  viewItem,
  type WireItem,
} from "../../protocol/item.ts";
import { asObject } from "../../util/json/json.ts";
import { SUMMARY_PREFIX } from "../../../prompts/mod.ts";

/** First words of the message that carries AGENTS.md files; a folder follows. */
export const DOC_HEADER = "# AGENTS.md instructions for ";

// Known by its bracketed first words, so that the rest may be reworded.
const SUMMARY_MARK = SUMMARY_PREFIX.slice(0, SUMMARY_PREFIX.indexOf("]") + 1);

const CONTEXT_TAGS = [
  "environment_context",
  "skills_instructions",
  "skill",
  "user_shell_command",
  "turn_aborted",
  "handover",
  "hook_context",
  "command_ended",
  "check_failed",
  "subagent_notification",
  // Written by older programs that shared this session format.
  "user_instructions",
] as const;

/** A tag of ours that opens and closes a text. */
export type ContextTag =
  | typeof CONTEXT_TAGS[number]
  | "permissions instructions"
  | "approved_prefixes"
  | "model_switch"
  | "limit_notice"
  | "loop_notice";

/** The text between a tag pair, each tag on its own line. */
export function wrapTag(tag: ContextTag, body: string): string {
  return `<${tag}>\n${body}\n</${tag}>`;
}

/** What lies between the tag pair, or undefined when the text is something else. */
export function unwrapTag(tag: ContextTag, text: string): string | undefined {
  const trimmed = text.trim();
  const lower = trimmed.toLowerCase();
  if (!lower.startsWith(`<${tag}>`) || !lower.endsWith(`</${tag}>`)) {
    return undefined;
  }
  return trimmed.slice(tag.length + 2, -(tag.length + 3)).trim();
}

/** Whether a user-role text was put there by the program. */
function isContextualUserText(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.startsWith(DOC_HEADER)) return /<\/[a-z_]+>$/i.test(trimmed);
  return CONTEXT_TAGS.some((tag) => unwrapTag(tag, trimmed) !== undefined);
}

/** Whether a user-role text is the summary of an earlier compaction. */
function isSummaryText(text: string): boolean {
  return text.startsWith(SUMMARY_MARK);
}

/** The text of a message that the user typed; undefined for every other item. */
export function typedText(item: WireItem): string | undefined {
  const view = viewItem(item);
  if (view.type !== "message" || view.role !== "user") return undefined;
  if (isSummaryText(view.text) || isContextualMessage(item)) return undefined;
  return view.text;
}

/** The text without its image parts' labels, for titles and hand-overs. */
export function withoutImages(item: WireItem): string {
  const content = item["content"];
  if (!Array.isArray(content)) return contentText(content);
  return content.map((part) => contentText([part]))
    .filter((text) => !/^<image [^>]*>$|^<\/image>$/.test(text)).join("");
}

/** A message of the program in the user role. */
export function contextMessage(tag: ContextTag, body: string): WireItem {
  return textMessage("user", wrapTag(tag, body));
}

/** The message with its text cut by `cut`, its images left out. */
export function textOnly(
  item: WireItem,
  cut: (text: string) => string,
): WireItem {
  const text = cut(withoutImages(item));
  return message("user", [{ type: "input_text", text }]);
}

// Newer programs put several context texts into one message, a part each.
function isContextualMessage(item: WireItem): boolean {
  const content = item["content"];
  if (!Array.isArray(content)) {
    return isContextualUserText(contentText(content));
  }
  return content.length > 0 && content.every((part) => {
    const text = asObject(part)?.["text"];
    return typeof text === "string" && isContextualUserText(text);
  });
}
