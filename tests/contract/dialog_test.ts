/** A program that talks with the run: messages, steering, interrupts, answers; and signals. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { call, say } from "../support/mock_model.ts";
import { hang, wait } from "../support/mock_script.ts";
import { isCompiled, type RunningAgent } from "../support/run_agent.ts";
import { checkLines, typesOf } from "../core/frontends/support.ts";
import { checkRun, FREE, kindOf, openStage, type Stage } from "./support.ts";

const ASKING = [
  "--skip-git-repo-check",
  "-a",
  "untrusted",
  "-s",
  "danger-full-access",
];
const DIALOG = ["exec", "--json", ...ASKING, "--input=jsonl"];

function touch(callId: string, file: string): ReturnType<typeof call> {
  return call("shell", { command: ["touch", file] }, { callId });
}

function line(value: JsonObject): string {
  return `${JSON.stringify(value)}\n`;
}

async function isThere(stage: Stage, file: string): Promise<boolean> {
  return await Deno.stat(`${stage.home.work}/${file}`).then(
    () => true,
    () => false,
  );
}

async function finish(agent: RunningAgent): Promise<string[]> {
  await agent.closeStdin();
  const run = await agent.finished;
  return typesOf(checkLines(run.stdout));
}

Deno.test("--input jsonl runs turn after turn, each with its terminal line", async () => {
  await using stage = await openStage({ script: [say("one"), say("two")] });
  await using agent = stage.start(DIALOG, { stdin: "open" });
  await agent.write(line({ type: "user.input", text: "first" }));
  await agent.untilEvent("turn.completed");
  await agent.write("no json\n");
  await agent.untilEvent("warning");
  await agent.write(line({ type: "user.input", text: "second" }));
  await agent.untilEvent("turn.completed");
  const types = await finish(agent);
  assert.equal(types.filter((type) => type === "turn.completed").length, 2);
  assert.equal(types.at(-1), "turn.completed");
  assert.equal((await agent.finished).code, 0);
});

Deno.test("--input jsonl steers a running turn and interrupts one", async () => {
  const gate = Promise.withResolvers<void>();
  await using stage = await openStage({
    script: [
      [touch("a", "one"), wait(gate.promise)],
      say("steered"),
      hang({ before: true }),
      say("after"),
    ],
  });
  const args = ["exec", "--json", "--skip-git-repo-check", "--yolo"];
  await using agent = stage.start([...args, "--input=jsonl", "go"], {
    stdin: "open",
  });
  await agent.untilEvent("item.completed");
  await agent.write(line({ type: "steer", text: "in french" }));
  // The next line is read after the steering: its answer shows that both were.
  await agent.write(
    line({ type: "approval.decide", approval_id: "x", decision: "deny" }),
  );
  await agent.untilEvent("warning");
  gate.resolve();
  await agent.untilEvent("input.steered");
  await agent.untilEvent("turn.completed");
  assert.match(
    JSON.stringify(stage.model.request(1).input.at(-1)),
    /in french/,
  );
  await agent.write(line({ type: "user.input", text: "on and on" }));
  await stage.model.received(3);
  await agent.write(line({ type: "interrupt" }));
  const failed = await agent.untilEvent("turn.failed");
  assert.equal((failed["error"] as JsonObject)["kind"], "interrupted");
  await agent.write(line({ type: "user.input", text: "once more" }));
  await agent.untilEvent("turn.completed");
  await agent.write(line({ type: "shutdown" }));
  const run = await agent.finished;
  assert.equal(run.code, 0);
  checkLines(run.stdout);
});

Deno.test("--input jsonl answers questions: yes, no, and words for the model", async () => {
  await using stage = await openStage({
    script: [touch("a", "yes"), touch("b", "no"), say("done")],
  });
  await using agent = stage.start([...DIALOG, "go"], { stdin: "open" });
  const first = await agent.untilEvent("approval.requested");
  assert.equal(first["kind"], "command");
  assert.match(String(first["detail"]), /touch yes/);
  const wait = Date.parse(String(first["expires_at"])) - Date.now();
  assert(wait > 200_000 && wait <= 300_000, String(wait));
  await agent.write(
    line({
      type: "approval.decide",
      approval_id: String(first["approval_id"]),
      decision: "approve",
    }),
  );
  const second = await agent.untilEvent("approval.requested");
  await agent.write(line({
    type: "approval.decide",
    approval_id: String(second["approval_id"]),
    decision: "deny",
    message: "not on a Friday",
  }));
  await agent.untilEvent("turn.completed");
  await finish(agent);
  assert.deepEqual([await isThere(stage, "yes"), await isThere(stage, "no")], [
    true,
    false,
  ]);
  assert.match(String(stage.model.request(2).outputOf("b")), /not on a Friday/);
});

Deno.test("a question that nobody answers in time is answered with no", async () => {
  await using stage = await openStage({
    script: [touch("a", "late"), say("done")],
  });
  await using agent = stage.start(
    [...DIALOG, "--approval-timeout=200ms", "--fail-on-denied", "go"],
    { stdin: "open" },
  );
  const settled = await agent.untilEvent("approval.settled");
  assert.equal(settled["decision"], "deny");
  assert.match(String(settled["message"]), /No answer came within/);
  const end = await agent.untilEvent("turn.completed");
  assert.deepEqual([end["exit_code"], end["denied"]], [7, ["touch late"]]);
  await finish(agent);
  assert.equal((await agent.finished).code, 7);
  assert.equal(await isThere(stage, "late"), false);
});

Deno.test("--approvals exec:CMD answers by a program, and --fail-on-denied makes its no exit 7", async () => {
  await using stage = await openStage({
    script: [touch("a", "good"), touch("b", "bad"), say("done")],
    files: {
      "judge.sh": `read question
case "$question" in
  *"touch good"*) echo '{"decision":"approve"}' ;;
  *) echo '{"decision":"deny","message":"bad is bad"}' ;;
esac
`,
    },
  });
  const run = checkRun(
    await stage.run([
      "exec",
      "--json",
      ...ASKING,
      "--approvals",
      "exec:sh judge.sh",
      "--fail-on-denied",
      "go",
    ]),
  );
  assert.equal(run.code, 7);
  assert.deepEqual(run.last.denied, ["touch bad"]);
  assert.deepEqual(
    [await isThere(stage, "good"), await isThere(stage, "bad")],
    [true, false],
  );
  assert.match(String(stage.model.request(2).outputOf("b")), /bad is bad/);
});

Deno.test("a question with nobody there is denied at once; without --fail-on-denied that is no failure", async () => {
  await using stage = await openStage({
    script: [touch("a", "x"), say("done"), touch("b", "x"), say("done")],
  });
  for (const [more, code] of [[[], 0], [["--fail-on-denied"], 7]] as const) {
    const run = checkRun(
      await stage.run([
        "exec",
        "--json",
        ...ASKING,
        "--approvals=deny",
        ...more,
        "go",
      ]),
    );
    assert.deepEqual([run.code, run.last.denied], [code, ["touch x"]]);
  }
  assert.equal(await isThere(stage, "x"), false);
});

const ENDINGS = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 143]] as const;

Deno.test("a signal before there is a thread gives the one terminal line", async () => {
  await using stage = await openStage({});
  for (const [signal, code] of ENDINGS) {
    // No prompt and an open pipe: it waits for the prompt.
    await using agent = stage.start(
      ["exec", "--json", "--skip-git-repo-check"],
      {
        stdin: "open",
      },
    );
    // The runtime takes most of them before any of our code runs, and ends by them. SIGPWR
    // is ours alone, and listened to after them.
    await waitForSignals(agent.pid, "SigCgt", SIGPWR);
    agent.kill(signal);
    const run = checkRun(await agent.finished);
    assert.deepEqual([run.code, kindOf(run)], [code, "interrupted"]);
    assert.deepEqual(typesOf(run.lines), ["error", "turn.failed"]);
  }
});

const SIGTERM = 15;
const SIGPWR = 30;

Deno.test({
  name:
    "a signal before any of the program is loaded gives the one terminal line",
  ignore: Deno.build.os !== "linux" || !isCompiled(),
  fn: async () => {
    await using stage = await openStage({});
    for (const [signal, code] of ENDINGS) {
      await using agent = stage.start(["exec", "--json"], { stdin: "open" });
      await waitForSignals(agent.pid, "SigBlk", SIGTERM);
      agent.kill(signal);
      const run = checkRun(await agent.finished);
      assert.deepEqual([run.code, kindOf(run)], [code, "interrupted"]);
    }
  },
});

Deno.test({
  name: "a run under nohup goes on when its terminal hangs up",
  ignore: Deno.build.os !== "linux" || !isCompiled(),
  fn: async () => {
    await using stage = await openStage({ script: [say("done")] });
    await using agent = stage.start(["exec", "--json", ...FREE], {
      stdin: "open",
      under: ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"],
    });
    await waitForSignals(agent.pid, "SigCgt", SIGPWR);
    agent.kill("SIGHUP");
    await agent.write("go");
    await agent.closeStdin();
    assert.equal(checkRun(await agent.finished).code, 0);
  },
});

Deno.test("--timeout also ends a run that waits for its prompt", async () => {
  await using stage = await openStage({ files: { "last.txt": "old" } });
  await using agent = stage.start(
    ["exec", "--json", "--timeout=300ms", "-o", "last.txt"],
    { stdin: "open" },
  );
  const run = checkRun(await agent.finished);
  assert.deepEqual([run.code, kindOf(run)], [124, "timeout"]);
  assert.equal(await Deno.readTextFile(`${stage.home.work}/last.txt`), "");
});

async function waitForSignals(
  pid: number,
  set: "SigBlk" | "SigCgt",
  signal: number,
): Promise<void> {
  for (;;) {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const [, mask = "0"] = new RegExp(`${set}:\\s*(\\w+)`).exec(status) ?? [];
    if ((BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
