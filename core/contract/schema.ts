/** `rondo schema`: the contract as JSON Schema, from the schemas that the types come from. */
import * as z from "zod/mini";
import { BatchEvent, BatchResult, BatchTask } from "./batch.ts";
import { ExecEvent, ExecResult } from "./event.ts";
import { ApprovalAnswer, ExecInput } from "./input.ts";
import { REPORTS } from "./reports.ts";
import { EXIT_CODES } from "./exit_code.ts";
import { EVENT_SCHEMA, PROGRAM } from "../protocol/version.ts";
import { asObject, type JsonObject } from "../util/json/json.ts";

const DRAFT = "http://json-schema.org/draft-07/schema#";

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
    case "batch-task":
      return toJsonSchema(BatchTask, `A line of the tasks of ${PROGRAM} batch`);
    case "batch-result":
      return toJsonSchema(BatchResult, "A line of results.jsonl of a batch");
    case "batch-events":
      return toJsonSchema(BatchEvent, `Lines of ${PROGRAM} batch --json`);
    case "exit-codes":
      return {
        title: `Exit codes of ${PROGRAM}`,
        $schema: DRAFT,
        oneOf: Object.entries(EXIT_CODES).map(([name, { code, meaning }]) => ({
          const: code,
          title: name,
          description: meaning,
        })),
      };
    default:
      return reportSchema(topic);
  }
}

// One value: of the command that was asked.
function reportSchema(topic: string): JsonObject | undefined {
  if (!Object.hasOwn(REPORTS, topic)) return undefined;
  const forms = Object.entries(REPORTS[topic] ?? {}).map(([command, schema]) =>
    toJsonSchema(schema, `The value of ${PROGRAM} ${command} --json`)
  );
  if (forms.length === 1) return forms[0];
  return {
    title: `What ${topic} commands print with --json`,
    $schema: DRAFT,
    anyOf: forms,
  };
}

// As input, a schema leaves room for fields to come; as output it would forbid them.
function toJsonSchema(schema: z.core.$ZodType, title: string): JsonObject {
  const made = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  return { title, ...asObject(made) };
}
