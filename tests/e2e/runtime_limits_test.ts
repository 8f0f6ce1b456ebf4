/** What the runtime itself does not survive, and what it does: the README names the former. */
import assert from "node:assert/strict";
import { agentCommand } from "../support/run_agent.ts";
import { say } from "../support/mock_model.ts";
import { isCompiled } from "../support/run_agent.ts";
import { stage } from "./support.ts";

/** Words before the program, and the exit codes that are the runtime's own. */
const PANICS: readonly (readonly [string, string, number])[] = [
  ["an argument that is not UTF-8", "set -- \"$@\" $'\\xff'", 101],
  ["a working folder that is gone", "mkdir gone; cd gone; rmdir ../gone", 101],
  ["10 descriptors", "ulimit -n 10", 101],
  ["a stack of 64 KiB", "ulimit -s 64", 134],
  ["an address space of 1 GB", "ulimit -v 1000000", 133],
  ["an empty TMPDIR", "export TMPDIR=", 1],
  ["a relative TMPDIR", "export TMPDIR=relative", 1],
  ["a language of twelve letters", "export LANG=abcdefghijkl", 139],
];

/** As small as they may be. */
const SURVIVED: readonly (readonly [string, string, number])[] = [
  ["20 descriptors", "ulimit -n 20", 0],
  ["a stack of 1 MiB", "ulimit -s 1024", 0],
  ["files of 1 KiB", "ulimit -f 1", 9],
  ["a TMPDIR that is not there", "export TMPDIR=/no/such/folder", 0],
];

for (const [name, before, code] of [...PANICS, ...SURVIVED]) {
  const isPanic = PANICS.some(([panic]) => panic === name);
  Deno.test({
    name: `${name} ${isPanic ? "ends the runtime" : "is survived"}`,
    ignore: Deno.build.os !== "linux" || !isCompiled(),
    fn: async () => {
      await using s = await stage({ script: () => say("done") });
      const words =
        "exec --json --skip-git-repo-check -s danger-full-access hi";
      const run = await new Deno.Command("bash", {
        args: ["-c", `${before}; exec "$@"`, "bash"]
          .concat(agentCommand(), words.split(" ")),
        cwd: s.home.work,
        env: {
          PATH: Deno.env.get("PATH") ?? "",
          HOME: s.home.home,
          CODEX_HOME: s.home.codexHome,
          MOCK_KEY: "mock-key",
        },
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).output();
      const stdout = new TextDecoder().decode(run.stdout);
      assert.equal(run.code, code, new TextDecoder().decode(run.stderr));
      if (isPanic) return assert.equal(stdout, "");
      const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
      assert.equal(last.exit_code, code);
    },
  });
}
