/** Writes the types of the client from the schemas that `rondo schema` prints. */
import * as z from "zod/mini";
import { ExecError, ExecEvent, ExecUsage } from "../core/contract/event.ts";
import { ExecInput } from "../core/contract/input.ts";
import { ExecItem } from "../core/contract/item.ts";
import { EXIT_CODES } from "../core/contract/exit_code.ts";
import { EVENT_SCHEMA } from "../core/protocol/version.ts";

const CLIENT = new URL("client/rondo.ts", import.meta.url);
const BEGIN = "// <generated>\n";
const END = "// </generated>\n";

/** Named once, and by that name wherever they are part of something else. */
const NAMED = { ExecUsage, ExecError, ExecItem, ExecEvent, ExecInput };

interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly description?: string;
}

/** Gives the client the types that the schemas say now. */
export async function writeClient(): Promise<void> {
  await Deno.writeTextFile(CLIENT, await loadClient());
}

/** The client with its types as they must be now, formatted. */
export async function loadClient(): Promise<string> {
  const text = await Deno.readTextFile(CLIENT);
  const start = text.indexOf(BEGIN) + BEGIN.length;
  const end = text.indexOf(END);
  if (end < start) throw new Error("Cannot find the generated part");
  return await format(text.slice(0, start) + renderTypes() + text.slice(end));
}

/** The types of events, items and input lines. */
function renderTypes(): string {
  const names = new Map<string, string>();
  const parts = [
    `/** major.minor of the contract these types were made from. */`,
    `export const EVENT_SCHEMA = ${JSON.stringify(EVENT_SCHEMA)};`,
    "",
    "/** What the program exits with. */",
    `export const EXIT_CODES = ${
      JSON.stringify(
        Object.fromEntries(
          Object.entries(EXIT_CODES).map(([name, { code }]) => [name, code]),
        ),
      )
    } as const;`,
  ];
  for (const [name, schema] of Object.entries(NAMED)) {
    const json = toSchema(schema);
    parts.push("", `export type ${name} = ${typeText(json, names)};`);
    names.set(keyOf(json), name);
  }
  return `${parts.join("\n")}\n`;
}

// As input, a schema leaves room for fields to come.
function toSchema(schema: z.core.$ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
  });
  return rest as Schema;
}

function keyOf({ description: _, ...schema }: Schema): string {
  return JSON.stringify(schema);
}

function typeText(schema: Schema, names: ReadonlyMap<string, string>): string {
  const name = names.get(keyOf(schema));
  if (name !== undefined) return name;
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) {
    return forms.map((form) => typeText(form, names)).join(" | ");
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) {
    return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  }
  const { type } = schema;
  if (typeof type === "object") {
    return type.map((one) => typeText({ ...schema, type: one }, names))
      .join(" | ");
  }
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `readonly (${typeText(schema.items ?? {}, names)})[]`;
    case "object":
      return objectText(schema, names);
    default:
      return "unknown";
  }
}

function objectText(
  schema: Schema,
  names: ReadonlyMap<string, string>,
): string {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) =>
    `${describe(field)}readonly ${name}${required.has(name) ? "" : "?"}: ${
      typeText(field, names)
    };`
  );
  return `{\n${fields.join("\n")}\n}`;
}

function describe({ description }: Schema): string {
  return description === undefined
    ? ""
    : `/** ${description.replace(/[.…]*$/, ".")} */\n`;
}

async function format(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error("Cannot format the client");
  return new TextDecoder().decode(stdout);
}
