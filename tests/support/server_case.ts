/** Cases of servers that are not OpenAI's: each a test, and a row of the table of `tests/dialect_table.ts`. */

export interface ServerCase {
  /** What kind of case it is: the table has a row for each. */
  readonly kind: string;
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** All that the test files imported so far have. */
export const SERVER_CASES: ServerCase[] = [];

/** Registers a test of the built program, named by what the user sees. */
export function serverCase(
  kind: string,
  name: string,
  run: () => Promise<void>,
): void {
  SERVER_CASES.push({ kind, name, run });
  Deno.test(name, run);
}
