/** What the model is told when its final message does not satisfy the output schema. */
import { SCHEMA_REPAIR } from "../../prompts/mod.ts";
import { textMessage, type WireItem } from "../protocol/item.ts";

/** Asks for the message once more; the problems are sentences. */
export function schemaRepairItem(problems: readonly string[]): WireItem {
  const list = problems.map((problem) => `- ${problem}`).join("\n");
  // A function, for the text of a problem may hold what replace() takes for a reference.
  return textMessage(
    "developer",
    SCHEMA_REPAIR.replace("{problems}", () => list),
  );
}
