/** `rondo schema`: the contract as JSON Schema, from the schemas that the types come from. */
import * as z from "zod/mini";
import { ExecEvent, ExecResult } from "./event.ts";
import { ApprovalAnswer, ExecInput } from "./input.ts";
import { PolicyReport } from "./policy_report.ts";
import { EXIT_CODES } from "./exit_code.ts";
import { EVENT_SCHEMA, PROGRAM } from "../protocol/version.ts";
import { asObject, type JsonObject } from "../util/json/json.ts";

/** The schema of a topic as text; undefined for a topic of another folder. */
export function renderSchema(topic: string): string | undefined {
  const schema = buildSchema(topic);
  return schema && `${JSON.stringify(schema, null, 2)}\n`;
}

function buildSchema(topic: string): JsonObject | undefined {
  switch (topic) {
    case "events":
      return toJsonSchema(
        ExecEvent,
        `Lines of ${PROGRAM} exec --json, schema ${EVENT_SCHEMA}`,
      );
    case "result":
      return toJsonSchema(
        ExecResult,
        `Object of ${PROGRAM} exec --output-format json`,
      );
    case "input":
      return toJsonSchema(
        z.union([ExecInput, ApprovalAnswer]),
        `Lines of ${PROGRAM} exec --json --input jsonl; the last form is the answer of an approval command`,
      );
    case "policy":
      return toJsonSchema(
        PolicyReport,
        `The value of ${PROGRAM} policy explain|test|lint|rules --json`,
      );
    case "exit-codes":
      return {
        title: `Exit codes of ${PROGRAM}`,
        $schema: "http://json-schema.org/draft-07/schema#",
        oneOf: Object.entries(EXIT_CODES).map(([name, { code, meaning }]) => ({
          const: code,
          title: name,
          description: meaning,
        })),
      };
    default:
      return undefined;
  }
}

// As input, a schema leaves room for fields to come; as output it would forbid them.
function toJsonSchema(schema: z.core.$ZodType, title: string): JsonObject {
  const made = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  return { title, ...asObject(made) };
}
