/** The register of promises: a type or field that consumers may rely on never goes away. */
import assert from "node:assert/strict";
import { renderSchema } from "../../../core/contract/schema.ts";
import { EVENT_SCHEMA } from "../../../core/protocol/version.ts";
import { assertValid } from "../frontends/support.ts";

const REGISTER = new URL("../../golden/files/contract.json", import.meta.url);
const TOPICS = ["events", "result", "input", "exit-codes"] as const;

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly title?: string;
}

// Every promised field, as `turn.completed.usage.input_tokens`: its type, `?` when optional.
function promisesOf(schema: Schema, path: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const form of formsOf(schema)) {
    const tag = form.properties?.["type"]?.const;
    const here = typeof tag === "string" ? `${path}${path && "."}${tag}` : path;
    if (form.const !== undefined) {
      if (form.title !== undefined) {
        found.set(form.title, JSON.stringify(form.const));
      }
      continue;
    }
    for (const [name, field] of Object.entries(form.properties ?? {})) {
      const isOptional = form.required?.includes(name) !== true;
      const at = `${here}${here && "."}${name}`;
      found.set(at, typeText(field) + (isOptional ? "?" : ""));
      for (const [key, value] of promisesOf(inner(field), at)) {
        found.set(key, value);
      }
    }
  }
  return found;
}

// A union of unions is one union.
function formsOf(schema: Schema): readonly Schema[] {
  const forms = schema.oneOf ?? schema.anyOf;
  return forms === undefined ? [schema] : forms.flatMap(formsOf);
}

function inner(schema: Schema): Schema {
  if (schema.items !== undefined) return inner(schema.items);
  const objects = (schema.anyOf ?? schema.oneOf)?.filter(({ type }) =>
    type === "object"
  );
  return objects === undefined ? schema : { oneOf: objects };
}

function typeText(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.join("|");
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) return [...new Set(forms.map(typeText))].join("|");
  if (schema.items !== undefined) return `${typeText(schema.items)}[]`;
  return schema.type ?? "any";
}

function contract(): Record<string, Record<string, string>> {
  return Object.fromEntries(TOPICS.map((topic) => [
    topic,
    Object.fromEntries(
      [...promisesOf(JSON.parse(renderSchema(topic) ?? "") as Schema, "")].sort(
        ([a], [b]) => a < b ? -1 : 1,
      ),
    ),
  ]));
}

// A word added to an enumeration keeps the promise; one taken away breaks it.
function isKept(promised: string, now: string | undefined): boolean {
  if (now === undefined) return false;
  if (promised === now) return true;
  if (promised.endsWith("?") !== now.endsWith("?") && now.endsWith("?")) {
    return false;
  }
  const words = new Set(now.replace(/\?$/, "").split("|"));
  const isEnumeration = /^[a-z_]+(\|[a-z_]+)+\??$/.test(promised);
  return isEnumeration
    ? promised.replace(/\?$/, "").split("|").every((word) => words.has(word))
    : promised.replace(/\?$/, "") === now;
}

Deno.test("the contract keeps every type and field it ever promised", async () => {
  const now = contract();
  const text = await Deno.readTextFile(REGISTER).catch(() => "{}");
  const { schema, ...topics } = JSON.parse(text);
  const register: Record<string, Record<string, string>> = topics;
  const broken: string[] = [];
  for (const [topic, fields] of Object.entries(register)) {
    for (const [field, type] of Object.entries(fields)) {
      const found = now[topic]?.[field];
      if (!isKept(type, found)) {
        broken.push(
          `${topic} ${field}: promised ${type}, is ${found ?? "gone"}`,
        );
      }
    }
  }
  assert.deepEqual(
    broken,
    [],
    "a promise is broken: this needs a new major schema",
  );
  const whole = `${
    JSON.stringify({ schema: EVENT_SCHEMA, ...now }, null, 2)
  }\n`;
  const isGrown = Object.entries(now).some(([topic, fields]) =>
    Object.keys(fields).some((field) => register[topic]?.[field] === undefined)
  );
  assert(
    !isGrown || schema !== EVENT_SCHEMA,
    `new promises need a new minor version: EVENT_SCHEMA is still ${schema}`,
  );
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    await Deno.writeTextFile(REGISTER, whole);
  } else {
    const old = new Set(text.split("\n"));
    const added = whole.split("\n").filter((line) => !old.has(line));
    assert.deepEqual(
      added,
      [],
      "new promises must be registered: deno task test:update",
    );
  }
});

Deno.test("the register notices what is lost, changed or no longer sure", () => {
  assert(isKept("string", "string"));
  assert(isKept("a|b", "a|b|c"));
  assert(isKept("string?", "string"));
  assert(!isKept("string", undefined));
  assert(!isKept("string", "string?"));
  assert(!isKept("integer", "string"));
  assert(!isKept("a|b", "a"));
  assert(!isKept("string|null", "string"));
});

Deno.test("renderSchema() prints JSON Schema of each topic and of no other", () => {
  for (const topic of TOPICS) {
    const schema = JSON.parse(renderSchema(topic) ?? "");
    assert.equal(schema.$schema, "http://json-schema.org/draft-07/schema#");
    assert.equal(typeof schema.title, "string");
  }
  assert.equal(renderSchema("config"), undefined);
  assert.equal(renderSchema("toString"), undefined);
  assert.match(EVENT_SCHEMA, /^\d+\.\d+$/);
});

Deno.test("the event schema takes lines with fields and values it does not know", () => {
  const schema = renderSchema("events") ?? "";
  assert.doesNotMatch(schema, /"additionalProperties": false/);
  assert.throws(() =>
    assertValid("events", { type: "turn.started", surprise: 1 })
  );
  assert.throws(() => assertValid("events", { type: "unheard.of" }));
  assert.throws(() => assertValid("events", { type: "warning" }));
});
