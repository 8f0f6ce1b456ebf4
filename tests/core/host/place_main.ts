/** Starts a made program and says where the machine let it run: for tests in odd places. */
import { spawnChild } from "../../../core/host/spawn.ts";
import { knownPlace } from "../../../core/host/system/made_program.ts";
import { becomeCommand } from "../../../core/util/program/become.ts";
import { renderProgram } from "../../../core/util/program/call_program.ts";

if (import.meta.main) await main();

async function main(): Promise<void> {
  const becoming = { argv: ["echo", "made"], env: { PATH: "/bin" } };
  const child = spawnChild({
    command: "/bin/echo",
    args: ["instead"],
    image: renderProgram(becomeCommand(becoming), Deno.build.arch),
    cwd: "/",
    env: {},
    stdin: "null",
    stdout: "pipe",
    stderr: "inherit",
    detached: true,
  });
  const words = (await new Response(child.stdout).text()).trim();
  console.log(`${words} in ${knownPlace() ?? "no place"}`);
}
