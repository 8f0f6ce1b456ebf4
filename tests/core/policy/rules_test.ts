/** Which rules match, and how one is written. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  approvedPrefixes,
  matchRules,
  mergeRules,
  renderPattern,
  renderRule,
  renderSource,
  strictestRule,
} from "../../../core/policy/rules.ts";
import { rulesOf } from "./support.ts";
import { anyCharacter } from "../../support/any_character.ts";

function decisions(text: string, line: string): string[] {
  return matchRules(rulesOf(text), line.split(" ")).map((rule) =>
    rule.decision
  );
}

Deno.test("matchRules() compares whole words from the start, with alternatives", () => {
  const text =
    `prefix_rule(pattern=["git", ["push", "fetch"], "origin"], decision="prompt")`;
  assert.deepEqual(decisions(text, "git push origin main"), ["prompt"]);
  assert.deepEqual(decisions(text, "git fetch origin"), ["prompt"]);
  for (
    const line of [
      "git push",
      "git pull origin",
      "git pushy origin",
      "gi push origin",
      "x git push origin",
    ]
  ) {
    assert.deepEqual(decisions(text, line), [], line);
  }
});

Deno.test("an allowing rule holds for system paths, an asking one for any path", () => {
  const allow = `prefix_rule(pattern=["git"])`;
  assert.deepEqual(decisions(allow, "/usr/bin/git status"), ["allow"]);
  for (const path of ["/tmp/git", "./git", "bin/git", "/usr/bin/gitk"]) {
    assert.deepEqual(decisions(allow, path), [], path);
  }
  const forbid = `prefix_rule(pattern=["git"], decision="forbidden")`;
  for (const path of ["/tmp/git", "./git", "/usr/bin/git"]) {
    assert.deepEqual(decisions(forbid, path), ["forbidden"], path);
  }
});

Deno.test("host_executable() names the only paths that an allowing rule holds for", () => {
  const text = `prefix_rule(pattern=["tool"])
host_executable(name="tool", paths=["/opt/t/tool", "/home/u/bin/tool"])`;
  for (const path of ["tool", "/opt/t/tool", "/home/u/bin/tool"]) {
    assert.deepEqual(decisions(text, path), ["allow"], path);
  }
  assert.deepEqual(decisions(text, "/usr/bin/tool"), []);
});

Deno.test("strictestRule() puts forbidden before prompt before allow", () => {
  const { rules } = rulesOf(`
prefix_rule(pattern=["a"])
prefix_rule(pattern=["a"], decision="forbidden")
prefix_rule(pattern=["a"], decision="prompt")`);
  assert.equal(strictestRule(rules)?.decision, "forbidden");
  assert.equal(strictestRule([]), undefined);
});

Deno.test("mergeRules() joins rules, executables and hosts", () => {
  const merged = mergeRules([
    rulesOf(
      `prefix_rule(pattern=["a"])\nhost_executable(name="a", paths=["/1/a"])`,
    ),
    rulesOf(
      `host_executable(name="a", paths=["/2/a"])\nnetwork_rule(host="x", protocol="https", decision="allow")`,
    ),
  ]);
  assert.equal(merged.rules.length, 1);
  assert.deepEqual(merged.executables.get("a"), ["/1/a", "/2/a"]);
  assert.equal(merged.network.length, 1);
});

Deno.test("renderRule() writes what parseRules() reads back, for any words", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: anyCharacter, minLength: 0, maxLength: 5 }), {
        minLength: 1,
        maxLength: 4,
      }),
      (prefix) => {
        const words = prefix.map((word) => word.toWellFormed());
        const [rule] = rulesOf(renderRule(words, "allow")).rules;
        assert.deepEqual(rule?.pattern, words.map((word) => [word]));
        assert.equal(rule?.decision, "allow");
      },
    ),
  );
});

Deno.test("renderPattern(), renderSource() and approvedPrefixes() speak to people and the model", () => {
  const set = rulesOf(
    `\nprefix_rule(pattern=["git", ["push", "fetch"]])\nprefix_rule(pattern=["x"], decision="prompt")`,
  );
  const [rule] = set.rules;
  assert.ok(rule);
  assert.equal(renderPattern(rule), "git push|fetch");
  assert.equal(renderSource(rule), "/home/u/r.rules:2");
  assert.deepEqual(approvedPrefixes(set), [["git", "push|fetch"]]);
});
