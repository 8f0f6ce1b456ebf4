/** Checks the final message against the output schema, whatever the provider promises. */

import { ModelError } from "../../protocol/error.ts";
import type { WireItem } from "../../protocol/item.ts";
import { type JsonObject, parseJson } from "../../util/json/json.ts";
import { schemaRepairItem } from "../../context/requests.ts";

/** Checks the final messages of one turn: the first wrong one is sent back, once. */
export class OutputCheck {
  readonly #schema: JsonObject | undefined;
  #isRepairing = false;

  constructor(schema: JsonObject | undefined) {
    this.#schema = schema;
  }

  /** The request for a repair, or undefined when the message is valid. Throws ModelError. */
  async findRepair(message: string): Promise<WireItem | undefined> {
    if (this.#schema === undefined) return undefined;
    const problems = await findProblems(message, this.#schema);
    if (problems.length === 0) return undefined;
    if (this.#isRepairing) {
      throw new ModelError(
        `The final message still does not satisfy the output schema after one repair: ${
          problems.join("; ")
        }`,
        { kind: "schema", retryable: false },
      );
    }
    this.#isRepairing = true;
    return schemaRepairItem(problems);
  }
}

async function findProblems(
  message: string,
  schema: JsonObject,
): Promise<readonly string[]> {
  if (message.trim() === "") return ["there is no final message"];
  const value = parseJson(message);
  if (value === undefined) return ["it is not JSON"];
  // Runs without a schema load nothing for it.
  const { buildSchemaCheck } = await import("../../util/json/json_schema.ts");
  return buildSchemaCheck(schema)(value);
}
