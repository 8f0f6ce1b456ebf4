/** Checks values by JSON Schema. The only door to ajv; import it lazily. */
import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonObject } from "./json.ts";
import { headBytes } from "../text/text.ts";

/** What is wrong with a value, one sentence each; nothing when it satisfies the schema. */
type SchemaCheck = (value: unknown) => readonly string[];

const PROBLEMS_MAX = 10;
const PROBLEM_BYTES = 300;

/** Makes the check. Throws Error with the reason when the schema itself is not valid. */
export function buildSchemaCheck(schema: JsonObject): SchemaCheck {
  const { $schema: dialect, ...rest } = schema;
  const options: Options = {
    allErrors: true,
    // Unknown words and formats are notes to people, not errors.
    strict: false,
    validateFormats: false,
    logger: false,
  };
  const ajv = createAjv(dialect, options);
  const validate = ajv.compile(rest);
  return (value) => validate(value) === true ? [] : describe(validate);
}

// The dialects of ajv; an older word than draft-07 is read as draft-07, which contains it.
function createAjv(
  dialect: unknown,
  options: Options,
): { compile(schema: JsonObject): ValidateFunction } {
  const name = dialect === undefined ? "2020-12" : String(dialect);
  if (name.includes("2020-12")) return new Ajv2020(options);
  if (name.includes("2019-09")) return new Ajv2019(options);
  if (/draft-0[67]\b/.test(name)) return new Ajv(options);
  throw new Error(
    `"$schema" is "${
      headBytes(name, PROBLEM_BYTES)
    }", must be draft-06, draft-07, 2019-09 or 2020-12`,
  );
}

function describe(validate: ValidateFunction): readonly string[] {
  const texts = (validate.errors ?? []).map((
    { instancePath, message, params },
  ) => {
    const where = instancePath === "" ? "the whole value" : instancePath;
    return headBytes(
      `${where}: ${message ?? "is not valid"}${detail(params)}`,
      PROBLEM_BYTES,
    );
  });
  // Both branches of a choice may complain of the same thing.
  const all = [...new Set(texts)];
  const more = all.length - PROBLEMS_MAX;
  return more > 0
    ? [...all.slice(0, PROBLEMS_MAX), `and ${more} more problems`]
    : all;
}

// What ajv leaves out of its sentences: which name is too many, which values are allowed.
function detail(params: Readonly<Record<string, unknown>>): string {
  const value = params["additionalProperty"] ?? params["unevaluatedProperty"] ??
    params["allowedValues"] ?? params["allowedValue"];
  return value === undefined ? "" : ` (${JSON.stringify(value)})`;
}
