/** Modes of `rondo app-server` before the built program: plan, and a review. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { AppClient } from "../support/app_client.ts";
import { call, hang, say } from "../support/mock_model.ts";
import { type Stage, stage } from "./support.ts";

const FULL = { sandbox: "danger-full-access", approvalPolicy: "never" };
const INPUT = [{ type: "text", text: "x" }];

function object(value: unknown): JsonObject {
  return value as JsonObject;
}

function mode(mode: string, more: JsonObject = {}): JsonObject {
  return {
    collaborationMode: {
      mode,
      settings: {
        model: "gpt-5.2-codex",
        reasoning_effort: "low",
        developer_instructions: null,
        ...more,
      },
    },
  };
}

function make(name: string): ReturnType<typeof call> {
  return call("shell", { command: ["touch", name] });
}

async function isMade(s: Stage, name: string): Promise<boolean> {
  return await Deno.stat(`${s.home.work}/${name}`).then(
    () => true,
    () => false,
  );
}

Deno.test("app-server changes nothing in plan mode, and all that is allowed after it", async () => {
  await using s = await stage({
    script: [[make("a")], [say("a plan")], [make("b")], [say("done")]],
  });
  await using client = await AppClient.open({ home: s.home });
  const { data } = await client.request("collaborationMode/list");
  assert.deepEqual((data as JsonObject[]).map((one) => one["mode"]), [
    "plan",
    "default",
  ]);
  const threadId = await client.startThread(FULL);
  await client.turn(threadId, "plan", mode("plan"));
  assert.equal(await isMade(s, "a"), false);
  assert.equal(object(s.model.request(0).body["reasoning"])["effort"], "low");
  const [told] = client.all("thread/settings/updated");
  const settings = object(told?.["threadSettings"]);
  assert.equal(object(settings["collaborationMode"])["mode"], "plan");
  assert.deepEqual(settings["sandboxPolicy"], { type: "dangerFullAccess" });
  const resumed = await client.request("thread/resume", { threadId });
  assert.equal(object(resumed["collaborationMode"])["mode"], "plan");
  await client.turn(threadId, "do it", mode("default"));
  assert.equal(await isMade(s, "b"), true);
  await assert.rejects(
    client.request("turn/start", {
      threadId,
      input: INPUT,
      ...mode("plan", { developer_instructions: "Be bold" }),
    }),
    /must be null/,
  );
});

Deno.test("app-server lets a review change nothing, also one that is spoken to", async () => {
  await using s = await stage({
    script: [[make("a")], [say("looks fine")], [make("b")], [say("done")]],
  });
  await using client = await AppClient.open({ home: s.home });
  const threadId = await client.startThread(FULL);
  const { turn } = await client.request("review/start", {
    threadId,
    target: { type: "custom", instructions: "look at it" },
  });
  const turnId = String(object(turn)["id"]);
  await client.request("turn/steer", {
    threadId,
    input: INPUT,
    expectedTurnId: turnId,
  });
  await client.ended(turnId);
  assert.equal(await isMade(s, "a"), false);
  await client.turn(threadId, "do it");
  assert.equal(await isMade(s, "b"), true);
});

Deno.test("app-server gives a message that is meant for another mode a turn of its own", async () => {
  await using s = await stage({ script: [[hang()], [say("a plan")]] });
  await using client = await AppClient.open({ home: s.home });
  const threadId = await client.startThread(FULL);
  const first = await client.request("turn/start", { threadId, input: INPUT });
  const turnId = String(object(first["turn"])["id"]);
  await s.model.received(1);
  await client.request("thread/settings/update", {
    threadId,
    ...mode("plan"),
  });
  await assert.rejects(
    client.request("turn/steer", {
      threadId,
      input: INPUT,
      expectedTurnId: turnId,
    }),
    /another mode/,
  );
  const second = client.turn(threadId, "plan");
  await client.request("turn/interrupt", { threadId, turnId });
  assert.equal((await client.ended(turnId))["status"], "interrupted");
  const planned = await second;
  assert.notEqual(planned["id"], turnId);
  assert.equal(planned["status"], "completed");
  const users = client.all("item/started").filter(({ item }) =>
    object(item)["type"] === "userMessage"
  );
  assert.deepEqual(users.map((one) => one["turnId"]), [turnId, planned["id"]]);
});
