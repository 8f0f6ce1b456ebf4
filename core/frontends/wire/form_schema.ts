/** Forms of MCP servers as JSON Schema, and answers checked against them. Pure. */
import type {
  FormAnswer,
  FormField,
  FormKind,
  FormValue,
} from "../../protocol/form.ts";
import { unreachable } from "../../util/assert.ts";
import { asObject, type Json, type JsonObject } from "../../util/json/json.ts";

/** The schema that a client fills in (MCP, elicitation, `requestedSchema`). */
export function buildFormSchema(fields: readonly FormField[]): JsonObject {
  return {
    type: "object",
    properties: Object.fromEntries(
      fields.map((field) => [field.name, {
        ...kindSchema(field.kind),
        title: field.title,
        ...(field.description !== "" && { description: field.description }),
      }]),
    ),
    required: fields.filter(({ isRequired }) => isRequired)
      .map(({ name }) => name),
  };
}

/** The answer of a client; a yes that lacks what was asked is no answer. */
export function parseFormAnswer(
  fields: readonly FormField[],
  answer: { readonly action: FormAnswer["action"]; readonly content?: unknown },
): FormAnswer {
  const { action } = answer;
  if (action !== "accept") return { action };
  const given = asObject(answer.content) ?? {};
  const content: Record<string, FormValue> = {};
  for (const { name, kind, isRequired } of fields) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) {
      if (isRequired) return { action: "cancel" };
    } else if (!isOfKind(kind, value)) return { action: "cancel" };
    else content[name] = value as FormValue;
  }
  return { action, content };
}

function kindSchema(kind: FormKind): JsonObject {
  switch (kind.type) {
    case "text":
      return {
        type: "string",
        ...(kind.format !== undefined && { format: kind.format }),
        ...(kind.lengthMin !== undefined && { minLength: kind.lengthMin }),
        ...(kind.lengthMax !== undefined && { maxLength: kind.lengthMax }),
        ...(kind.fallback !== undefined && { default: kind.fallback }),
      };
    case "number":
      return {
        type: kind.isInteger ? "integer" : "number",
        ...(kind.min !== undefined && { minimum: kind.min }),
        ...(kind.max !== undefined && { maximum: kind.max }),
        ...(kind.fallback !== undefined && { default: kind.fallback }),
      };
    case "yes_no":
      return {
        type: "boolean",
        ...(kind.fallback !== undefined && { default: kind.fallback }),
      };
    case "choice":
      return {
        type: "string",
        oneOf: kind.choices.map(({ value, title }) => ({
          const: value,
          title,
        })),
        ...(kind.fallback !== undefined && { default: kind.fallback }),
      };
    case "choices":
      return {
        type: "array",
        items: {
          anyOf: kind.choices.map(({ value, title }) => ({
            const: value,
            title,
          })),
        },
        ...(kind.countMin !== undefined && { minItems: kind.countMin }),
        ...(kind.countMax !== undefined && { maxItems: kind.countMax }),
        ...(kind.fallback !== undefined && { default: [...kind.fallback] }),
      };
    default:
      return unreachable(kind);
  }
}

function isOfKind(kind: FormKind, value: Json): boolean {
  switch (kind.type) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number" &&
        (!kind.isInteger || Number.isSafeInteger(value));
    case "yes_no":
      return typeof value === "boolean";
    case "choice":
      return kind.choices.some((one) => one.value === value);
    case "choices":
      return Array.isArray(value) &&
        value.every((one) => kind.choices.some((it) => it.value === one));
    default:
      return unreachable(kind);
  }
}
