/** Variables that are no more than a wish of the person's. */

/** The value of one; one that is not UTF-8 counts as not set. */
export function textVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
