/** `rondo app-server` before the built program: turns, questions, several clients, endings. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { AppClient, type Message } from "../support/app_client.ts";
import { call, customCall, fail, hang, say } from "../support/mock_model.ts";
import { startAgent } from "../support/run_agent.ts";
import { assertNoneLeft, newMarker, type Stage, stage } from "./support.ts";

const ESCALATED = {
  sandbox_permissions: "require_escalated",
  justification: "it has to be there",
};

function object(value: unknown): JsonObject {
  return value as JsonObject;
}

/** Methods in order, deltas and counts of tokens left out. */
function methods(client: AppClient): string[] {
  return client.messages.flatMap((message) => {
    const method = String(message["method"] ?? "");
    const item = object(object(message["params"] ?? {})["item"] ?? {});
    if (method === "" || /delta|tokenUsage/i.test(method)) return [];
    const type = item["type"];
    return type === undefined ? method : `${method} ${type}`;
  });
}

async function open(
  s: Stage,
  answer?: (request: Message) => unknown,
): Promise<AppClient> {
  return await AppClient.open({ home: s.home, ...(answer && { answer }) });
}

Deno.test("app-server tells a turn from its beginning to its end", async () => {
  await using s = await stage({ script: [[say("hello there")]] });
  await using client = await open(s);
  const threadId = await client.startThread();
  const turn = await client.turn(threadId, "hi");
  assert.equal(turn["status"], "completed");
  const items = turn["items"] as JsonObject[];
  assert.equal(items[0]?.["text"], "hello there");
  assert.deepEqual(methods(client), [
    "thread/started",
    "thread/status/changed",
    "turn/started",
    "item/started userMessage",
    "item/completed userMessage",
    "item/started agentMessage",
    "item/completed agentMessage",
    "thread/status/changed",
    "turn/completed",
  ]);
  const deltas = client.all("item/agentMessage/delta");
  assert.equal(deltas.map(({ delta }) => delta).join(""), "hello there");
});

Deno.test("app-server asks before a command leaves the sandbox, and the item is the one that was shown", async () => {
  await using s = await stage({
    script: [
      [call("shell", { command: ["touch", "made"], ...ESCALATED })],
      [say("made it")],
    ],
  });
  const asked: JsonObject[] = [];
  await using client = await open(s, (request) => {
    asked.push(request);
    return { decision: "accept" };
  });
  const threadId = await client.startThread({
    sandbox: "read-only",
    approvalPolicy: "on-request",
  });
  await client.turn(threadId, "make it");
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.["method"], "item/commandExecution/requestApproval");
  const params = object(asked[0]?.["params"]);
  const [started] = client.all("item/started").map(({ item }) => object(item))
    .filter(({ type }) => type === "commandExecution");
  assert.equal(params["itemId"], started?.["id"]);
  assert.equal(params["command"], "touch made");
  assert.ok((await Deno.stat(`${s.home.work}/made`)).isFile);
  assert.equal(client.all("serverRequest/resolved").length, 1);
});

Deno.test("app-server shows a patch before it asks for it, and tells the diff of the turn", async () => {
  const patch = "*** Begin Patch\n*** Add File: a.txt\n+one\n*** End Patch\n";
  await using s = await stage({
    script: [[customCall("apply_patch", patch)], [say("done")]],
  });
  await using client = await open(s, ({ method }) => {
    assert.equal(method, "item/fileChange/requestApproval");
    return { decision: "accept" };
  });
  const threadId = await client.startThread({
    sandbox: "read-only",
    approvalPolicy: "on-request",
  });
  await client.turn(threadId, "patch");
  const [change] = client.all("item/completed").map(({ item }) => object(item))
    .filter(({ type }) => type === "fileChange");
  assert.equal(change?.["status"], "completed");
  assert.deepEqual(change?.["changes"], [{
    path: `${s.home.work}/a.txt`,
    kind: { type: "add" },
    diff: "one\n",
  }]);
  const [diff] = client.all("turn/diff/updated");
  assert.match(String(diff?.["diff"]), /^\+one$/m);
});

Deno.test("app-server takes a no for a no, a cancel for the end of the turn, and no answer twice", async () => {
  const make = (name: string): ReturnType<typeof call> =>
    call("shell", { command: ["touch", name], ...ESCALATED });
  await using s = await stage({
    script: [[make("one")], [say("well")], [make("two")]],
  });
  const answers = ["decline", "cancel"];
  const ids: unknown[] = [];
  await using client = await open(s, ({ id }) => {
    ids.push(id);
    return { decision: answers.shift() };
  });
  const threadId = await client.startThread({
    sandbox: "read-only",
    approvalPolicy: "on-request",
  });
  assert.equal((await client.turn(threadId, "a"))["status"], "completed");
  // It is late by now, and must not become the answer to the next question.
  await client.send({ id: ids[0], result: { decision: "accept" } });
  assert.equal((await client.turn(threadId, "b"))["status"], "interrupted");
  const states = client.all("item/completed").map(({ item }) => object(item))
    .filter(({ type }) => type === "commandExecution");
  assert.deepEqual(states.map(({ status }) => status).sort(), [
    "declined",
    "declined",
  ]);
  for (const name of ["one", "two"]) {
    await assert.rejects(Deno.stat(`${s.home.work}/${name}`));
  }
});

Deno.test("app-server steers and interrupts the turn that is meant, and no other", async () => {
  await using s = await stage({ script: [[hang()], [say("next")]] });
  await using client = await open(s);
  const threadId = await client.startThread();
  const input = [{ type: "text", text: "x" }];
  const { turn } = await client.request("turn/start", { threadId, input });
  const turnId = object(turn)["id"];
  await s.model.received(1);
  await assert.rejects(
    client.request("turn/steer", {
      threadId,
      input,
      expectedTurnId: "another",
    }),
    /must be/,
  );
  await client.request("turn/interrupt", { threadId, turnId });
  const ended = await client.ended(String(turnId));
  assert.equal(ended["status"], "interrupted");
  await assert.rejects(
    client.request("turn/interrupt", { threadId, turnId }),
    /no turn is running/,
  );
  assert.equal((await client.turn(threadId, "on"))["status"], "completed");
});

Deno.test("app-server says why a turn failed", async () => {
  await using s = await stage({
    script: [fail(400, { message: "not like that" })],
  });
  await using client = await open(s);
  const turn = await client.turn(await client.startThread(), "x");
  assert.equal(turn["status"], "failed");
  assert.match(String(object(turn["error"])["message"]), /not like that/);
  const [error] = client.all("error");
  assert.equal(error?.["willRetry"], false);
});

Deno.test("app-server reads, forks, reverts and archives what it recorded", async () => {
  await using s = await stage({
    script: [[say("one")], [say("two")], [say("three")]],
    laws: { breaks: [2] },
  });
  await using client = await open(s);
  const threadId = await client.startThread();
  const first = await client.turn(threadId, "first");
  const second = await client.turn(threadId, "second");
  await client.request("thread/name/set", { threadId, name: "named" });
  const read = await client.request("thread/read", {
    threadId,
    includeTurns: true,
  });
  const turns = object(read["thread"])["turns"] as JsonObject[];
  assert.deepEqual(turns.map(({ id }) => id), [first["id"], second["id"]]);
  const texts = (turns[1]?.["items"] as JsonObject[]).map((item) =>
    item["text"] ?? object((item["content"] as JsonObject[])[0])["text"]
  );
  assert.deepEqual(texts, ["second", "two"]);
  const { data } = await client.request("thread/list", { searchTerm: "named" });
  assert.deepEqual((data as JsonObject[]).map(({ name }) => name), ["named"]);
  const fork = await client.request("thread/fork", {
    threadId,
    lastTurnId: first["id"],
  });
  const forked = object(fork["thread"]);
  assert.equal(forked["forkedFromId"], threadId);
  assert.equal((forked["turns"] as JsonObject[]).length, 1);
  await client.request("thread/revert", {
    threadId,
    beforeTurnId: second["id"] ?? null,
  });
  await client.turn(threadId, "third");
  const body = JSON.stringify(s.model.request(2).input);
  assert.match(body, /first/);
  assert.doesNotMatch(body, /second/);
  await client.request("thread/archive", { threadId });
  const archived = await client.request("thread/list", { archived: true });
  assert.equal((archived["data"] as JsonObject[]).length, 1);
  await client.request("thread/unarchive", { threadId });
  const resumed = await client.request("thread/resume", { threadId });
  assert.equal((object(resumed["thread"])["turns"] as unknown[]).length, 2);
  // One that is about to end is waited for, and opened anew.
  await client.request("thread/unsubscribe", { threadId });
  await client.request("thread/resume", { threadId });
  s.model.add([say("four")]);
  const fourth = await client.turn(threadId, "fourth");
  assert.equal(fourth["status"], "completed");
});

Deno.test("app-server takes the last turns out for clients that count them", async () => {
  await using s = await stage({
    script: [[say("one")], [say("two")], [say("three")]],
    laws: { breaks: [2] },
  });
  await using client = await open(s);
  const threadId = await client.startThread();
  const first = await client.turn(threadId, "first");
  await client.turn(threadId, "second");
  const { thread } = await client.request("thread/rollback", {
    threadId,
    numTurns: 1,
  });
  const turns = object(thread)["turns"] as JsonObject[];
  assert.deepEqual(turns.map(({ id }) => id), [first["id"]]);
  await client.turn(threadId, "third");
  assert.doesNotMatch(JSON.stringify(s.model.request(2).input), /second/);
  await assert.rejects(
    client.request("thread/rollback", { threadId, numTurns: 0 }),
    /numTurns/,
  );
});

Deno.test("app-server says that a client's own tools are not offered", async () => {
  await using s = await stage({});
  await using client = await open(s);
  await client.startThread({ dynamicTools: [{ name: "t" }] });
  const { message } = await client.told("warning");
  assert.match(String(message), /dynamicTools/);
});

Deno.test("app-server compacts a thread as a turn of its own", async () => {
  await using s = await stage({ script: [[say("one")], [say("summary")]] });
  await using client = await open(s);
  const threadId = await client.startThread();
  const turn = await client.turn(threadId, "first");
  await client.request("thread/compact/start", { threadId });
  const done = await client.find(({ method, params }) =>
    method === "turn/completed" &&
    object(object(params)["turn"])["id"] !== turn["id"]
  );
  assert.equal(
    object(object(done["params"])["turn"])["status"],
    "completed",
  );
  const items = client.all("item/completed").map(({ item }) => object(item));
  assert.equal(items.at(-1)?.["type"], "contextCompaction");
});

Deno.test("app-server ends the turn and its commands when the client goes away", async () => {
  const marker = newMarker();
  await using s = await stage({
    script: [[
      call("shell", { command: ["sh", "-c", `sleep 300; : ${marker}`] }),
    ]],
  });
  const client = await open(s);
  const threadId = await client.startThread({ sandbox: "danger-full-access" });
  const input = [{ type: "text", text: "x" }];
  await client.request("turn/start", { threadId, input });
  await client.find(({ method, params }) =>
    method === "item/started" &&
    object(object(params)["item"])["type"] === "commandExecution"
  );
  await client.close();
  await assertNoneLeft(marker);
});

Deno.test("app-server serves several clients on a socket that is its owner's alone", async () => {
  await using s = await stage({
    script: [
      [call("shell", { command: ["touch", "made"], ...ESCALATED })],
      [say("made it")],
    ],
  });
  const path = `${s.home.root}/s`;
  await using server = startAgent({
    home: s.home,
    args: ["app-server", "--listen", `unix://${path}`],
    stdin: "open",
  });
  await appeared(path);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  const questions: Message[] = [];
  const first = await AppClient.open({
    home: s.home,
    socket: path,
    answer: (one) => void questions.push(one),
  });
  const second = await AppClient.open({
    home: s.home,
    socket: path,
    answer: (one) => {
      questions.push(one);
      return { decision: "accept" };
    },
  });
  const threadId = await first.startThread({
    sandbox: "read-only",
    approvalPolicy: "on-request",
  });
  await second.request("thread/resume", { threadId });
  const turn = await first.turn(threadId, "make it");
  await second.ended(String(turn["id"]));
  assert.equal(questions.length, 2);
  assert.equal(first.all("serverRequest/resolved").length, 1);
  first.kill();
  const loaded = await second.request("thread/loaded/list");
  assert.deepEqual(loaded["data"], [threadId]);
  second.kill();
  const third = await AppClient.open({ home: s.home, socket: path });
  for (;;) {
    const { data } = await third.request("thread/loaded/list");
    if ((data as unknown[]).length === 0) break;
  }
  third.kill();
  server.kill("SIGTERM");
  assert.equal((await server.finished).code, 143);
  await assert.rejects(Deno.stat(path));
});

async function appeared(path: string): Promise<void> {
  for (;;) {
    try {
      await Deno.lstat(path);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
