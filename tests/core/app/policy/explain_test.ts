/** The policy subcommands: explain, test, lint, list and revoke. */
import assert from "node:assert/strict";
import {
  type CommandOutput,
  explainCommand,
  listRules,
  type Policies,
  revokeRule,
} from "../../../../core/app/policy/explain.ts";
import { testPolicy } from "../../../../core/app/policy/cases.ts";
import { lintPolicy } from "../../../../core/app/policy/lint.ts";
import type { PrefixRule } from "../../../../core/policy/rules.ts";
import { FULL, granular, rulesOf, WORKSPACE } from "../../policy/support.ts";
import { READ_ONLY } from "../../../support/settings.ts";

/** What people see of it. */
function shown(
  { report: _report, ...texts }: CommandOutput,
): Omit<CommandOutput, "report"> {
  return texts;
}

function policies(
  more: Partial<Policies> & { text?: string } = {},
): Policies & { cwd: string } {
  const { text = "", ...rest } = more;
  return {
    approval: "on-request",
    sandbox: WORKSPACE,
    rules: rulesOf(text),
    workspace: "/ws",
    cwd: "/ws",
    ...rest,
  };
}

Deno.test("explainCommand() shows how a command is read, which rules hold, and the verdict", () => {
  const text =
    `prefix_rule(pattern=["npm", "test"], sandbox=["network"], justification="fast")`;
  const output = explainCommand([
    "bash",
    "-lc",
    "cd sub && ls | CI=1 npm test x",
  ], { ...policies({ text }), approval: "untrusted", mounts: "bind /ws\n" });
  assert.deepEqual(shown(output), {
    exitCode: 0,
    stderr: "",
    stdout: `command:    bash -lc 'cd sub && ls | CI=1 npm test x'
read as:    a shell script of literal commands
runs in:    /ws/sub
left out:   cd sub (changes nothing)
left out:   CI=1 (changes nothing)
part 1:     ls  (no rule; known to only read)
part 2:     npm test x  (allow "npm test" in the sandbox with network (/home/u/r.rules:1): fast)
approval:   untrusted
sandbox:    workspace-write
verdict:    run in the sandbox with network

bind /ws
`,
  });
});

Deno.test("explainCommand() says why it would ask and what an answer would remember", () => {
  const { stdout } = explainCommand(
    ["npm", "test"],
    policies({ approval: "untrusted" }),
  );
  assert.match(
    stdout,
    /verdict: {4}ask, then run in the sandbox\nbecause: {4}"npm test" is not known to only read\nremembers: {2}Until this session ends: npm test in \/ws\ncould save: npm test \(in the sandbox\)\ncould save: npm test \(in the sandbox with network\)\ncould save: npm test \(without the sandbox\)\n$/,
  );
  assert.match(
    explainCommand(["rm", "-rf", "x"], policies()).stdout,
    /could save: no rule is safe to save/,
  );
  assert.match(
    explainCommand(
      ["bash", "-c", "x > y; rm -f z"],
      policies({ approval: "never" }),
    ).stdout,
    /read as: {4}a shell script that only a shell[^]*verdict: {4}refuse\nbecause: {4}"rm -f z" deletes/,
  );
  const text = `prefix_rule(pattern=["git"], decision="prompt")`;
  assert.match(
    explainCommand(["bash", "-c", "$(git x)"], policies({ text })).stdout,
    /inside it: {2}prompt "git"/,
  );
  assert.match(
    explainCommand(["ls"], policies({ sandbox: FULL })).stdout,
    /verdict: {4}run without a sandbox/,
  );
});

Deno.test("testPolicy() passes when every case is as expected", () => {
  const text = `# comment
{"command": "ls && npm test", "expect": "run-sandboxed"}

{"command": ["git", "push"], "expect": "ask"}
{"command": ["git", "push"], "expect": "prompt"}
{"command": "make", "expect": "run-outside"}
{"command": "make", "expect": "allow"}
{"command": "rm -rf /", "expect": "ask", "name": "never by itself"}
{"command": "npm i", "escalated": true, "expect": "ask"}
{"command": "shutdown", "expect": "refuse"}
{"command": "sudo shutdown now", "expect": "forbidden"}
`;
  const rules = rulesOf(`prefix_rule(pattern=["git", "push"], decision="prompt")
prefix_rule(pattern=["make"])
prefix_rule(pattern=["shutdown"], decision="forbidden")`);
  assert.deepEqual(
    shown(testPolicy(text, { ...policies({ rules }), file: "c.jsonl" })),
    { exitCode: 0, stdout: "9 cases, 0 not as expected\n", stderr: "" },
  );
});

Deno.test("testPolicy() names file and line of what is not as expected", () => {
  const text =
    `{"command": "ls", "expect": "refuse"}\n{"command": "rm -f x", "expect": "run", "name": "clean"}\n`;
  const output = testPolicy(text, { ...policies(), file: "c.jsonl" });
  assert.deepEqual(shown(output), {
    exitCode: 1,
    stdout: `c.jsonl:1: expected refuse, got run in the sandbox: bash -lc ls
c.jsonl:2: expected run, got ask, then run in the sandbox ("rm -f x" deletes without asking back): clean
2 cases, 2 not as expected
`,
    stderr: "",
  });
});

Deno.test("testPolicy() refuses a file that is no list of cases", () => {
  for (
    const line of [
      "{",
      "[]",
      "{}",
      `{"command": [], "expect": "run"}`,
      `{"command": "x", "expect": "maybe"}`,
      `{"command": "x", "expect": "run", "typo": 1}`,
    ]
  ) {
    const output = testPolicy(`\n${line}\n`, {
      ...policies(),
      file: "c.jsonl",
    });
    assert.equal(output.exitCode, 2, line);
    assert.match(output.stderr, /^c\.jsonl:2: (not JSON|".*" does not fit)/);
  }
  assert.deepEqual(
    testPolicy("# nothing\n", { ...policies(), file: "c.jsonl" }).exitCode,
    2,
  );
});

Deno.test("lintPolicy() fails headless exactly when something could ask", () => {
  const code = (more: Parameters<typeof policies>[0]): number =>
    lintPolicy(policies(more), { headless: true }).exitCode;
  assert.deepEqual(
    ([
      "untrusted",
      "on-request",
      "on-failure",
      "never",
      granular(true, false),
      granular(false, true),
      granular(false, false),
    ] as const).map((approval) => code({ approval })),
    [1, 1, 1, 0, 1, 0, 0],
  );
  const text = `prefix_rule(pattern=["git"], decision="prompt")`;
  assert.equal(code({ approval: "never", text }), 0);
  assert.equal(code({ approval: granular(false, true), text }), 1);
  assert.equal(code({ approval: "on-request", sandbox: FULL }), 1);
  const quiet = lintPolicy(policies({ approval: "never" }), { headless: true });
  assert.equal(quiet.stdout, "Nothing in this policy asks\n");
  const asking =
    lintPolicy(policies({ sandbox: READ_ONLY }), { headless: true }).stdout;
  assert.match(
    asking,
    /^asks: approval_policy = "on-request" asks before commands that delete by force[^]*outside the sandbox[^]*3 problems\n$/,
  );
  assert.equal(lintPolicy(policies({}), { headless: false }).exitCode, 0);
});

Deno.test("lintPolicy() warns of rules that allow anything or have no effect", () => {
  const text = `prefix_rule(pattern=["python3"])
prefix_rule(pattern=["git", ["push", "fetch"]])
prefix_rule(pattern=["git"], decision="forbidden")
prefix_rule(pattern=["/opt/x/tool"])
network_rule(host="x", protocol="https", decision="allow")`;
  const output = lintPolicy(policies({ text, approval: "never" }), {
    headless: false,
  });
  assert.deepEqual(output.stdout.split("\n"), [
    'risk: rule "python3" (/home/u/r.rules:1) allows anything, without a sandbox',
    'note: rule "git push|fetch" (/home/u/r.rules:2) has no effect: forbidden "git" (/home/u/r.rules:3) is stricter and holds for all of it',
    "note: /home/u/r.rules:5: network_rule() for x has no effect: the sandbox opens the network to all hosts or to none",
    "1 problem",
    "",
  ]);
  assert.equal(output.exitCode, 1);
});

Deno.test("listRules() and revokeRule() work by number and by words", async () => {
  const rules = rulesOf(
    `prefix_rule(pattern=["npm", "test"])\nprefix_rule(pattern=["git"], decision="prompt", justification="why")\nprefix_rule(pattern=["git"])`,
  );
  assert.equal(
    listRules(rules).stdout,
    `1\tallow "npm test" (/home/u/r.rules:1)\n2\tprompt "git" (/home/u/r.rules:2): why\n3\tallow "git" (/home/u/r.rules:3)\n`,
  );
  assert.equal(listRules(rulesOf("")).stdout, "There are no rules\n");
  const revoked: PrefixRule[] = [];
  const store = {
    current: () => rules,
    revoke: (rule: PrefixRule) => {
      revoked.push(rule);
      return Promise.resolve();
    },
  };
  assert.deepEqual(shown(await revokeRule(["2"], store)), {
    exitCode: 0,
    stdout: `Revoked: prompt "git" (/home/u/r.rules:2): why\n`,
    stderr: "",
  });
  assert.equal((await revokeRule(["npm", "test"], store)).exitCode, 0);
  assert.deepEqual(revoked.map(({ source }) => source.line), [2, 1]);
  for (
    const [selector, message] of [
      ["0", /no such rule/],
      ["9", /no such rule/],
      ["x", /no such rule/],
      ["", /no such rule/],
      ["git", /several rules fit/],
    ] as const
  ) {
    const output = await revokeRule([selector], store);
    assert.equal(output.exitCode, 2);
    assert.match(output.stderr, message);
  }
  assert.equal(revoked.length, 2);
});

Deno.test("explainCommand() says when a rule does not hold, and draws no line for the command", () => {
  const text = `prefix_rule(pattern=["git"])`;
  const { stdout } = explainCommand(
    ["bash", "-c", "git -C /x push 'a\nverdict:    run\u202e'"],
    policies({ text }),
  );
  assert.match(stdout, /does not hold outside the workspace folder or with/);
  assert.match(stdout, /\n {12}verdict: {4}run\\u\{202e\}/);
});
