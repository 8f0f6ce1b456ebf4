/** Which prefixes are offered to be saved. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decide } from "../../../core/policy/decide.ts";
import { isBannedPrefix, proposeRules } from "../../../core/policy/propose.ts";
import type { DecideInput } from "../../../core/policy/decide.ts";
import { command, input, patch, rulesOf } from "./support.ts";
import { renderRule } from "../../../core/policy/rules.ts";

const escalated = { escalated: true };

/** The first prefix of the widest rule that is offered. */
function proposePrefix(one: DecideInput): readonly string[] | undefined {
  return proposeRules(one).at(-1)?.prefixes[0];
}

/** Every rule that is offered, as text. */
function offers(one: DecideInput): readonly string[] {
  return proposeRules(one).map(({ prefixes, sandbox }) =>
    `${prefixes.map((words) => words.join(" ")).join(" + ")}: ${
      sandbox === undefined ? "outside" : sandbox.join(" ") || "inside"
    }`
  );
}

Deno.test("proposeRules() offers the model's own prefix when it settles the question", () => {
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

Deno.test("proposeRules() falls back to the words that were asked about", () => {
  for (
    const prefixRule of [["python3"], ["bash", "-lc"], ["cargo"], ["git"], [
      "npm",
      "install",
    ], []]
  ) {
    const ask = input(command("CI=1 npm test", { ...escalated, prefixRule }));
    assert.deepEqual(proposePrefix(ask), ["npm", "test"], prefixRule.join(" "));
  }
  const untrusted = input(command("ls && npm test"), { approval: "untrusted" });
  assert.deepEqual(proposePrefix(untrusted), ["npm", "test"]);
});

Deno.test("proposeRules() offers nothing that would not help or would allow too much", () => {
  const none = [
    input(command("strace npm test", escalated)),
    input(command("tar xf x", escalated)),
    input(command("java -jar x.jar", escalated)),
    input(command("watch ls", escalated)),
    input(command("npm", escalated)),
    input(command("cd /other && git commit -m x", escalated)),
    input(command("cd vendor && git commit -m x", escalated)),
    input(command("git commit", { ...escalated, cwd: "/other" })),
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
      "npm",
      "cargo",
      "pip",
      "env npm test",
      "setsid npm test",
      "timeout 5 npm test",
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
      "npm test",
      "cargo test",
      "python3 x.py",
      "/usr/bin/cargo test",
    ]
  ) {
    assert.equal(isBannedPrefix(line.split(" ")), false, line);
  }
});

Deno.test("proposeRules() offers program and subcommand where they say what is done", () => {
  const cases = {
    'git commit -m "a message"': "git commit",
    "git add -A": "git add",
    "npm run build -- --watch": "npm run build",
    "pnpm run test:unit": "pnpm run test:unit",
    "cargo test --workspace": "cargo test",
    "deno task x --flag": "deno task x",
    "deno lint main.ts": "deno lint",
    "make test -j 8": "make test",
    "make test V=1": "make test V=1",
    "make test deploy": "make test deploy",
    "pytest tests/x_test.py -k a": "pytest",
    "python3 -m pytest tests/x_test.py": "python3 -m pytest",
    "npx vitest run src/x.test.ts": "npx vitest",
    "docker build -t x .": "docker build",
    "docker compose up -d": "docker compose up",
    "gh pr view 12": "gh pr view",
    "tsc --noEmit 2>&1 | tail -20": "tsc",
    "go vet ./...": "go vet",
    "cd /ws && CI=1 cargo build --release": "cargo build",
    // What is not known to be harmless stays as it was typed.
    "git push origin main": "git push origin main",
    "docker run x": "docker run x",
    "npm install left-pad": "npm install left-pad",
    "deno run -A x.ts": "deno run -A x.ts",
    "npm run --silent build": "npm run --silent build",
    "touch a": "touch a",
  };
  for (const [line, expected] of Object.entries(cases)) {
    const offered = proposePrefix(input(command(line, escalated)));
    assert.equal(offered?.join(" "), expected, line);
  }
});

Deno.test("proposeRules() offers only what can be saved and settles the question", () => {
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

Deno.test("proposeRules() offers the network before the way out, and nothing that does not serve", () => {
  assert.deepEqual(offers(input(command("npm ci", escalated))), [
    "npm ci: network",
    "npm ci: outside",
  ]);
  assert.deepEqual(offers(input(command("git commit -m x", escalated))), [
    "git commit: outside",
  ]);
  const untrusted = { approval: "untrusted" } as const;
  assert.deepEqual(offers(input(command("npm test"), untrusted)), [
    "npm test: inside",
    "npm test: network",
    "npm test: outside",
  ]);
  // Below the workspace only what keeps the sandbox.
  assert.deepEqual(offers(input(command("cd pkg && npm ci", escalated))), [
    "npm ci: network",
  ]);
});

Deno.test("proposeRules() offers what the sandbox was seen to withhold", () => {
  const after = (missing: readonly string[]): readonly unknown[] =>
    proposeRules(
      input(command("npm ci"), { approval: "on-failure" }),
      missing,
    ).map(({ sandbox }) => sandbox);
  assert.deepEqual(after(["network"]), [["network"], undefined]);
  assert.deepEqual(after(["/home/u/.npm"]), [["/home/u/.npm"], undefined]);
  assert.deepEqual(after([]), [undefined]);
});

Deno.test("proposeRules() offers a rule for each part that needs one", () => {
  assert.deepEqual(
    offers(
      input(
        command("git add -A && git commit -m x && echo done", escalated),
      ),
    ),
    ["git add + git commit: outside"],
  );
  assert.deepEqual(offers(input(command("npm ci && npm ci", escalated))), [
    "npm ci: network",
    "npm ci: outside",
  ]);
  const rules = rulesOf(renderRule(["git", "add"], "allow"));
  assert.deepEqual(
    offers(input(command("git add . && git commit", escalated), { rules })),
    ["git commit: outside"],
  );
});

Deno.test("proposeRules() offers no beginning that would start or write anything", () => {
  const cases = {
    "docker run x": ["docker", "run"],
    "poetry run pytest": ["poetry", "run"],
    "uv --quiet run x": ["uv", "--quiet", "run"],
    "kubectl -n a exec pod": ["kubectl", "-n", "a", "exec"],
    "deno eval x": ["deno", "eval"],
    "kubectl exec pod": ["kubectl", "exec"],
    "git bisect run x": ["git", "bisect", "run"],
    "git config user.name x": ["git", "config"],
    "curl http://x": ["curl"],
    "touch a": ["touch"],
  };
  for (const [line, prefixRule] of Object.entries(cases)) {
    const ask = input(command(line, { ...escalated, prefixRule }));
    assert.equal(proposePrefix(ask)?.join(" "), line);
  }
  for (
    const line of [
      "hyperfine x",
      "rlwrap sh",
      "ld-linux-x86-64.so.2 x",
      "poetry run python x.py",
      "npm exec -- sh",
      "ln -s a b",
      "rake x",
    ]
  ) {
    assert.equal(
      proposePrefix(input(command(line, escalated))),
      undefined,
      line,
    );
  }
});

Deno.test("a saved rule does not hold for words that write or send elsewhere", () => {
  const rules = rulesOf(
    ["curl http://x", "sort a", "gcc a.c", "tsc"].map((line) =>
      renderRule(line.split(" "), "allow")
    ).join("\n"),
  );
  for (
    const line of [
      "curl http://x -o y",
      "curl http://x http://y",
      "curl http://x --upload-file y",
      "sort a -o y",
      "gcc a.c -oy",
      "gcc a.c -wrapper y",
      "tsc --outFile y",
    ]
  ) {
    const verdict = decide(input(command(line), { rules }));
    assert.deepEqual(verdict, { type: "run", sandboxed: true }, line);
  }
});
