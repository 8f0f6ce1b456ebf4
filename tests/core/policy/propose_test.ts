/** Which prefixes are offered to be saved. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decide } from "../../../core/policy/decide.ts";
import { isBannedPrefix, proposePrefix } from "../../../core/policy/propose.ts";
import { command, input, patch, rulesOf } from "./support.ts";
import { renderRule } from "../../../core/policy/rules.ts";

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
    input(
      command("python3 x.py", {
        ...escalated,
        prefixRule: ["python3", "x.py"],
      }),
    ),
    input(command("sudo npm test", escalated)),
    input(command(["env", "bash", "x"], escalated)),
    input(command("rm notes.txt", escalated)),
    input(command("mv a b", escalated)),
    input(command("ssh host ls", escalated)),
    input(command("seq 30; exit 3", escalated)),
    input(command("source ci.sh", escalated)),
    input(command(". ci.sh", escalated)),
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

Deno.test("proposePrefix() offers program and subcommand where they say what is done", () => {
  const cases = {
    'git commit -m "a message"': "git commit",
    "git add -A": "git add",
    "npm run build -- --watch": "npm run build",
    "pnpm run test:unit": "pnpm run test:unit",
    "cargo test --workspace": "cargo test",
    "deno task x --flag": "deno task x",
    "deno lint main.ts": "deno lint",
    "make test V=1": "make test",
    "go vet ./...": "go vet",
    "cd pkg && CI=1 cargo build --release": "cargo build",
    // What is not known to be harmless stays as it was typed.
    "git push origin main": "git push origin main",
    "git -C x commit": "git -C x commit",
    "npm install left-pad": "npm install left-pad",
    "make -C x": "make -C x",
    "deno run -A x.ts": "deno run -A x.ts",
    "npm run --silent build": "npm run --silent build",
    "touch a": "touch a",
  };
  for (const [line, expected] of Object.entries(cases)) {
    const offered = proposePrefix(input(command(line, escalated)));
    assert.equal(offered?.join(" "), expected, line);
  }
});

Deno.test("proposePrefix() offers only what can be saved and settles the question", () => {
  const words = fc.constantFrom(
    ...("git commit npm run build cargo test deno task make rm python3 sudo " +
      "env sh -c x --y ./z").split(" "),
  );
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 5 }), (argv) => {
      const ask = input(command(argv, escalated));
      const prefix = proposePrefix(ask);
      if (prefix === undefined) return;
      assert.equal(isBannedPrefix(prefix), false);
      const rules = rulesOf(renderRule(prefix, "allow"));
      assert.equal(decide({ ...ask, rules }).type, "run");
    }),
  );
});
