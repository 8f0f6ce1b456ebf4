/** The context a resumed conversation was last sent, read from its own items. */
import { viewItem, type WireItem } from "../protocol/item.ts";
import { isInside } from "../util/path.ts";
import { unwrapTag } from "./format/tags.ts";
import { ENVIRONMENT_FIELDS } from "./environment.ts";
import type { SentContext } from "./initial.ts";
import { APPROVED_INTRO } from "./permissions.ts";

/** What the items do not say. */
interface RecallFacts {
  /** Slug of the model that answered last. */
  readonly model: string;
  /** The top-level instructions that were sent. */
  readonly instructions: string;
  readonly cwd: string;
}

/**
 * Goes through the items; a later message replaces an earlier one. Undefined
 * when the initial messages are not among them: after a compaction, or a rollback of all.
 */
export function restoreSentContext(
  items: readonly WireItem[],
  facts: RecallFacts,
): SentContext | undefined {
  let sent: SentContext = {
    model: facts.model,
    instructions: facts.instructions,
    prefixes: [],
    environment: {},
  };
  for (const item of items) {
    const view = viewItem(item);
    if (view.type !== "message") continue;
    if (view.role === "developer") sent = recallDeveloper(sent, view.text);
    if (view.role === "user") sent = recallUser(sent, view.text, facts.cwd);
  }
  return sent.permissions === undefined ? undefined : sent;
}

function recallDeveloper(sent: SentContext, text: string): SentContext {
  const list = /<approved_prefixes>\n([\s\S]*?)\n<\/approved_prefixes>/
    .exec(text)?.[1];
  const lines = list?.split("\n").filter((line) => line.startsWith("[")) ?? [];
  const block = unwrapTag("permissions instructions", text);
  if (block === undefined) {
    return { ...sent, prefixes: [...sent.prefixes, ...lines].sort() };
  }
  const at = block.indexOf(`\n\n${APPROVED_INTRO}`);
  return {
    ...sent,
    permissions: at < 0 ? block : block.slice(0, at),
    prefixes: lines,
  };
}

function recallUser(
  sent: SentContext,
  text: string,
  cwd: string,
): SentContext {
  const instructions = recallInstructions(text, cwd);
  if (instructions !== undefined) return { ...sent, ...instructions };
  if (unwrapTag("environment_context", text) === undefined) return sent;
  const environment = { ...sent.environment };
  for (const line of text.split("\n")) {
    const tag = /^ {2}<([a-z_]+)/.exec(line)?.[1];
    const field = tag === "current_date" ? "date" : tag;
    const known = ENVIRONMENT_FIELDS.find((name) => name === field);
    if (known !== undefined) environment[known] = line;
  }
  return { ...sent, environment };
}

// Messages of folders below the cwd are nested files, sent besides the others. The list of
// skills holds wherever it was sent: only another one replaces it.
function recallInstructions(
  text: string,
  cwd: string,
): Pick<SentContext, "docs" | "skills"> | undefined {
  const match =
    /^(?:# AGENTS\.md instructions for (.*)\n\n<INSTRUCTIONS>\n([\s\S]*)\n<\/INSTRUCTIONS>)?(?:\s*<skills_instructions>\n([\s\S]*)\n<\/skills_instructions>)?$/
      .exec(text);
  if (match === null || text === "") return undefined;
  const [, folder, docs, skills] = match;
  const isNested = folder !== undefined && !isInside(cwd, folder);
  if (isNested && skills === undefined) return undefined;
  return {
    ...(docs === undefined || isNested ? {} : { docs }),
    ...(skills === undefined ? {} : { skills }),
  };
}
