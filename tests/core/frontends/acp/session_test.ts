/** A session before a scripted thread: how much it holds, and how what goes wrong is told. */
import assert from "node:assert/strict";
import { runAcp } from "../../../../core/frontends/acp/server.ts";
import type { AcpServices } from "../../../../core/frontends/acp/services.ts";
import { usageError } from "../../../../core/protocol/error.ts";
import type { EventBody } from "../../../../core/protocol/event.ts";
import type { Thread } from "../../../../core/protocol/thread.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import { asObject, type JsonObject } from "../../../../core/util/json/json.ts";
import { ended, message, testHost, threadOf, USAGE } from "../support.ts";

type Turn = Parameters<typeof threadOf>[0];

function never(): never {
  throw usageError("Not here");
}

/** The thread; `onTaken` is called with each event that is taken of it. */
function counted(thread: Thread, onTaken: () => void): Thread {
  return {
    id: thread.id,
    closed: thread.closed,
    submit: (op) => thread.submit(op),
    events: async function* () {
      for await (const event of thread.events()) {
        onTaken();
        yield event;
      }
    },
  };
}

function services(turn: Turn, onTaken: () => void): AcpServices {
  return {
    start: () =>
      Promise.resolve({
        thread: counted(threadOf(turn), onTaken),
        facts: { cwd: "/wdir", path: "", title: "" },
        modelPatch: () => ({}),
        modePolicy: (mode) =>
          mode === "danger-full-access"
            ? { mode }
            : { mode: "read-only", networkAccess: false, denyRead: [] },
        refuseSettings: ({ sandbox }) =>
          sandbox?.mode === "danger-full-access" ? "it is managed" : undefined,
      }),
    has: () => Promise.resolve(false),
    resume: never,
    list: never,
    turns: never,
    models: () => Promise.resolve([]),
    login: () => Promise.resolve({ text: "", isReady: true, canStore: false }),
  };
}

interface Output {
  readonly onTaken?: () => void;
  readonly pendingBytes: () => number;
  readonly flush: (said: readonly JsonObject[]) => Promise<boolean>;
}

/** All that is said of one prompt, up to its answer. */
async function play(
  turn: Turn,
  output: Output = {
    pendingBytes: () => 0,
    flush: () => Promise.resolve(true),
  },
): Promise<JsonObject[]> {
  const lines = [
    ["initialize", { protocolVersion: 1 }],
    ["session/new", { cwd: "/wdir", mcpServers: [] }],
    ["session/prompt", {
      sessionId: "thread-1",
      prompt: [{ type: "text", text: "go" }],
    }],
  ].map(([method, params], id) =>
    `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`
  );
  const said: JsonObject[] = [];
  const answered = lines.map(() => Promise.withResolvers<void>());
  let next = 0;
  await runAcp({
    services: services(turn, output.onTaken ?? (() => {})),
    host: testHost(),
    terminal: {
      onSignal: () => () => {},
      stdin: {
        isTty: false,
        setRaw: () => false,
        read: async () => {
          await answered[next - 1]?.promise;
          const line = lines[next++];
          return line === undefined ? null : new TextEncoder().encode(line);
        },
      },
      stdout: {
        isTty: false,
        columns: 80,
        isGone: false,
        get pendingBytes(): number {
          return output.pendingBytes();
        },
        write: (line) => {
          const one = JSON.parse(line) as JsonObject;
          said.push(one);
          if (one["method"] === undefined) {
            answered[Number(one["id"])]?.resolve();
          }
          return true;
        },
        flush: () => output.flush(said),
      },
    },
  });
  return said;
}

function updates(said: readonly JsonObject[]): JsonObject[] {
  return said.map(({ params }) => asObject(asObject(params)?.["update"]))
    .filter((one) => one !== undefined);
}

function delta(text: string, activityId = "item_0"): EventBody {
  return { type: "text.delta", activityId, text };
}

Deno.test("a thread is held up while its client reads nothing, and nothing of it is lost", async () => {
  const turn = [
    { type: "activity.started", activity: message("item_0", "") },
    ...Array.from({ length: 500 }, (_, at) => delta(`${at} `)),
    { type: "activity.completed", activity: message("item_0", "all") },
    ended(),
  ] as const;
  let isFull = true;
  let held = 0;
  let taken = 0;
  const said = await play(turn, {
    onTaken: () => taken++,
    pendingBytes: () => isFull ? LIMITS.outputPendingBytes + 1 : 0,
    flush: async (said) => {
      // The fifth line is in the middle of the turn.
      if (said.length < 5 || held > 0) return true;
      held = said.length;
      // All that comes without waiting has come by then.
      for (let tick = 0; tick < 20_000; tick++) await undefined;
      assert.equal(said.length, held);
      assert.ok(taken < 10, `${taken} events were taken`);
      isFull = false;
      return true;
    },
  });
  assert.equal(held, 5);
  const text = updates(said).map((one) => asObject(one["content"])?.["text"])
    .filter((one) => one !== undefined).join("");
  assert.equal(
    text,
    Array.from({ length: 500 }, (_, at) => `${at} `).join(""),
  );
});

Deno.test("an answer that was shown in pieces is not said twice, one that came whole is said", async () => {
  const said = await play([
    { type: "activity.started", activity: message("item_0", "") },
    delta("in pieces"),
    { type: "activity.completed", activity: message("item_0", "in pieces") },
    { type: "activity.completed", activity: message("item_1", "whole") },
    {
      type: "request.completed",
      usage: USAGE,
      durationMs: 1,
      requestBytes: 1,
      cache: null,
    },
    ended(),
  ]);
  const texts = updates(said).flatMap((one) =>
    one["sessionUpdate"] === "agent_message_chunk"
      ? [asObject(one["content"])?.["text"]]
      : []
  );
  assert.deepEqual(texts, ["in pieces", "whole"]);
});

Deno.test("a turn that failed is an error in the server's words, a limit and a cut are reasons", async () => {
  const fail = (kind: "auth" | "limit" | "incomplete", text: string) =>
    play([ended({ type: "failed", error: { kind, message: text } })]);
  const answers = await Promise.all([
    fail("auth", "no key"),
    fail("limit", "enough"),
    fail("incomplete", "it ended with max_output_tokens"),
    fail("incomplete", "it ended with content_filter"),
  ]);
  assert.deepEqual(
    answers.map((said) => {
      const { error, result } = said.findLast(({ id }) => id === 2) ?? {};
      return error === undefined ? asObject(result)?.["stopReason"] : error;
    }),
    [
      { code: -32_000, message: "no key" },
      "max_turn_requests",
      "max_tokens",
      "refusal",
    ],
  );
});

Deno.test("what a client has no place for is a thought: a warning, another provider", async () => {
  const said = await play([
    { type: "warning", message: "look out" },
    {
      type: "provider.switched",
      from: { provider: "a", model: "m" },
      to: { provider: "b", model: "n" },
      reason: "a is out",
      lostTokens: 0,
    },
    ended(),
  ]);
  const thoughts = updates(said).flatMap((one) =>
    one["sessionUpdate"] === "agent_thought_chunk"
      ? [asObject(one["content"])?.["text"]]
      : []
  );
  assert.deepEqual(thoughts, [
    "look out\n",
    "a is out; b answers from now on\n",
  ]);
});

Deno.test("a mode that managed policy refuses is not offered", async () => {
  const said = await play([ended()]);
  const opened = asObject(said.find(({ id }) => id === 1)?.["result"]);
  const modes = asObject(opened?.["modes"])?.["availableModes"];
  const ids = (modes as JsonObject[]).map(({ id }) => id);
  assert.deepEqual(ids, ["read-only", "plan", "workspace"]);
});
