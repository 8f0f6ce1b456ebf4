/** What every script with a command line of its own does. */
import { resolve } from "node:path";

/** Runs it; what it throws is one sentence for a person, and exit code 1. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}

/** A path as the person meant it: a task runs in the folder of deno.json, and says where it was called from. */
export function toPath(word: string): string {
  return resolve(Deno.env.get("INIT_CWD") ?? "", word);
}
