/** The messages before the first user message, and a record of what they sent. */
import { textMessage, type WireItem } from "../protocol/item.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import { DOC_HEADER, wrapTag } from "./format/tags.ts";
import {
  type Environment,
  ENVIRONMENT_FIELDS,
  type EnvironmentField,
  renderEnvironment,
  renderEnvironmentField,
} from "./environment.ts";
import {
  type PermissionFacts,
  prefixLines,
  renderPermissionRules,
  renderPermissions,
} from "./permissions.ts";

/** Everything the initial messages are made of. */
export interface PromptContext {
  readonly settings: TurnSettings;
  /** Top-level instructions that belong to the model. */
  readonly instructions: string;
  readonly permissions: PermissionFacts;
  /** From the configuration, passed on as it is. */
  readonly developerInstructions?: string;
  readonly userInstructions?: UserInstructions;
  readonly environment: Environment;
  /** Messages that are switched off. */
  readonly omit?: readonly ("permissions" | "environment")[];
}

/** AGENTS.md files and the list of skills; either may be missing, none is empty. */
interface UserInstructions {
  readonly docs?: string;
  readonly skills?: string;
}

/** The context last sent; the base of every later comparison. */
export interface SentContext {
  readonly model: string;
  readonly instructions: string;
  /** The permission rules; undefined when they were never sent. */
  readonly permissions?: string;
  readonly prefixes: readonly string[];
  readonly docs?: string;
  readonly skills?: string;
  readonly environment: Partial<Record<EnvironmentField, string>>;
}

/** The messages a conversation begins with, each on its own, in this order. */
export function initialItems(context: PromptContext): WireItem[] {
  const items: WireItem[] = [];
  const { settings, permissions, omit = [] } = context;
  if (!omit.includes("permissions")) {
    items.push(
      textMessage("developer", renderPermissions(settings, permissions)),
    );
  }
  const developer = context.developerInstructions;
  if (developer !== undefined && developer.trim() !== "") {
    items.push(textMessage("developer", developer));
  }
  const user = renderUserInstructions(
    context.environment.cwd,
    context.userInstructions,
  );
  if (user !== undefined) items.push(textMessage("user", user));
  if (!omit.includes("environment")) {
    items.push(textMessage("user", renderEnvironment(context.environment)));
  }
  return items;
}

/** The text of the user-instructions message, or undefined when there are none. */
export function renderUserInstructions(
  cwd: string,
  instructions: UserInstructions = {},
): string | undefined {
  const { docs, skills } = instructions;
  const parts: string[] = [];
  if (docs !== undefined) parts.push(renderDocMessage(cwd, docs));
  if (skills !== undefined) {
    parts.push(wrapTag("skills_instructions", skills));
  }
  return parts.length === 0 ? undefined : parts.join("\n\n");
}

/** The message text of AGENTS.md files, for the folder where they apply. */
export function renderDocMessage(folder: string, text: string): string {
  return `${DOC_HEADER}${folder}\n\n<INSTRUCTIONS>\n${text}\n</INSTRUCTIONS>`;
}

/** What the initial messages of this context send. */
export function contextSentBy(context: PromptContext): SentContext {
  const { permissions, settings } = context;
  return {
    model: settings.model.slug,
    instructions: context.instructions,
    permissions: renderPermissionRules(settings, permissions),
    prefixes: prefixLines(permissions.approvedPrefixes),
    ...context.userInstructions,
    environment: environmentLines(context.environment),
  };
}

function environmentLines(
  environment: Environment,
): Partial<Record<EnvironmentField, string>> {
  const lines: Partial<Record<EnvironmentField, string>> = {};
  for (const field of ENVIRONMENT_FIELDS) {
    const line = renderEnvironmentField(environment, field);
    if (line !== undefined) lines[field] = line;
  }
  return lines;
}
