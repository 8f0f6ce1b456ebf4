/** What escape cases need of the machine, and what is said where it is not there. */
import assert from "node:assert/strict";

const IS_REQUIRED = Deno.env.get("SANDBOX_REQUIRED") === "1";

export async function isThere(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", `command -v ${program}`],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/** Says why something is not tested; where the sandbox is required that is a failure. */
export function skipLoudly(what: string): void {
  assert.ok(!IS_REQUIRED, `${what}, and SANDBOX_REQUIRED=1`);
  console.error(`\n  SKIPPED: ${what}`);
}

/** The program of tricks.c; undefined where there is no compiler. */
export async function compileTricks(
  folder: string,
): Promise<string | undefined> {
  const source = decodeURIComponent(
    new URL("./tricks.c", import.meta.url).pathname,
  );
  const output = `${folder}/tricks`;
  const { success } = await new Deno.Command("gcc", {
    args: ["-O1", "-w", "-o", output, source, "-lutil"],
  }).output();
  return success ? output : undefined;
}

/**
 * A program where commands cannot write: below /tmp, where a checkout or a home may well be,
 * Landlock would have to close the whole of /tmp to protect it.
 */
export async function placeProgram(
  folder: string,
  path: string,
): Promise<string> {
  const copy = `${folder}/${path.split("/").at(-1)}`;
  await Deno.copyFile(path, copy);
  await Deno.chmod(copy, 0o755);
  return copy;
}
