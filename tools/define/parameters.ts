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
  const make = (): z.ZodMiniType<string> => {
    const any = z.string("must be a string");
    return options.empty ? any : any.check(z.minLength(1, wanted));
  };
  return parameter(make, { type: "string" }, description);
}

export function flag(description = ""): Parameter<boolean> {
  const make = () => z.boolean("must be true or false");
  return parameter(make, { type: "boolean" }, description);
}

/** A number above 0. */
export function positive(description = ""): Parameter<number> {
  const wanted = "must be a number above 0";
  const make = () => z.number(wanted).check(z.positive(wanted));
  return parameter(make, { type: "number" }, description);
}

export function choice<const T extends string>(
  values: readonly T[],
  description = "",
): Parameter<T> {
  const names = values.map((value) => `"${value}"`).join(" or ");
  const make = () => z.enum(values, `must be ${names}`);
  const offered = { type: "string", enum: [...values] };
  return parameter(make, offered, description);
}

export function list<T>(
  item: Parameter<T>,
  description = "",
  options = { empty: true },
): Parameter<readonly T[]> {
  const make = (): z.ZodMiniType<readonly T[]> => {
    const any = z.array(item.schema, "must be a list");
    return options.empty
      ? any
      : any.check(z.minLength(1, "must have at least one element"));
  };
  const items = item.offered ?? {};
  // What is long comes last, so that the description stands beside the name.
  return items["type"] === "object"
    ? parameter(make, { type: "array", description, items })
    : parameter(make, { type: "array", items }, description);
}

export function object<const P extends Parameters>(
  parameters: P,
): Parameter<Arguments<P>> {
  const entries = Object.entries(parameters);
  const make = () =>
    z.object(
      Object.fromEntries(entries.map(([name, one]) => [name, one.schema])),
      "must be a JSON object",
    ) as unknown as z.ZodMiniType<Arguments<P>>;
  const offered = entries.filter(([, one]) => one.offered !== undefined);
  const sorted = offered.toSorted(([a], [b]) => a < b ? -1 : 1);
  return parameter(make, {
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
  return unrequired(one, one.offered);
}

/** Accepted, as `optional`, and not offered. */
export function unoffered<T>(one: Parameter<T>): Parameter<T | undefined> {
  return unrequired(one, undefined);
}

function unrequired<T>(
  one: Parameter<T>,
  offered: JsonObject | undefined,
): Parameter<T | undefined> {
  return new LazyParameter(
    () =>
      z.pipe(
        z.nullish(one.schema),
        z.transform((value: T | null | undefined) => value ?? undefined),
      ),
    { offered, isRequired: false },
  );
}

function parameter<T>(
  make: () => z.ZodMiniType<T>,
  offered: JsonObject,
  description = "",
): Parameter<T> {
  return new LazyParameter(make, {
    offered: description === "" ? offered : { ...offered, description },
    isRequired: true,
  });
}

// Most tools are offered and never called: a start makes none of their hundred schemas.
class LazyParameter<T> implements Parameter<T> {
  readonly offered: JsonObject | undefined;
  readonly isRequired: boolean;
  readonly #make: () => z.ZodMiniType<T>;
  #schema: z.ZodMiniType<T> | undefined;

  constructor(
    make: () => z.ZodMiniType<T>,
    { offered, isRequired }: Omit<Parameter<T>, "schema">,
  ) {
    this.#make = make;
    this.offered = offered;
    this.isRequired = isRequired;
  }

  get schema(): z.ZodMiniType<T> {
    return this.#schema ??= this.#make();
  }
}
