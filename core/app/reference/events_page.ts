/** The lines of `exec --json` as a page. Pure. */
import { renderSchema } from "../../contract/schema.ts";
import type { Page, PageRow, PageSection } from "../../frontends/cli/page.ts";
import { EVENT_SCHEMA, PROGRAM } from "../../protocol/version.ts";
import {
  asObject,
  type JsonObject,
  parseJsonObject,
} from "../../util/json/json.ts";
import { formsOf, pathText, rowsOf, type SchemaRow } from "./schema_rows.ts";

/** On any line, and so named once. */
const EVERYWHERE = [
  "ts",
  "seq",
  "thread_id",
  "turn_id",
  "truncated_bytes",
  "full_text_path",
];
/** Forms of their own that lines have as members. */
const SHARED = ["usage", "thread_usage"];

/** Every type of line, every kind of item, and the members of both. */
export function buildEventsPage(): Page {
  const lines = formsOf(schemaOf("events"));
  const plain = lines.find((form) => typeName(form) === "turn.started") ?? {};
  const itemLine = lines.find((form) => memberOf(form, "item") !== undefined);
  const items = formsOf(memberOf(itemLine ?? {}, "item") ?? {});
  const completed = lines.find((form) => typeName(form) === "turn.completed");
  return {
    title: `Lines of ${PROGRAM} exec --json, schema ${EVENT_SCHEMA}`,
    about:
      `Every line is one JSON object with a \`type\`, at most 256 KiB long. The first is thread.started; exactly one of turn.completed and turn.failed is the last, on every path. Types and members are only added within a major version: ignore those that you do not know. \`${PROGRAM} schema events\` prints the same as JSON Schema.`,
    sections: [
      {
        title: "Any line",
        about:
          "the first four with --events native, the last two where something was cut",
        rows: rowsOf(withMembers(plain, EVERYWHERE)).map(memberRow),
      },
      ...lines.map((form) => formSection(form, "")),
      {
        title: "usage, thread_usage",
        about: "tokens",
        rows: rowsOf(memberOf(completed ?? {}, "usage") ?? {}).map(memberRow),
      },
      ...items.map((form) => formSection(form, "item: ")),
    ],
  };
}

function schemaOf(topic: string): JsonObject {
  return parseJsonObject(renderSchema(topic) ?? "") ?? {};
}

function formSection(form: JsonObject, before: string): PageSection {
  const required = form["required"];
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  const members = Object.keys(asObject(form["properties"]) ?? {}).filter((
    name,
  ) =>
    name !== "type" && (!EVERYWHERE.includes(name) || needed.includes(name))
  );
  const isItem = members.includes("item");
  const own = members.filter((name) =>
    name !== "item" && !SHARED.includes(name)
  );
  const shared = members.filter((name) => SHARED.includes(name))
    .map((name): PageRow => ({ name, type: "table", text: "see usage" }));
  const item: PageRow = { name: "item", type: "table", text: "see the items" };
  return {
    title: `${before}${typeName(form)}`,
    rows: [
      ...rowsOf(withMembers(form, own)).map(memberRow),
      ...isItem ? [item] : [],
      ...shared,
    ],
  };
}

function typeName(form: JsonObject): string {
  const name = memberOf(form, "type")?.["const"];
  return typeof name === "string" ? name : "";
}

function memberOf(form: JsonObject, name: string): JsonObject | undefined {
  return asObject(asObject(form["properties"])?.[name]);
}

function withMembers(form: JsonObject, names: readonly string[]): JsonObject {
  const members = Object.entries(asObject(form["properties"]) ?? {});
  return {
    ...form,
    properties: Object.fromEntries(
      members.filter(([name]) => names.includes(name)),
    ),
  };
}

function memberRow({ path, type, isRequired, text }: SchemaRow): PageRow {
  return {
    name: pathText(path),
    type: isRequired ? type : `${type}, may be absent`,
    text,
  };
}
