/** The schema of an elicitation as fields of a form (MCP 2025-11-25, elicitation). Pure. */
import * as z from "zod/mini";
import type {
  FormChoice,
  FormField,
  FormKind,
  TextFormat,
} from "../../core/protocol/form.ts";
import { LIMITS } from "../../core/protocol/limits.ts";
import { asObject, type JsonObject } from "../../core/util/json/json.ts";
import { byteLength } from "../../core/util/text/text.ts";

const Name = z.optional(z.string());
const Size = z.optional(z.number());
const Titled = z.array(z.object({ const: z.string(), title: Name }));
const Names = z.array(z.string());

/** The parts of a property that are used. */
const Property = z.object({
  type: z.string(),
  title: Name,
  description: Name,
  format: Name,
  pattern: Name,
  minLength: Size,
  maxLength: Size,
  minimum: Size,
  maximum: Size,
  minItems: Size,
  maxItems: Size,
  enum: z.optional(Names),
  /** Titles of `enum` before there was `oneOf`. */
  enumNames: z.optional(Names),
  oneOf: z.optional(Titled),
  items: z.optional(z.object({
    enum: z.optional(Names),
    anyOf: z.optional(Titled),
    oneOf: z.optional(Titled),
  })),
  default: z.optional(z.unknown()),
});
type Property = z.infer<typeof Property>;

const FORMATS: readonly TextFormat[] = ["email", "uri", "date", "date-time"];

type ParsedForm =
  | { readonly type: "fields"; readonly fields: readonly FormField[] }
  /** Why it cannot be put to a person, as half a sentence. */
  | { readonly type: "unfit"; readonly why: string };

/** The fields in the order of the schema; `unfit` for what the protocol does not allow. */
export function parseForm(schema: JsonObject): ParsedForm {
  if (byteLength(JSON.stringify(schema)) > LIMITS.mcpFormBytes) {
    return unfit(`its form takes more than ${LIMITS.mcpFormBytes} bytes`);
  }
  const properties = Object.entries(asObject(schema["properties"]) ?? {});
  if (properties.length > LIMITS.mcpFormFields) {
    return unfit(`its form has more than ${LIMITS.mcpFormFields} fields`);
  }
  const required = schema["required"];
  const needed = new Set<unknown>(Array.isArray(required) ? required : []);
  const fields: FormField[] = [];
  for (const [name, value] of properties) {
    const property = z.safeParse(Property, value);
    const kind = property.success ? kindOf(property.data) : undefined;
    if (!property.success || kind === undefined) {
      return unfit(`forms do not have the type of ${JSON.stringify(name)}`);
    }
    const { title, description = "" } = property.data;
    const isRequired = needed.has(name);
    fields.push({ name, title: title ?? name, description, isRequired, kind });
  }
  return { type: "fields", fields };
}

function unfit(why: string): ParsedForm {
  return { type: "unfit", why };
}

function kindOf(property: Property): FormKind | undefined {
  switch (property.type) {
    case "string":
      return choicesOf(property) === undefined
        ? textKind(property)
        : choiceKind(property);
    case "number":
    case "integer":
      return numberKind(property);
    case "boolean": {
      const fallback = property.default;
      return {
        type: "yes_no",
        ...(typeof fallback === "boolean" && { fallback }),
      };
    }
    case "array":
      return choicesKind(property);
    default:
      return undefined;
  }
}

function textKind(property: Property): FormKind {
  const { minLength, maxLength, pattern, default: fallback } = property;
  const format = FORMATS.find((one) => one === property.format);
  return {
    type: "text",
    ...(format !== undefined && { format }),
    ...(minLength !== undefined && { lengthMin: minLength }),
    ...(maxLength !== undefined && { lengthMax: maxLength }),
    ...(pattern !== undefined && { pattern }),
    ...(typeof fallback === "string" && { fallback }),
  };
}

function numberKind(property: Property): FormKind {
  const { minimum, maximum, default: fallback } = property;
  return {
    type: "number",
    isInteger: property.type === "integer",
    ...(minimum !== undefined && { min: minimum }),
    ...(maximum !== undefined && { max: maximum }),
    ...(typeof fallback === "number" && { fallback }),
  };
}

function choiceKind(property: Property): FormKind | undefined {
  const choices = choicesOf(property);
  if (choices === undefined || choices.length === 0) return undefined;
  const fallback = choices.find((one) => one.value === property.default)?.value;
  return {
    type: "choice",
    choices,
    ...(fallback !== undefined && { fallback }),
  };
}

function choicesKind(property: Property): FormKind | undefined {
  const { items = {}, minItems, maxItems } = property;
  const choices = choicesOf({ ...items, oneOf: items.anyOf ?? items.oneOf });
  if (choices === undefined || choices.length === 0) return undefined;
  const fallback = z.safeParse(Names, property.default);
  return {
    type: "choices",
    choices,
    ...(minItems !== undefined && { countMin: minItems }),
    ...(maxItems !== undefined && { countMax: maxItems }),
    ...(fallback.success && { fallback: fallback.data }),
  };
}

function choicesOf(
  property: {
    readonly oneOf?: z.infer<typeof Titled> | undefined;
    readonly enum?: readonly string[] | undefined;
    readonly enumNames?: readonly string[] | undefined;
  },
): readonly FormChoice[] | undefined {
  const { oneOf, enumNames } = property;
  if (oneOf !== undefined) {
    return oneOf.map(({ const: value, title }) => ({
      value,
      title: title ?? value,
    }));
  }
  return property.enum?.map((value, at) => ({
    value,
    title: enumNames?.[at] ?? value,
  }));
}
