/** Hooks and notify with the real program. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  type AgentHome,
  agentHome,
  type AgentRun,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";
import { call, mockModel, say } from "../support/mock_model.ts";

const SEES_KEY = { UserPromptSubmit: 'echo "key:$MOCK_KEY" > seen' };

function hooksJson(commands: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    hooks: Object.fromEntries(
      Object.entries(commands).map(([event, command]) => [
        event,
        [{ hooks: [{ type: "command", command }] }],
      ]),
    ),
  });
}

async function exec(
  home: AgentHome,
  args: readonly string[] = [],
): Promise<AgentRun> {
  return await runAgent({
    home,
    args: [
      "exec",
      "--json",
      "--skip-git-repo-check",
      "--dangerously-bypass-approvals-and-sandbox",
      ...args,
      "go",
    ],
  });
}

function warningsOf({ events }: AgentRun): readonly string[] {
  return events.filter((event) => event["type"] === "warning")
    .map((event) => String(event["message"]));
}

Deno.test("a hook of the person's stops a command, and keys stay out of its environment", async () => {
  await using model = mockModel({
    script: [
      call("shell", { command: ["touch", "made"] }, { callId: "c1" }),
      say("ok"),
    ],
  });
  await using home = await agentHome({ config: mockConfig(model.url) });
  await Deno.writeTextFile(
    `${home.codexHome}/hooks.json`,
    hooksJson({
      ...SEES_KEY,
      PreToolUse: "cat > call.json; echo not here >&2; exit 2",
    }),
  );
  const run = await exec(home);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(
    model.request(1).outputOf("c1"),
    "A hook refused the call: not here",
  );
  await assert.rejects(() => Deno.stat(`${home.work}/made`));
  assert.equal(await Deno.readTextFile(`${home.work}/seen`), "key:\n");
  const seen: JsonObject = JSON.parse(
    await Deno.readTextFile(`${home.work}/call.json`),
  );
  assert.equal(seen["tool_name"], "Bash");
  assert.deepEqual(seen["tool_input"], { command: "touch made" });
});

Deno.test("a flag runs the hooks of a project that nobody has approved", async () => {
  await using model = mockModel({ script: () => say("ok") });
  await using home = await agentHome({
    config: mockConfig(model.url),
    files: { ".codex/hooks.json": hooksJson({ Stop: "echo ran >> ../ran" }) },
  });
  const ran = (): Promise<string> =>
    Deno.readTextFile(`${home.root}/ran`).catch(() => "");
  const first = await exec(home, ["--trust"]);
  assert.match(warningsOf(first).join(), /your approval in .*hooks\.json/);
  assert.equal(await ran(), "");

  const bypassed = await exec(home, [
    "--trust",
    "--dangerously-bypass-hook-trust",
  ]);
  assert.deepEqual(warningsOf(bypassed), []);
  assert.equal(await ran(), "ran\n");
});

Deno.test("a hook that refuses the prompt ends the run with the exit code of a denial", async () => {
  await using model = mockModel({ script: [] });
  await using home = await agentHome({ config: mockConfig(model.url) });
  await Deno.writeTextFile(
    `${home.codexHome}/hooks.json`,
    hooksJson({ UserPromptSubmit: "echo closed today >&2; exit 2" }),
  );
  const run = await exec(home);
  assert.equal(run.code, 7, run.stderr);
  assert.match(run.stdout, /A hook refused the message: closed today/);
  assert.equal(model.requests.length, 0);
});

Deno.test("broken hooks end the start: a guard is not lost in silence", async () => {
  await using home = await agentHome({
    config: mockConfig("http://127.0.0.1:9/v1"),
  });
  await Deno.writeTextFile(`${home.codexHome}/hooks.json`, "{ not json");
  const run = await exec(home);
  assert.equal(run.code, 3);
  assert.match(run.stdout, /Cannot read hooks in .*hooks\.json/);
});

Deno.test("notify is started after the turn with the notice as its last argument", async () => {
  await using model = mockModel({ script: [say("bye")] });
  await using home = await agentHome();
  const fifo = `${home.root}/notice`;
  await new Deno.Command("mkfifo", { args: [fifo] }).output();
  const notify = ["/bin/sh", "-c", `printf %s "$1" > ${fifo}`, "sh"];
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, { top: `notify = ${JSON.stringify(notify)}` }),
  );
  const run = await exec(home);
  // It waits for its reader: the program has not waited for it, nor ended it.
  const text = await Deno.readTextFile(fifo);
  assert.equal(run.code, 0, run.stderr);
  const notice: JsonObject = JSON.parse(text);
  assert.equal(notice["type"], "agent-turn-complete");
  assert.equal(notice["client"], "rondo_exec");
  assert.deepEqual(notice["input-messages"], ["go"]);
  assert.equal(notice["last-assistant-message"], "bye");
  assert.equal(
    notice["thread-id"],
    run.events.find((event) => event["type"] === "thread.started")
      ?.["thread_id"],
  );
});
