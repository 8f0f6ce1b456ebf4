/** Programs of the engines, run to their end. */
import assert from "node:assert/strict";

export interface Run {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are no failure; 0 unless given. */
  readonly codes?: readonly number[];
}

/** What it printed. Fails with all of it where it does not end as it should. */
export async function run(
  [program = "", ...args]: readonly string[],
  { cwd, env, codes = [0] }: Run,
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    ...(env && { env, clearEnv: true }),
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const out = decoder.decode(stdout);
  assert.ok(
    codes.includes(code),
    `${program} ${args.join(" ")}: ${code}\n${out}\n${decoder.decode(stderr)}`,
  );
  return out;
}

/** Those that are not installed. */
export function missing(programs: readonly string[]): readonly string[] {
  return programs.filter((program) =>
    !new Deno.Command("sh", {
      args: ["-c", `PATH=$PATH:/usr/sbin; command -v ${program}`],
      stdout: "null",
    }).outputSync().success
  );
}
