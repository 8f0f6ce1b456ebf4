/** What changed since the last context message, as messages to append. */
import { MODEL_SWITCH } from "../../prompts/mod.ts";
import { textMessage, type WireItem } from "../protocol/item.ts";
import { wrapTag } from "./format/tags.ts";
import { fillIn } from "./format/text.ts";
import {
  ENVIRONMENT_FIELDS,
  type EnvironmentField,
  renderEnvironment,
  renderEnvironmentField,
} from "./environment.ts";
import {
  type PromptContext,
  renderUserInstructions,
  type SentContext,
} from "./initial.ts";
import {
  prefixLines,
  renderApprovedPrefixes,
  renderPermissionRules,
  renderPermissions,
} from "./permissions.ts";

/** The messages that bring the model from what was sent to `after`; none when nothing changed. */
export function changesSince(
  sent: SentContext,
  after: PromptContext,
): WireItem[] {
  const { omit = [] } = after;
  return [
    ...modelItems(sent, after),
    ...omit.includes("permissions") ? [] : permissionItems(sent, after),
    ...userInstructionItems(sent, after),
    ...omit.includes("environment") ? [] : environmentItems(sent, after),
  ];
}

function modelItems(sent: SentContext, after: PromptContext): WireItem[] {
  const model = after.settings.model.slug;
  if (model === sent.model) return [];
  const instructions = after.instructions === sent.instructions
    ? "The instructions given at the start apply to it unchanged."
    : `Its instructions, which replace those given at the start:\n\n${after.instructions}`;
  const text = fillIn(MODEL_SWITCH, { model, instructions });
  return [textMessage("developer", wrapTag("model_switch", text))];
}

function permissionItems(sent: SentContext, after: PromptContext): WireItem[] {
  const { settings, permissions } = after;
  const rules = renderPermissionRules(settings, permissions);
  const prefixes = prefixLines(permissions.approvedPrefixes);
  // Only the whole message can withdraw a prefix that was sent before.
  const withdrawn = sent.prefixes.some((line) => !prefixes.includes(line));
  if (rules !== sent.permissions || withdrawn) {
    const text = renderPermissions(settings, permissions);
    return [textMessage("developer", text)];
  }
  const added = prefixes.filter((line) => !sent.prefixes.includes(line));
  return added.length === 0
    ? []
    : [textMessage("developer", renderApprovedPrefixes(added))];
}

// Another folder may have other AGENTS.md files and skills; what is the same is not sent again.
function userInstructionItems(
  sent: SentContext,
  after: PromptContext,
): WireItem[] {
  const { docs, skills } = after.userInstructions ?? {};
  const text = renderUserInstructions(after.environment.cwd, {
    ...(docs === undefined || docs === sent.docs ? {} : { docs }),
    ...(skills === undefined || skills === sent.skills ? {} : { skills }),
  });
  return text === undefined ? [] : [textMessage("user", text)];
}

function environmentItems(sent: SentContext, after: PromptContext): WireItem[] {
  const fields = ENVIRONMENT_FIELDS.filter((field) =>
    isFieldChanged(sent, after, field)
  );
  return fields.length === 0
    ? []
    : [textMessage("user", renderEnvironment(after.environment, fields))];
}

// The shell is sent once: another login shell changes nothing about the commands.
function isFieldChanged(
  sent: SentContext,
  after: PromptContext,
  field: EnvironmentField,
): boolean {
  const before = sent.environment[field];
  if (field === "shell" && before !== undefined) return false;
  const line = renderEnvironmentField(after.environment, field);
  return line !== undefined && line !== before;
}
