/** The parameters of a tool: what the model is offered, what is accepted, and its type. */
import * as z from "zod/mini";
import type { JsonObject } from "../../core/util/json/json.ts";

interface Parameter<T> {
  readonly schema: z.ZodMiniType<T>;
  /** Its JSON schema; undefined for what is accepted without being offered. */
  readonly offered: JsonObject | undefined;
  readonly isRequired: boolean;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** The values of parameters, under their names. */
export type Arguments<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

export function text(
  description = "",
  options = { empty: true },
): Parameter<string> {
  const wanted = options.empty ? "must be a string" : "must not be empty";
  const any = z.string("must be a string");
  const schema = options.empty ? any : any.check(z.minLength(1, wanted));
  return parameter(schema, { type: "string" }, description);
}

export function flag(description = ""): Parameter<boolean> {
  const schema = z.boolean("must be true or false");
  return parameter(schema, { type: "boolean" }, description);
}

/** A number above 0. */
export function positive(description = ""): Parameter<number> {
  const wanted = "must be a number above 0";
  const schema = z.number(wanted).check(z.positive(wanted));
  return parameter(schema, { type: "number" }, description);
}

export function choice<const T extends string>(
  values: readonly T[],
  description = "",
): Parameter<T> {
  const names = values.map((value) => `"${value}"`).join(" or ");
  const schema = z.enum(values, `must be ${names}`);
  const offered = { type: "string", enum: [...values] };
  return parameter(schema, offered, description);
}

export function list<T>(
  item: Parameter<T>,
  description = "",
  options = { empty: true },
): Parameter<readonly T[]> {
  const any = z.array(item.schema, "must be a list");
  const schema = options.empty
    ? any
    : any.check(z.minLength(1, "must have at least one element"));
  const items = item.offered ?? {};
  // What is long comes last, so that the description stands beside the name.
  return items["type"] === "object"
    ? parameter(schema, { type: "array", description, items })
    : parameter(schema, { type: "array", items }, description);
}

export function object<const P extends Parameters>(
  parameters: P,
): Parameter<Arguments<P>> {
  const entries = Object.entries(parameters);
  const schemas = entries.map(([name, { schema }]) => [name, schema]);
  const schema = z.object(
    Object.fromEntries(schemas),
    "must be a JSON object",
  ) as unknown as z.ZodMiniType<Arguments<P>>;
  const offered = entries.filter(([, one]) => one.offered !== undefined);
  const sorted = offered.toSorted(([a], [b]) => a < b ? -1 : 1);
  return parameter(schema, {
    type: "object",
    properties: Object.fromEntries(
      sorted.map(([name, one]) => [name, one.offered ?? {}]),
    ),
    required: offered.filter(([, one]) => one.isRequired)
      .map(([name]) => name),
    additionalProperties: false,
  });
}

/** May be absent, or null: models say so for what they leave out. */
export function optional<T>(one: Parameter<T>): Parameter<T | undefined> {
  const schema = z.pipe(
    z.nullish(one.schema),
    z.transform((value: T | null | undefined) => value ?? undefined),
  );
  return { schema, offered: one.offered, isRequired: false };
}

/** Accepted, as `optional`, and not offered. */
export function unoffered<T>(one: Parameter<T>): Parameter<T | undefined> {
  return { ...optional(one), offered: undefined };
}

function parameter<T>(
  schema: z.ZodMiniType<T>,
  offered: JsonObject,
  description = "",
): Parameter<T> {
  return {
    schema,
    offered: description === "" ? offered : { ...offered, description },
    isRequired: true,
  };
}
