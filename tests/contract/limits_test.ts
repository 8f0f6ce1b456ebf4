/** The limits of a run as a contract: told once, kept, and lifted on demand. */
import assert from "node:assert/strict";
import {
  call,
  type MockRequest,
  say,
  type Step,
  usage,
} from "../support/mock_model.ts";
import { hang } from "../support/mock_script.ts";
import { type CheckedRun, kindOf, openStage } from "./support.ts";

function shell(callId: string, script = "echo hi"): Step {
  return call("shell", { command: ["sh", "-c", script] }, { callId });
}

// A command with every answer, and so many tokens.
function spending(tokens: number, calls = 1): (request: MockRequest) => Step {
  return ({ index }) =>
    [
      ...Array.from({ length: calls }, (_, at) => shell(`c${index}_${at}`)),
      usage({
        input_tokens: tokens - 10,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 10,
        total_tokens: tokens,
      }),
    ].flat();
}

function noticesIn(request: MockRequest): number {
  return request.input.filter((item) =>
    item["role"] === "developer" &&
    JSON.stringify(item).includes("<limit_notice>")
  ).length;
}

function commandsOf(run: CheckedRun): number {
  return run.lines.filter((line) =>
    line.type === "item.completed" && line.item.type === "command_execution"
  ).length;
}

Deno.test("--max-requests tells the model once, stops before the next request, keeps the work", async () => {
  await using stage = await openStage({ script: spending(100) });
  const run = await stage.exec(["--max-requests=10", "go"]);
  assert.deepEqual([run.code, kindOf(run)], [6, "limit"]);
  assert.match(run.stderr, /10 of 10 requests are used/);
  assert.deepEqual(
    stage.model.requests.map(noticesIn),
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
  );
  assert.equal(commandsOf(run), 10);
  assert.equal(
    run.last.usage.input_tokens + run.last.usage.output_tokens,
    1_000,
  );
});

Deno.test("--max-tokens with four parallel tools overshoots by one response at most", async () => {
  await using stage = await openStage({ script: spending(300, 4) });
  const run = await stage.exec(["--max-tokens=1000", "go"]);
  assert.deepEqual([run.code, kindOf(run)], [6, "limit"]);
  const { input_tokens, output_tokens } = run.last.usage;
  assert.equal(input_tokens + output_tokens, 1_200);
  assert.equal(stage.model.requests.length, 4);
  assert.equal(commandsOf(run), 16);
  assert.deepEqual(stage.model.requests.map(noticesIn), [0, 0, 0, 1]);
});

Deno.test("--max-tool-calls counts every call of an answer", async () => {
  await using stage = await openStage({ script: spending(10, 3) });
  const run = await stage.exec(["--max-tool-calls=7", "go"]);
  assert.deepEqual([run.code, kindOf(run), commandsOf(run)], [6, "limit", 9]);
  assert.deepEqual(stage.model.requests.map(noticesIn), [0, 0, 1]);
});

Deno.test("--max-cost counts money by the prices of the configuration", async () => {
  const prices = '[prices."gpt-5.2-codex"]\ninput = 100.0\noutput = 1000.0';
  await using stage = await openStage({
    script: spending(1_010),
    config: { bottom: prices },
  });
  // 1,000 tokens in and 10 out are 0.11 an answer.
  const run = await stage.exec(["--max-cost=0.50", "go"]);
  assert.deepEqual([run.code, kindOf(run)], [6, "limit"]);
  assert.match(run.stderr, /0\.5500 of 0\.5 cost/);
  assert.equal(stage.model.requests.length, 5);
  assert.deepEqual(stage.model.requests.map(noticesIn), [0, 0, 0, 0, 1]);
});

Deno.test("--max-cost counts by the price that the maker lists, where none is configured", async () => {
  await using stage = await openStage({ script: spending(1_010) });
  // 1,000 tokens in and 10 out of gpt-5.2-codex are 0.00189 dollars.
  const run = await stage.exec(["--max-cost=0.005", "go"]);
  assert.deepEqual([run.code, kindOf(run)], [6, "limit"]);
  assert.equal(stage.model.requests.length, 3);
});

Deno.test("limits of the configuration bind, and flags win over them", async () => {
  await using stage = await openStage({
    script: spending(10),
    config: { bottom: "[limits]\nmax_requests = 2" },
  });
  const first = await stage.exec(["go"]);
  assert.deepEqual([first.code, stage.model.requests.length], [6, 2]);
  const second = await stage.exec(["--max-requests=3", "go"]);
  assert.deepEqual([second.code, stage.model.requests.length], [6, 5]);
});

Deno.test("--timeout and limits.timeout end a silent stream and a long command with 124", async () => {
  for (
    const [flags, bottom] of [
      [["--timeout=1s"], ""],
      [[], '[limits]\ntimeout = "1s"'],
    ] as const
  ) {
    await using stage = await openStage({
      script: [hang({ before: true }), shell("a", "sleep 60"), say("late")],
      config: { bottom },
      laws: false,
    });
    for (let turn = 0; turn < 2; turn++) {
      const run = await stage.exec([...flags, "go"]);
      assert.deepEqual([run.code, kindOf(run)], [124, "timeout"], run.stdout);
    }
  }
});

Deno.test("a time limit of a month is no limit of a moment", async () => {
  await using stage = await openStage({ script: [say("done")] });
  const run = await stage.exec(["--timeout=720h", "go"]);
  assert.equal(run.code, 0, run.stderr);
});

Deno.test("a run that met its limit goes on when it is raised", async () => {
  await using stage = await openStage({ script: spending(100) });
  const first = await stage.exec(["--max-tokens=200", "go"]);
  assert.deepEqual([first.code, stage.model.requests.length], [6, 2]);
  const resume = ["resume", "--last", "--raise", "tokens=+300", "go on"];
  const second = await stage.exec(resume);
  assert.deepEqual([second.code, kindOf(second)], [6, "limit"]);
  assert.equal(stage.model.requests.length, 5);
  // What was done before the limit is still in the conversation.
  assert.equal(stage.model.request(2).outputOf("c0_0") !== undefined, true);
  assert.equal(stage.model.request(2).outputOf("c1_0") !== undefined, true);
  stage.model.add(say("done"));
  const third = await stage.exec(["resume", "--last", "go on"]);
  assert.equal(third.code, 0);
});

Deno.test("a limit of the configuration is raised by what is added to it", async () => {
  await using stage = await openStage({
    script: spending(100),
    config: { bottom: "[limits]\nmax_tokens = 200" },
  });
  const first = await stage.exec(["go"]);
  assert.deepEqual([first.code, stage.model.requests.length], [6, 2]);
  const second = await stage.exec([
    "resume",
    "--last",
    "--raise=tokens=+0.2k",
    "--raise=requests=9",
    "go on",
  ]);
  assert.deepEqual([second.code, stage.model.requests.length], [6, 6]);
});

Deno.test("answers that broke off count as requests", async () => {
  await using stage = await openStage({
    script: [{ type: "cut" }, { type: "cut" }, say("done")],
  });
  const run = await stage.exec(["--max-requests=2", "go"]);
  assert.deepEqual([run.code, stage.model.requests.length], [6, 2]);
});

Deno.test("the end of a loop is a setting: circles that fail, that change nothing, plans and steps", async () => {
  const plan = { plan: [{ step: "look", status: "in_progress" }] };
  const cases: readonly (readonly [string, number, (at: number) => Step])[] = [
    ["max_failing_rounds = 3", 3, (at) => shell(`c${at}`, "false")],
    ["max_same_rounds = 4", 4, (at) => shell(`c${at}`, "true")],
    [
      "max_same_rounds = 4",
      4,
      (at) => call("update_plan", plan, { callId: `p${at}` }),
    ],
    [
      "max_same_rounds = 4",
      8,
      (at) => shell(`c${at}`, at % 2 === 0 ? "echo a" : "echo b"),
    ],
    ["max_steps = 2", 2, (at) => shell(`c${at}`, `echo ${at}`)],
  ];
  for (const [bottom, requests, step] of cases) {
    const script = Array.from({ length: 20 }, (_, at) => step(at));
    await using stage = await openStage({
      script,
      config: { bottom: `[limits]\n${bottom}` },
    });
    const run = await stage.exec(["go"]);
    assert.deepEqual([run.code, kindOf(run)], [6, "limit"], bottom);
    assert.equal(stage.model.requests.length, requests, bottom);
    assert.match(run.stderr, /limits\.max_/);
  }
});

Deno.test("the model is told of a loop after as many rounds as are set", async () => {
  const script = Array.from({ length: 4 }, (_, at) => shell(`c${at}`, "true"));
  await using stage = await openStage({
    script: [...script, say("done")],
    config: { bottom: "[limits]\ntell_same_rounds = 2" },
  });
  const run = await stage.exec(["go"]);
  assert.equal(run.code, 0, run.stderr);
  const told = stage.model.requests.map(({ text }) =>
    text.split("<loop_notice>").length - 1
  );
  assert.deepEqual(told, [0, 0, 1, 1, 1]);
});
