/** `exec --until`: a run is done when a command of the person's says so, not the model. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import type { MockRequest } from "../support/mock_model.ts";
import { call, customCall, say } from "../support/mock_script.ts";
import type { AgentRun } from "../support/run_agent.ts";
import {
  assertNoneLeft,
  ended,
  errorOf,
  eventsOf,
  hasBubblewrap,
  initGit,
  lastEvent,
  newMarker,
  stage,
} from "./support.ts";

function untilOf(run: AgentRun): JsonObject {
  return lastEvent(run)["until"] as JsonObject;
}

function attemptsOf(run: AgentRun, ...names: readonly string[]): unknown[] {
  return eventsOf(run, "attempt").map((event) =>
    Object.fromEntries(names.map((name) => [name, event[name]]))
  );
}

// The last text of the program's own in a request.
function toldOf({ input }: MockRequest): string {
  return JSON.stringify(input.at(-1));
}

function write(path: string, text: string): ReturnType<typeof customCall> {
  return customCall(
    "apply_patch",
    `*** Begin Patch\n*** Add File: ${path}\n+${text}\n*** End Patch\n`,
  );
}

Deno.test("a run with --until is done when its command passes, and says what it said", async () => {
  await using s = await stage({
    script: [
      say("It is there."),
      write("done.txt", "yes"),
      say("Now it is."),
    ],
  });
  const command = "test -e done.txt && echo found || { echo missing; false; }";
  const run = await s.json("make it", {
    args: ["--until", command, "-o", "last.txt"],
  });
  assert.equal(run.code, 0, run.stdout);
  assert.equal(lastEvent(run)["type"], "turn.completed");
  assert.deepEqual(untilOf(run), {
    command,
    passed: true,
    rounds: 2,
    rounds_max: 5,
    exit_code: 0,
    output: "found\n",
  });
  assert.deepEqual(
    attemptsOf(run, "round", "passed", "exit_code", "output", "output_path"),
    [{
      round: 1,
      passed: false,
      exit_code: 1,
      output: "missing\n",
      output_path: null,
    }, {
      round: 2,
      passed: true,
      exit_code: 0,
      output: "found\n",
      output_path: null,
    }],
  );
  const told = toldOf(s.model.request(1));
  assert.match(told, /<check_failed>/);
  assert.match(told, /exit code 1 after .* \(round 1 of 5\)/);
  assert.match(told, /missing/);
  assert.equal(
    await Deno.readTextFile(`${s.home.work}/last.txt`),
    "Now it is.",
  );
});

Deno.test("one run with --until is one turn to its reader, and its usage that of all rounds", async () => {
  await using s = await stage({
    script: [say("One."), write("a", "1"), say("Two."), say("Plain.")],
  });
  const run = await s.json("go", { args: ["--until", "test -e a"] });
  assert.equal(run.code, 0, run.stdout);
  const types = run.events.map((event) => event["type"]);
  assert.equal(types.filter((type) => type === "turn.started").length, 1);
  const usage = (of: AgentRun): number =>
    (lastEvent(of)["usage"] as { input_tokens: number }).input_tokens;
  const sum = eventsOf(run, "request.completed").map((event) =>
    (event["usage"] as { input_tokens: number }).input_tokens
  ).reduce((a, b) => a + b);
  assert.equal(usage(run), sum);
});

Deno.test("a model that lies never yields 0: the run ends with 10 and says it makes no progress", async () => {
  await using s = await stage({ script: () => say("All tests pass.") });
  const run = await s.json("fix it", {
    args: ["--until", "echo took 0.0$$ s; exit 7", "--max-rounds", "9"],
  });
  assert.equal(run.code, 10, run.stdout);
  assert.equal(errorOf(run)["kind"], "check");
  assert.match(
    String(errorOf(run)["message"]),
    /exit code 7.*for 3 rounds it has said the same and no file has changed/,
  );
  assert.equal(s.model.requests.length, 3);
  const until = untilOf(run);
  assert.deepEqual(
    [until["passed"], until["rounds"], until["exit_code"]],
    [false, 3, 7],
  );
  assert.match(toldOf(s.model.request(2)), /no file has changed/);
});

Deno.test("a model that goes on changing files without success has its rounds, and no more", async () => {
  let count = 0;
  await using s = await stage({
    script: ({ input }) =>
      input.at(-1)?.["type"] === "custom_tool_call_output"
        ? say("Better now.")
        : write(`try-${count++}`, "x"),
  });
  const run = await s.json("fix it", {
    args: ["--until", "false", "--max-rounds", "4"],
  });
  assert.equal(run.code, 10, run.stdout);
  assert.match(
    String(errorOf(run)["message"]),
    /4 of 4 rounds are used \(--max-rounds\); exec resume [0-9a-f-]{36} --until goes on$/,
  );
  assert.equal(untilOf(run)["rounds"], 4);
  assert.equal(count, 4);
});

Deno.test("text mode tells people of each check, and stdout has the answer that passed alone", async () => {
  await using s = await stage({
    script: [say("I lied."), write("a", "1"), say("True.")],
  });
  const run = await s.human("go", { args: ["--until", "ls a"] });
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stdout, "True.\n");
  assert.match(run.stderr, /I lied\.[^]*Check failed \(round 1 of 5, exit 2/);
  assert.match(run.stderr, /No such file/);
  assert.match(run.stderr, /Check passed \(round 2 of 5/);
  const failed = await stage({ script: () => say("Done!") });
  await using lying = failed;
  const spent = await lying.human("go", {
    args: ["--until", "false", "--max-rounds", "1", "-o", "last"],
  });
  assert.equal(spent.code, 10, spent.stderr);
  assert.equal(spent.stdout, "");
  assert.match(spent.stderr, /Error: Cannot call it done: false ended/);
  assert.equal(await Deno.readTextFile(`${lying.home.work}/last`), "");
});

Deno.test("--output-format json has the evidence of --until in its one object", async () => {
  await using s = await stage({ script: () => say("Done.") });
  const run = await s.human("go", {
    args: ["--until", "echo seen", "--output-format", "json"],
  });
  const { until, exit_code } = JSON.parse(run.stdout);
  assert.deepEqual([exit_code, until.passed, until.output], [
    0,
    true,
    "seen\n",
  ]);
});

Deno.test("a long output of the check is cut for the model, and a file has all of it", async () => {
  await using s = await stage({
    script: () => say("Done."),
    config: { top: "tool_output_token_limit = 500" },
  });
  const run = await s.json("go", {
    args: ["--until", "seq 20000; exit 1", "--max-rounds", "2"],
  });
  assert.equal(run.code, 10, run.stdout);
  const [{ output_path: path } = {}] = eventsOf(run, "attempt");
  assert.match(await Deno.readTextFile(String(path)), /^1\n[^]*\n20000\n$/);
  const told = toldOf(s.model.request(1));
  assert.match(told, /Output cut in the middle: .* full output is in/);
  assert.match(told, /20000/);
  assert.ok(told.length < 5_000, `${told.length}`);
});

Deno.test("limits hold over all rounds of --until", async () => {
  await using s = await stage({ script: () => say("Done.") });
  const requests = await s.json("go", {
    args: ["--until", "date +%N; false", "--max-requests", "2"],
  });
  assert.equal(requests.code, 6, requests.stdout);
  assert.equal(untilOf(requests)["rounds"], 2);
  const marker = newMarker();
  const time = await s.json("go", {
    args: ["--until", `exec -a ${marker} sleep 60`, "--timeout", "2s"],
  });
  assert.equal(time.code, 124, time.stdout);
  assert.equal(untilOf(time)["passed"], false);
  await assertNoneLeft(marker);
});

Deno.test("a check that takes too long has failed, and the model is told so", async () => {
  await using s = await stage({ script: () => say("Done.") });
  const run = await s.json("go", {
    args: [
      "--until",
      "echo begun; sleep 60",
      "--until-timeout",
      "1s",
      "--max-rounds",
      "2",
    ],
  });
  assert.equal(run.code, 10, run.stdout);
  const [first] = attemptsOf(run, "timed_out", "exit_code", "output");
  assert.deepEqual(first, {
    timed_out: true,
    exit_code: 124,
    output: "begun\n",
  });
  assert.match(toldOf(s.model.request(1)), /ended after 1000 ms/);
});

Deno.test("SIGINT in the middle of a check ends the run with 130 and leaves nothing", async () => {
  await using s = await stage({ script: () => say("Done.") });
  const marker = newMarker();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  await using agent = s.start("go", {
    args: [
      "--until",
      `echo > /dev/tcp/127.0.0.1/${port}; exec -a ${marker} sleep 600`,
    ],
    env: { SHELL: "/bin/bash" },
  });
  (await listener.accept()).close();
  agent.kill("SIGINT");
  const run = await ended(agent);
  assert.equal(run.code, 130, run.stdout);
  assert.deepEqual(eventsOf(run, "attempt"), []);
  assert.equal(untilOf(run)["rounds"], 0);
  await assertNoneLeft(marker);
});

Deno.test("--until goes on with a session of an earlier run, whose last check the model still sees", async () => {
  await using s = await stage({
    script: [say("Done."), write("a", "1"), say("Really.")],
  });
  const first = await s.json("go", {
    args: ["--until", "cat a", "--max-rounds", "1"],
  });
  assert.equal(first.code, 10, first.stdout);
  const second = await s.json("go on", {
    command: ["resume"],
    args: ["--last", "--until", "cat a"],
  });
  assert.equal(second.code, 0, second.stdout);
  assert.match(s.model.request(1).text, /check_failed.*No such file/);
  assert.equal(untilOf(second)["output"], "1\n");
});

Deno.test("without a log --until works as well", async () => {
  await using s = await stage({ script: () => say("Done.") });
  const run = await s.json("go", {
    args: ["--ephemeral", "--until", "seq 90000; exit 1", "--max-rounds", "1"],
  });
  assert.equal(run.code, 10, run.stdout);
  assert.equal(eventsOf(run, "attempt")[0]?.["output_path"], null);
  assert.match(
    String(errorOf(run)["message"]),
    /1 of 1 rounds are used \(--max-rounds\)$/,
  );
});

Deno.test("--output-schema and --until both hold, each round anew", async () => {
  await using s = await stage({
    script: [
      say("no JSON"),
      say("1"),
      write("a", "1"),
      say("again none"),
      say("2"),
    ],
    files: { "schema.json": '{"type":"integer"}' },
  });
  const run = await s.human("go", {
    args: ["--output-schema", "schema.json", "--until", "test -e a"],
  });
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stdout, "2\n");
});

Deno.test("each turn of --input jsonl is done when the command of --until passes", async () => {
  await using s = await stage({
    script: [write("a", "1"), say("First."), say("Second.")],
  });
  await using agent = s.start("go", {
    args: ["--input", "jsonl", "--until", "mv a b || test -e c"],
    stdin: "open",
  });
  assert.equal(
    (await agent.untilEvent("turn.completed"))["exit_code"],
    0,
  );
  await Deno.writeTextFile(`${s.home.work}/c`, "");
  await agent.write(
    '{"type":"user.input","text":"more"}\n{"type":"shutdown"}\n',
  );
  await agent.closeStdin();
  const run = await agent.finished;
  assert.equal(run.code, 0, run.stdout);
  assert.equal(eventsOf(run, "turn.completed").length, 2);
});

Deno.test("undo takes back what all rounds did, and the check itself", async () => {
  await using s = await stage({
    script: [write("a", "1"), say("Done."), write("b", "1"), say("Really.")],
    files: { "log": "before\n" },
  });
  const run = await s.json("go", {
    args: ["--until", "echo checked >> log; cat b"],
  });
  assert.equal(run.code, 0, run.stdout);
  assert.equal(
    await Deno.readTextFile(`${s.home.work}/log`),
    "before\nchecked\nchecked\n",
  );
  const undone = await s.run(["undo", "--yes"]);
  assert.equal(undone.code, 0, undone.stderr);
  assert.equal(await Deno.readTextFile(`${s.home.work}/log`), "before\n");
  const left = await Array.fromAsync(Deno.readDir(s.home.work));
  assert.deepEqual(left.map(({ name }) => name), ["log"]);
});

Deno.test("a staged run is checked in its copy", async () => {
  await using s = await stage({
    script: [say("Done."), write("a", "1"), say("Really.")],
  });
  await initGit(s.home.work);
  const run = await s.json("go", { args: ["--stage", "--until", "cat a"] });
  assert.equal(run.code, 0, run.stdout);
  assert.equal(untilOf(run)["rounds"], 2);
  const { files } = lastEvent(run)["stage"] as { files: { path: string }[] };
  assert.deepEqual(files.map(({ path }) => path), ["a"]);
  await assert.rejects(Deno.stat(`${s.home.work}/a`));
});

Deno.test("a hook that ends the turn does not make it done", async () => {
  await using s = await stage({
    script: [call("shell", { command: ["true"] }), say("never")],
    config: {
      bottom:
        '[[hooks.PostToolUse]]\n[[hooks.PostToolUse.hooks]]\ntype = "command"\ncommand = \'echo "{\\"continue\\": false, \\"stopReason\\": \\"enough\\"}"\'',
    },
  });
  const run = await s.json("go", { args: ["--until", "false"] });
  assert.equal(run.code, 10, run.stdout);
  assert.match(String(errorOf(run)["message"]), /a hook ended the turn/);
});

Deno.test(
  "the check runs in the sandbox of the model's commands and with their environment",
  {
    ignore: !hasBubblewrap(),
  },
  async () => {
    await using s = await stage({ script: () => say("Done.") });
    const check = 'touch inside && test -z "$MOCK_KEY" && test "$CODEX_CI" = 1';
    const args = ["--until", check];
    const writing = await s.json("go", { sandbox: "workspace-write", args });
    assert.equal(writing.code, 0, writing.stdout);
    assert.equal(eventsOf(writing, "attempt")[0]?.["sandbox"], "bwrap");
    await Deno.remove(`${s.home.work}/inside`);
    const reading = await s.json("go", { sandbox: "read-only", args });
    assert.equal(reading.code, 10, reading.stdout);
    assert.match(
      String(eventsOf(reading, "warning")[0]?.["message"]),
      /read-only sandbox probably stopped the check/,
    );
    await assert.rejects(Deno.stat(`${s.home.work}/inside`));
  },
);

Deno.test(
  "where the sandbox turns out not to hold, the check is not run: exit 8",
  {
    ignore: !hasBubblewrap(),
  },
  async () => {
    await using s = await stage({ script: () => say("Done.") });
    const confined = { sandbox: "workspace-write" };
    await s.json("go", confined);
    const path = `${s.home.codexHome}/proofs/sandbox.json`;
    const text = await Deno.readTextFile(path);
    // An earlier run is said to have proved another back end than the one that works.
    const forged = text.replaceAll(
      /"name": "bwrap"/g,
      '"name": "bwrap-noproc"',
    );
    assert.notEqual(forged, text);
    await Deno.writeTextFile(path, forged);
    const run = await s.json("go", {
      ...confined,
      args: ["--until", "touch unconfined"],
    });
    assert.equal(run.code, 8, run.stdout);
    assert.equal(untilOf(run)["rounds"], 0);
    await assert.rejects(Deno.stat(`${s.home.work}/unconfined`));
  },
);

Deno.test("--until is refused where nothing can be changed, and what belongs to it without it", async () => {
  await using s = await stage({ script: () => say("A plan.") });
  const codeOf = async (...args: readonly string[]): Promise<number> =>
    (await s.json("go", { args })).code;
  assert.equal(await codeOf("--plan", "--until", "true"), 2);
  assert.equal(await codeOf("--max-rounds", "2"), 2);
  assert.equal(await codeOf("--until-timeout", "2s"), 2);
  assert.equal(await codeOf("--until", " "), 2);
  assert.equal(await codeOf("--plan"), 0);
  const resumed = await s.json("go", {
    command: ["resume"],
    args: ["--last", "--until", "true"],
  });
  assert.equal(resumed.code, 2, resumed.stdout);
  assert.match(String(errorOf(resumed)["message"]), /plan mode/);
  assert.equal(s.model.requests.length, 1);
  const review = await s.run(["exec", "review", "--until", "true"]);
  assert.equal(review.code, 2);
});
