/** The tasks file: what is taken, and what is refused with its line and key. */
import assert from "node:assert/strict";
import { buildChildArgs } from "../../../core/batch/child_command.ts";
import { sessionIdOf } from "../../../core/batch/identity.ts";
import { planTasks } from "../../../core/batch/plan.ts";
import { parseTasks } from "../../../core/batch/tasks.ts";
import type { Flags } from "../../../core/contract/command_line.ts";
import { understandArgv } from "../../../main.ts";

function parse(...lines: readonly unknown[]): ReturnType<typeof parseTasks> {
  const text = lines.map((line) =>
    typeof line === "string" ? line : JSON.stringify(line)
  ).join("\n");
  return parseTasks(text, "t.jsonl");
}

Deno.test("a task is named by its id or its number, blank lines are no tasks", () => {
  const tasks = parse({ prompt: "a" }, "", { prompt: "b", id: "fix-7" }, "\n");
  assert.deepEqual(tasks.map(({ index, id }) => [index, id]), [
    [0, "0"],
    [1, "fix-7"],
  ]);
});

const REFUSED: readonly (readonly [line: unknown, words: RegExp])[] = [
  ["no json", /line 2: it is no JSON object/],
  [
    { promt: "x", prompt: "x" },
    /line 2: "promt" is no key of a task, did you mean "prompt"/,
  ],
  [{ prompt: "x", limits: { token: 1 } }, /"limits\.token" is no key/],
  [{}, /line 2: "prompt" is missing/],
  [{ prompt: "" }, /"prompt": must not be empty/],
  [{ prompt: 3 }, /"prompt": must be of type string/],
  [{ prompt: "x", id: "../up" }, /"id": must be letters/],
  [{ prompt: "x", id: "0" }, /its id is "0", as that of line 1/],
  [
    { prompt: "x", files: [{ from: "a", to: "sub/.GIT/hooks/pre-commit" }] },
    /"files" has "sub\/\.GIT\/hooks\/pre-commit", which git or an agent/,
  ],
  [{ prompt: "x", files: [".git"] }, /"files" has "\.git", which git/],
  [
    { prompt: "x", files: [{ from: "a", to: "./.codex/config.toml" }] },
    /"files" has "\.\/\.codex\/config\.toml"/,
  ],
  [{ prompt: "x", dir: "a", repo: "b" }, /"dir" and "repo" are both given/],
  [
    { prompt: "x", isolation: "vm" },
    /"isolation": must be one of worktree, copy, in-place/,
  ],
  [
    { prompt: "x", limits: { requests: 0 } },
    /"limits\.requests": must be at least 1/,
  ],
  [{ prompt: "x", limits: { timeout: "soon" } }, /"limits\.timeout" is "soon"/],
  [{ prompt: "x", files: ["../secret"] }, /"files\.0"/],
  [
    { prompt: "x", paths: ["/etc/passwd"] },
    /"paths\.0": must be a relative path without \.\./,
  ],
  [
    { prompt: "x", ref: "main", isolation: "in-place" },
    /"ref" is given for a task in place/,
  ],
];

Deno.test("a bad line of the tasks file is refused with its number and key", () => {
  for (const [line, words] of REFUSED) {
    assert.throws(() => parse({ prompt: "first" }, line), words);
  }
  assert.throws(() => parse(""), /it has no line/);
});

Deno.test("two ids that differ by case alone are one on some disks, and refused", () => {
  assert.throws(
    () => parse({ prompt: "x", id: "fix" }, { prompt: "y", id: "FIX" }),
    /line 2: its id is "FIX", as that of line 1, must be another, and not by case/,
  );
});

Deno.test("a task gets no more of the sandbox than the command line gives", () => {
  const wide = parse({ prompt: "x", sandbox: "danger-full-access" });
  const plan = (flags: Flags) => () => planTasks(wide, { flags });
  assert.throws(plan({}), /must be no more than read-only/);
  assert.throws(
    plan({ sandbox: "workspace-write" }),
    /pass --sandbox danger-full-access/,
  );
  assert.equal(plan({ sandbox: "danger-full-access" })().length, 1);
  assert.equal(plan({ bypass: true })().length, 1);
  const write = parse({ prompt: "x", sandbox: "workspace-write" });
  assert.throws(() =>
    planTasks(write, { flags: { sandbox: "external-sandbox" } })
  );
});

Deno.test("a number of rounds without a command to pass is refused", () => {
  const rounds = parse({ prompt: "x", max_rounds: 2 });
  assert.throws(() => planTasks(rounds, { flags: {} }), /without "until"/);
  assert.equal(planTasks(rounds, { flags: { until: "true" } }).length, 1);
  const until = parse({ prompt: "x", until: "true" });
  assert.equal(planTasks(until, { flags: {} }).length, 1);
});

Deno.test("parts of a tasks file are every Nth task, each in one of them", () => {
  const tasks = parse(...Array.from({ length: 7 }, () => ({ prompt: "x" })));
  const parts = [0, 1, 2].map((index) =>
    planTasks(tasks, { flags: {}, shard: { index, count: 3 } })
      .map((task) => task.index)
  );
  assert.deepEqual(parts, [[0, 3, 6], [1, 4], [2, 5]]);
});

Deno.test("the id of a session is a UUID that follows from the attempt", () => {
  const name = { seed: "s", run: 1, index: 2, attempt: 1 };
  const id = sessionIdOf(name);
  assert.match(
    id,
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.equal(sessionIdOf({ ...name }), id);
  const others = [
    { ...name, seed: "t" },
    { ...name, run: 2 },
    { ...name, index: 3 },
    { ...name, attempt: 2 },
  ].map(sessionIdOf);
  assert.equal(new Set([id, ...others]).size, 5);
});

Deno.test("a task is run with its own words over those of the batch, within what is left", () => {
  const [task] = parse({
    prompt: "x",
    model: "own",
    limits: { requests: 5, tokens: 10, timeout: "90s" },
    schema: "s.json",
    until: "make test",
    max_rounds: 3,
  });
  assert.ok(task !== undefined);
  const args = buildChildArgs({
    task,
    flags: { model: "all", sandbox: "workspace-write", addDir: ["more"] },
    cwd: "/here",
    tasksFolder: "/tasks",
    left: { requests: 3, tokens: 100 },
    sessionId: "id",
    hidden: ["/etc/own", '/out/a "b"'],
    isIsolated: true,
  });
  const text = args.join(" ");
  for (
    const part of [
      "exec --json",
      "--model own",
      "--sandbox workspace-write",
      "--add-dir /here/more",
      "--max-requests 3",
      "--max-tokens 10",
      "--timeout 90000ms",
      "--output-schema /tasks/s.json",
      "--session-id id",
      "--skip-git-repo-check",
      '--config sandbox_workspace_write.deny_read=["/etc/own","/out/a \\"b\\""]',
      "--until make test --max-rounds 3",
    ]
  ) assert.ok(text.includes(part), `${part} in ${text}`);
});

Deno.test("a profile that the tasks file names opens no sandbox", () => {
  const [task] = parse({ prompt: "x", profile: "wide" });
  assert.ok(task !== undefined);
  const args = buildChildArgs({
    task,
    flags: {},
    cwd: "/",
    tasksFolder: "/",
    left: {},
    sessionId: null,
    hidden: ["/out"],
    isIsolated: false,
  });
  assert.deepEqual(args, [
    "exec",
    "--json",
    "--profile",
    "wide",
    "--sandbox",
    "read-only",
    "-",
  ]);
});

Deno.test("what is left of a limit of cost is an amount that the run takes", async () => {
  const [task] = parse({ prompt: "x" });
  assert.ok(task !== undefined);
  for (const cost of [0.5, 0.1 - 0.0999999, 1e-15, 1234.56]) {
    const words = buildChildArgs({
      task,
      flags: {},
      cwd: "/",
      tasksFolder: "/",
      left: { cost },
      sessionId: null,
      hidden: [],
      isIsolated: true,
    });
    const line = await understandArgv(words);
    assert.ok("command" in line, words.join(" "));
    const { maxCost = 0 } = line.flags;
    assert.ok(maxCost > 0 && Math.abs(maxCost - cost) < 1e-11, `${cost}`);
  }
});
