/** Which prefixes are offered to be saved. */
import assert from "node:assert/strict";
import { decide } from "../../../core/policy/decide.ts";
import { isBannedPrefix, proposePrefix } from "../../../core/policy/propose.ts";
import { renderRule } from "../../../core/policy/rules_text.ts";
import { command, input, patch, rulesOf } from "./support_policy.ts";

const escalated = { escalated: true };

Deno.test("proposePrefix() offers the model's own prefix when it settles the question", () => {
  const ask = input(
    command("npm run build --x", { ...escalated, prefixRule: ["npm", "run"] }),
  );
  assert.deepEqual(proposePrefix(ask), ["npm", "run"]);
  assert.equal(
    decide({ ...ask, rules: rulesOf(renderRule(["npm", "run"], "allow")) })
      .type,
    "run",
  );
});

Deno.test("proposePrefix() falls back to the words that were asked about", () => {
  for (
    const prefixRule of [["python3"], ["bash", "-lc"], ["cargo"], ["git"], [
      "npm",
      "install",
    ], []]
  ) {
    const ask = input(
      command("cd x && CI=1 npm test", { ...escalated, prefixRule }),
    );
    assert.deepEqual(proposePrefix(ask), ["npm", "test"], prefixRule.join(" "));
  }
  const untrusted = input(command("ls && npm test"), { approval: "untrusted" });
  assert.deepEqual(proposePrefix(untrusted), ["npm", "test"]);
});

Deno.test("proposePrefix() offers nothing that would not help or would allow too much", () => {
  const none = [
    input(command("a && b", escalated)),
    input(command("npm test > log", escalated)),
    input(command("rm -rf x")),
    input(command("python3 <<'E'\nx\nE", escalated)),
    input(command("python3 -", escalated)),
    input(command("./x.sh", escalated)),
    input(patch("/etc/x")),
    input(command("git push"), {
      rules: rulesOf(`prefix_rule(pattern=["git"], decision="prompt")`),
    }),
    input(command("x && $(git push)", escalated), {
      rules: rulesOf(`prefix_rule(pattern=["git"], decision="prompt")`),
    }),
  ];
  for (const one of none) {
    assert.equal(proposePrefix(one), undefined, JSON.stringify(one.action));
  }
});

Deno.test("isBannedPrefix() refuses interpreters, wrappers, shells and relative paths", () => {
  for (
    const line of [
      "python3",
      "python3.12",
      "python3 -c",
      "node -e",
      "bash",
      "bash -lc",
      "/bin/sh -c",
      "env",
      "sudo",
      "git",
      "xargs",
      "npx",
      "./x",
      "/tmp/x",
      "rm -f",
      "",
    ]
  ) {
    assert.equal(isBannedPrefix(line.split(" ")), true, line);
  }
  assert.equal(isBannedPrefix([]), true);
  for (
    const line of [
      "git push",
      "npm",
      "cargo test",
      "python3 x.py",
      "/usr/bin/cargo",
    ]
  ) {
    assert.equal(isBannedPrefix(line.split(" ")), false, line);
  }
});
