import assert from "node:assert/strict";
import { decide } from "../../../core/policy/decide.ts";
import { shellOf } from "../../../tools/live/user_shell.ts";
import { command, input, rulesOf } from "../../core/policy/support.ts";

Deno.test("Whatever the person's shell is, a rule sees the command that it is given", () => {
  const rules = rulesOf(
    'prefix_rule(pattern=["git", "push"], decision="forbidden")',
  );
  const shells = [
    "/bin/zsh",
    "/usr/bin/fish",
    "/bin/tcsh",
    "/planted/bash",
    "",
  ];
  const chosen = shells.map((shell) => shellOf({ env: () => shell }));
  assert.deepEqual(chosen, [
    "/bin/zsh",
    "/bin/sh",
    "/bin/sh",
    "/bin/sh",
    "/bin/sh",
  ]);
  for (const shell of chosen) {
    const action = command([shell, "-c", "git push"]);
    assert.equal(decide(input(action, { rules })).type, "refuse", shell);
  }
});
