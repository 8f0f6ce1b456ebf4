import assert from "node:assert/strict";
import { runRole, versionText } from "../../core/roles.ts";

Deno.test("runRole() leaves to the program what is no role, and its exit code", async () => {
  const runs: (readonly string[])[] = [];
  const program = (argv: readonly string[]): Promise<number> => {
    runs.push(argv);
    return Promise.resolve(runs.length);
  };
  const lines = [["sessions"], [], ["apply-patch", "--help"], [
    "sessions",
    "--version",
  ]];
  for (const [index, line] of lines.entries()) {
    assert.equal(await runRole(line, program), index + 1);
  }
  assert.deepEqual(runs, lines);
});

Deno.test("versionText() is one line, and more where that is asked for", async () => {
  assert.match(await versionText([]), /^rondo \d+\.\d+\.\d+\n$/);
  assert.match(await versionText(["--verbose"]), /^rondo .*\n.+\n/);
});
