/** Tests of core/policy/rules.ts: rules of policy beside those of the person. */
import assert from "node:assert/strict";
import {
  buildManagedRules,
  matchRules,
  mergeRules,
  strictestRule,
} from "../../../core/policy/rules.ts";
import { parseRules } from "../../../core/policy/rules_parse.ts";

Deno.test("a managed rule asks or forbids whatever the person's rules allow", () => {
  const managed = buildManagedRules([
    { pattern: [{ token: "rm" }], decision: "forbidden", justification: "no" },
    {
      pattern: [{ token: "git" }, { any_of: ["push", "fetch"] }],
      decision: "prompt-user",
    },
  ], "/etc/codex/requirements.toml");
  const own = parseRules(
    `prefix_rule(pattern=["rm"], decision="allow")
prefix_rule(pattern=["git"], decision="allow")
host_executable(name="rm", paths=["/opt/rm"])
`,
    { file: "/home/ada/own.rules", home: "/home/ada" },
  );
  const decide = (...words: string[]): string | undefined =>
    strictestRule(matchRules(mergeRules([own, managed]), words))?.decision;
  assert.equal(decide("rm", "x"), "forbidden");
  assert.equal(decide("/usr/bin/rm", "x"), "forbidden");
  assert.equal(decide("git", "push"), "prompt");
  assert.equal(decide("git", "fetch", "-q"), "prompt");
  assert.equal(decide("git", "log"), "allow");
});
