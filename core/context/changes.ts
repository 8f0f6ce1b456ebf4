/** What changed since the model was last told, as messages to append. */
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
  toldBy,
  type ToldContext,
} from "./initial.ts";
import {
  prefixLines,
  renderApprovedPrefixes,
  renderPermissionRules,
  renderPermissions,
} from "./permissions.ts";

/** The messages that lead from one context to another; none when nothing changed. */
export function changeItems(
  before: PromptContext,
  after: PromptContext,
): WireItem[] {
  return changesSince(toldBy(before), after);
}

/** The same, from what the model was last told: also after a resume or a rollback. */
export function changesSince(
  told: ToldContext,
  after: PromptContext,
): WireItem[] {
  return [
    ...modelItems(told, after),
    ...permissionItems(told, after),
    ...userInstructionItems(told, after),
    ...environmentItems(told, after),
  ];
}

function modelItems(told: ToldContext, after: PromptContext): WireItem[] {
  const model = after.settings.model.slug;
  if (model === told.model) return [];
  const instructions = after.instructions === told.instructions
    ? "The instructions given at the start hold for it as they stand."
    : `Its instructions, which replace those given at the start:\n\n${after.instructions}`;
  const text = fillIn(MODEL_SWITCH, { model, instructions });
  return [textMessage("developer", wrapTag("model_switch", text))];
}

function permissionItems(told: ToldContext, after: PromptContext): WireItem[] {
  const { settings, permissions } = after;
  const rules = renderPermissionRules(settings, permissions);
  const prefixes = prefixLines(permissions.approvedPrefixes);
  // A prefix that was taken back can only be untold by saying everything again.
  const withdrawn = told.prefixes.some((line) => !prefixes.includes(line));
  if (rules !== told.permissions || withdrawn) {
    const text = renderPermissions(settings, permissions);
    return [textMessage("developer", text)];
  }
  const added = prefixes.filter((line) => !told.prefixes.includes(line));
  return added.length === 0
    ? []
    : [textMessage("developer", renderApprovedPrefixes(added))];
}

// Another folder may have other AGENTS.md files and skills; what is the same stays told.
function userInstructionItems(
  told: ToldContext,
  after: PromptContext,
): WireItem[] {
  const { docs, skills } = after.userInstructions ?? {};
  const text = renderUserInstructions(after.environment.cwd, {
    ...(docs === undefined || docs === told.docs ? {} : { docs }),
    ...(skills === undefined || skills === told.skills ? {} : { skills }),
  });
  return text === undefined ? [] : [textMessage("user", text)];
}

function environmentItems(told: ToldContext, after: PromptContext): WireItem[] {
  const fields = ENVIRONMENT_FIELDS.filter((field) =>
    isFieldChanged(told, after, field)
  );
  return fields.length === 0
    ? []
    : [textMessage("user", renderEnvironment(after.environment, fields))];
}

// The shell is told once: another login shell changes nothing about the commands.
function isFieldChanged(
  told: ToldContext,
  after: PromptContext,
  field: EnvironmentField,
): boolean {
  const before = told.environment[field];
  if (field === "shell" && before !== undefined) return false;
  const line = renderEnvironmentField(after.environment, field);
  return line !== undefined && line !== before;
}
