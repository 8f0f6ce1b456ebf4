/** `rondo schema`: the contract as JSON Schema, from the very schemas that types come from. */
import * as z from "zod/mini";
import { ExecEvent, ExecResult } from "./event.ts";
import { ApprovalAnswer, ExecInput } from "./input.ts";
import { EXIT_CODES } from "./exit_code.ts";
import { EVENT_SCHEMA, PROGRAM } from "../protocol/version.ts";
import { asObject, type JsonObject } from "../util/json/json.ts";

/** The schema of a topic as text; undefined for one that is not of this folder. */
export function renderSchema(topic: string): string | undefined {
  const schema = buildSchema(topic);
  return schema && `${JSON.stringify(schema, null, 2)}\n`;
}

/** The schema of a topic. `strict` forbids what is not named: for our own tests. */
export function buildSchema(
  topic: string,
  options: { readonly isStrict?: boolean } = {},
): JsonObject | undefined {
  switch (topic) {
    case "events":
      return toJsonSchema(ExecEvent, {
        title: `Lines of ${PROGRAM} exec --json, schema ${EVENT_SCHEMA}`,
        ...options,
      });
    case "result":
      return toJsonSchema(ExecResult, {
        title: `Object of ${PROGRAM} exec --output-format json`,
        ...options,
      });
    case "input":
      return toJsonSchema(z.union([ExecInput, ApprovalAnswer]), {
        title: `Lines of ${PROGRAM} exec --input jsonl; the last form is the ` +
          "answer of an approval command",
        ...options,
      });
    case "exit-codes":
      return exitCodeSchema();
    default:
      return undefined;
  }
}

// As input, a schema leaves room for fields to come; as output it would forbid them.
function toJsonSchema(
  schema: z.core.$ZodType,
  options: { readonly title: string; readonly isStrict?: boolean },
): JsonObject {
  const io = options.isStrict ? "output" : "input";
  const made = asObject(z.toJSONSchema(schema, { target: "draft-7", io })) ??
    {};
  return { title: options.title, ...made };
}

function exitCodeSchema(): JsonObject {
  return {
    title: `Exit codes of ${PROGRAM}`,
    $schema: "http://json-schema.org/draft-07/schema#",
    oneOf: Object.entries(EXIT_CODES).map(([name, { code, meaning }]) => ({
      const: code,
      title: name,
      description: meaning,
    })),
  };
}
