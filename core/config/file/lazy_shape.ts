/** Members of a table of config.toml, each made when it is first looked at. */
import type * as z from "zod/mini";
import { type Fate, fatedSchema } from "./fates.ts";

type Makers = Readonly<Record<string, () => z.ZodMiniType>>;

/** A run looks at a dozen of some 150 keys; to make all of them took it 5 of 60 ms. */
export function lazyShape<T extends Makers>(
  makers: T,
): { readonly [K in keyof T]: ReturnType<T[K]> } {
  const shape = {};
  for (const [key, make] of Object.entries(makers)) {
    let made: z.ZodMiniType | undefined;
    Object.defineProperty(shape, key, {
      enumerable: true,
      get: () => made ??= make(),
    });
  }
  return shape as ReturnType<typeof lazyShape<T>>;
}

/** The makers of keys that nothing reads, which share a schema for each fate. */
export function fatedMakers(
  fates: Readonly<Record<string, Fate>>,
): Readonly<Record<string, () => z.ZodMiniType>> {
  const made = new Map<Fate, z.ZodMiniType>();
  const make = (fate: Fate): z.ZodMiniType => {
    const schema = made.get(fate) ?? fatedSchema(fate);
    made.set(fate, schema);
    return schema;
  };
  return Object.fromEntries(
    Object.entries(fates).map(([key, fate]) => [key, () => make(fate)]),
  );
}
