/** Commands that live on after their call: typed to, read, told, ended. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  conversation,
  exec,
  LIVE,
  newest,
  sessionOf,
  textOf,
  type,
} from "../support/live_script.ts";
import { call, say } from "../support/mock_model.ts";
import type { AgentRun } from "../support/run_agent.ts";
import {
  assertNoneLeft,
  hasBubblewrap,
  itemsOf,
  lastEvent,
  newMarker,
  processesWith,
  stage,
  terminalLines,
} from "./support.ts";

const SANDBOXES: readonly string[] = hasBubblewrap()
  ? ["danger-full-access", "workspace-write"]
  : ["danger-full-access"];

function lastMessage(run: AgentRun): unknown {
  return itemsOf(run, "agent_message").at(-1)?.["text"];
}

Deno.test("A model that was tuned to it is offered exec_command and write_stdin instead of shell", async () => {
  await using s = await stage({ script: [say("a"), say("b")] });
  await s.json("go", LIVE);
  await s.json("go");
  const names = (at: number): unknown[] =>
    (s.model.request(at).body["tools"] as JsonObject[])
      .map((tool) => tool["name"] ?? tool["type"]);
  assert.deepEqual(names(0), [
    "update_plan",
    "apply_patch",
    "view_image",
    "exec_command",
    "write_stdin",
  ]);
  assert.deepEqual(names(1), [
    "shell",
    "update_plan",
    "apply_patch",
    "view_image",
  ]);
});

for (const sandbox of SANDBOXES) {
  Deno.test(`A command that ends in time gives its exit code and output, ${sandbox}`, async () => {
    await using s = await stage({
      script: [
        exec("echo out; echo err >&2; exit 3", { yield_time_ms: 10_000 }),
        say("done"),
      ],
    });
    const run = await s.json("go", { ...LIVE, sandbox });
    assert.match(
      newest(s.model.request(1)),
      /^Chunk ID: [0-9a-f]{6}\nWall time: \d+\.\d{4} seconds\nProcess exited with code 3\nOriginal token count: 2\nOutput:\nout\nerr\n$/,
    );
    const [item] = itemsOf(run, "command_execution");
    assert.equal(item?.["exit_code"], 3);
    assert.equal(item?.["aggregated_output"], "out\nerr\n");
    assert.equal(item?.["session_id"], undefined);
  });

  Deno.test(`python is typed to at a terminal, and its end is told by the call that reads it, ${sandbox}`, async () => {
    await using s = await stage({
      script: conversation(
        exec("python3 -q -i", { tty: true, yield_time_ms: 2_000 }),
        [
          { shows: />>> $/, type: "6*7\n" },
          { shows: /^6\*7\r\n42\r\n>>> $/, type: "exit(5)\n" },
          { shows: /Process exited with code 5/ },
        ],
      ),
    });
    const run = await s.json("go", { ...LIVE, sandbox });
    assert.equal(lastMessage(run), "done");
    const [item] = itemsOf(run, "command_execution");
    assert.equal(item?.["exit_code"], 5);
    assert.equal(item?.["session_id"], sessionOf(s.model.request(1)));
    assert.equal(lastEvent(run)["reaped"], 0);
  });

  Deno.test(`What still runs is ended and listed with the run, ${sandbox}`, async () => {
    const marker = newMarker();
    await using s = await stage({
      script: [exec(`sleep 1000; : ${marker}`), say("done")],
    });
    const run = await s.json("go", { ...LIVE, sandbox });
    assert.equal(run.code, 0);
    const [item] = itemsOf(run, "command_execution");
    assert.equal(item?.["status"], "failed");
    assert.equal(item?.["message"], "Ended from outside");
    assert.equal(lastEvent(run)["reaped"], 1);
    assert.deepEqual(processesWith(marker), []);
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const) {
    Deno.test(`${signal} leaves none of them, ${sandbox}`, async () => {
      const marker = newMarker();
      const line = `(trap '' TERM HUP INT; exec -a ${marker} sleep 1000)`;
      await using s = await stage({
        script: [
          [exec(line), exec(line, { tty: true })],
          (request) => {
            sessionOf(request);
            return exec(`exec -a ${marker} sleep 1000`, {
              yield_time_ms: 30_000,
            });
          },
        ],
        laws: false,
      });
      await using agent = s.start("go", { ...LIVE, sandbox });
      await s.model.received(2);
      agent.kill(signal);
      const run = await agent.finished;
      if (signal !== "SIGKILL") assert.equal(terminalLines(run).length, 1);
      await assertNoneLeft(marker);
    });
  }

  Deno.test(`A terminal has job control, Ctrl-C and a password prompt of its own, ${sandbox}`, async () => {
    const start = exec("PS1='ready> ' bash --norc --noediting -i", {
      tty: true,
      yield_time_ms: 1_000,
    });
    await using s = await stage({
      script: conversation(start, [
        { shows: /ready> $/, type: "sleep 100\n" },
        { shows: /sleep 100/, type: "\u0003" },
        { shows: /ready> $/, type: "read -sp 'Word: ' w </dev/tty; echo $w\n" },
        { shows: /Word: $/, type: "secret\n" },
        { shows: /secret\r\nready> $/, type: "sleep 50\n" },
        { shows: /sleep 50/, type: "\u001a" },
        {
          shows: /Stopped +sleep 50\r\nready> $/,
          type: "fg\n",
        },
        { shows: /sleep 50/, type: "\u0003" },
        { shows: /ready> $/, type: "exit 6\n" },
        { shows: /Process exited with code 6/ },
      ]),
    });
    assert.equal(lastMessage(await s.json("go", { ...LIVE, sandbox })), "done");
    assert.doesNotMatch(textOf(s.model.request(1)), /no job control/);
  });
}

Deno.test("A command that ends between two calls is told once, with its exit code and the rest of its output", async () => {
  const marker = newMarker();
  await using s = await stage({
    script: [
      exec(`until [ -e go ]; do sleep 0.05; done; echo the rest; exit 7`),
      // The call waits until the other command is really gone.
      exec(`touch go; sleep 1; echo ${marker}`, { yield_time_ms: 20_000 }),
      exec("true"),
      say("done"),
    ],
  });
  const run = await s.json("go", LIVE);
  const told = s.model.request(2).input.filter((item) =>
    JSON.stringify(item).includes("command_ended")
  );
  assert.equal(told.length, 1);
  assert.match(
    JSON.stringify(told[0]),
    /Session \d+ \(until .*\) has ended with exit code 7\..*the rest/,
  );
  const text = textOf(s.model.request(3));
  assert.equal(text.match(/has ended with exit code 7/g)?.length, 1);
  const [item] = itemsOf(run, "command_execution")
    .filter((one) => one["exit_code"] === 7);
  assert.ok(item !== undefined);
});

Deno.test("No output is lost between two reads, nor a character cut in two", async () => {
  const line = 'for i in $(seq 1 2000); do echo "äöü€ $i"; done; sleep 0.3; ' +
    "printf '\\342\\202'; sleep 1; printf '\\254 end\\n'";
  await using s = await stage({
    script: [
      exec(line),
      (request) => call("write_stdin", { session_id: sessionOf(request) }),
      say("done"),
    ],
  });
  await s.json("go", LIVE);
  const texts = [1, 2].map((at) =>
    newest(s.model.request(at)).split("Output:\n")[1] ?? ""
  );
  const all = texts.join("");
  assert.deepEqual(all.match(/ \d+$/gm)?.length, 2_000);
  assert.match(all, /€ end\n$/);
  assert.doesNotMatch(all, /\ufffd/);
});

Deno.test("Without a terminal nothing can be typed, but Ctrl-C interrupts", async () => {
  await using s = await stage({
    script: [
      exec("trap 'echo caught; exit 9' INT; while :; do sleep 0.1; done"),
      type("hello\n"),
      type("\u0003", { yield_time_ms: 10_000 }),
      say("done"),
    ],
  });
  await s.json("go", LIVE);
  assert.match(
    newest(s.model.request(2)),
    /Cannot type into session \d+: its input is closed, must be started with "tty": true/,
  );
  assert.match(newest(s.model.request(3)), /exited with code 9[^]*caught/);
});

Deno.test("A session that is unknown, or gone, is named as that", async () => {
  await using s = await stage({
    script: [
      call("write_stdin", { session_id: 99_999 }),
      exec("sleep 0.5; exit 4"),
      (request) => call("write_stdin", { session_id: sessionOf(request) }),
      (request) => call("write_stdin", { session_id: sessionOf(request) }),
      say("done"),
    ],
  });
  const run = await s.json("go", LIVE);
  assert.match(
    newest(s.model.request(1)),
    /Cannot reach session 99999: unknown, must be one that exec_command named; none is running/,
  );
  assert.match(newest(s.model.request(3)), /exited with code 4/);
  assert.match(newest(s.model.request(4)), /it ended with exit code 4/);
  assert.equal(itemsOf(run, "tool_call").length, 2);
});

Deno.test("A flood costs bounded memory, is spooled, and what is shown says how much is missing", async () => {
  await using s = await stage({
    script: [
      exec(
        "yes 0123456789012345678901234567890123456789 | head -c 300M; sleep 1000",
        {
          yield_time_ms: 3_000,
        },
      ),
      say("done"),
    ],
  });
  await s.json("go", LIVE);
  const output = newest(s.model.request(1));
  assert.match(
    output,
    /^Output cut in the middle: .* the end of the output is in \S+, what came before it in /,
  );
  assert.match(output, /Process running with session ID/);
  assert.ok(output.length < 60_000);
});

Deno.test("A session is named when its conversation goes on in another run", async () => {
  await using s = await stage({
    script: [exec("sleep 1000"), say("done"), say("again")],
  });
  await s.json("go", LIVE);
  const session = sessionOf(s.model.request(1));
  await s.json("go on", { ...LIVE, command: ["resume", "--last"] });
  assert.match(
    textOf(s.model.request(2)),
    new RegExp(
      `Session ${session} \\(sleep 1000\\) ended with the program that started it`,
    ),
  );
});

Deno.test("A dialogue lists what runs and ends it", async () => {
  const marker = newMarker();
  await using s = await stage({
    script: [exec(`sleep 1000; : ${marker}`), say("one"), say("two")],
  });
  await using agent = s.start("", {
    args: ["-m", "gpt-5.5", "--input", "jsonl"],
    stdin: "open",
  });
  const send = (input: JsonObject): Promise<void> =>
    agent.write(`${JSON.stringify(input)}\n`);
  await send({ type: "user.input", text: "go" });
  await agent.untilEvent("turn.completed");
  await send({ type: "commands.list" });
  const listed = await agent.untilEvent("commands.listed");
  const [command] = listed["commands"] as JsonObject[];
  assert.equal(command?.["command"], `sleep 1000; : ${marker}`);
  const session = sessionOf(s.model.request(1));
  assert.equal(command?.["session_id"], session);
  await send({ type: "commands.kill", session_id: session });
  const over = await agent.untilEvent("item.completed");
  assert.equal((over["item"] as JsonObject)["session_id"], session);
  assert.deepEqual(processesWith(marker), []);
  await send({ type: "user.input", text: "go on" });
  await agent.untilEvent("turn.completed");
  assert.match(textOf(s.model.request(2)), /has ended with exit code 143/);
  await agent.closeStdin();
  const run = await agent.finished;
  assert.equal(run.code, 0);
});
