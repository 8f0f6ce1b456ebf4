/** Chat completions in the shapes of many servers, against the built program. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { chunk, sse } from "../support/chat_script.ts";
import { fail, type Part, raw, type Step } from "../support/mock_script.ts";
import { serverCase } from "../support/server_case.ts";
import { eventsOf, itemsOf, lastEvent, type Stage, stage } from "./support.ts";

function chat(script: readonly Step[], provider = ""): Promise<Stage> {
  return stage({ script, config: { wire: "chat", provider } });
}

function piece(
  index: number | undefined,
  more: JsonObject,
  id?: string,
): JsonObject {
  const place = index === undefined ? {} : { index };
  return { ...place, ...(id !== undefined && { id }), function: more };
}

function calls(...pieces: readonly JsonObject[]): JsonObject {
  return chunk({ tool_calls: pieces });
}

const ARGS = ['{"command":["ec', 'ho","ONE"]}'] as const;
const OTHER = ['{"command":["ec', 'ho","TWO"]}'] as const;
const TEXT = sse([chunk({ content: "done" }, "stop")]);

const STREAMS: Readonly<Record<string, readonly JsonObject[]>> = {
  "in interleaved pieces": [
    calls(piece(0, { name: "shell", arguments: "" }, "a")),
    calls(piece(1, { name: "shell", arguments: "" }, "b")),
    calls(piece(1, { arguments: OTHER[0] })),
    calls(piece(0, { arguments: ARGS[0] })),
    calls(piece(1, { arguments: OTHER[1] }), piece(0, { arguments: ARGS[1] })),
    chunk({}, "tool_calls"),
  ],
  "without an index": [
    calls(piece(undefined, { name: "shell", arguments: ARGS[0] }, "a")),
    calls(piece(undefined, { arguments: ARGS[1] })),
    calls(piece(undefined, { name: "shell", arguments: OTHER.join("") }, "b")),
    chunk({}, "tool_calls"),
  ],
  "all with the index 0": [
    calls(piece(0, { name: "shell", arguments: ARGS.join("") }, "a")),
    calls(piece(0, { name: "shell", arguments: OTHER.join("") }, "b")),
    chunk({}, "tool_calls"),
  ],
  "with the id in every piece": [
    calls(piece(0, { name: "shell", arguments: ARGS[0] }, "a")),
    calls(piece(0, { arguments: ARGS[1] }, "a")),
    calls(piece(1, { name: "shell", arguments: OTHER[0] }, "b")),
    calls(piece(1, { arguments: OTHER[1] }, "b")),
    chunk({}, "tool_calls"),
  ],
  "ended as a stop": [
    calls(piece(0, { name: "shell", arguments: ARGS.join("") }, "a")),
    calls(piece(1, { name: "shell", arguments: OTHER.join("") }, "b")),
    chunk({}, "stop"),
  ],
  "with arguments as objects and one id": [
    calls(
      piece(0, {
        name: "shell",
        arguments: { command: ["echo", "ONE"] },
      }, "a"),
      piece(1, {
        name: "shell",
        arguments: { command: ["echo", "TWO"] },
      }, "a"),
    ),
    chunk({}, "tool_calls"),
  ],
  "in the last chunk": [
    chunk({
      tool_calls: [
        piece(0, { name: "shell", arguments: ARGS.join("") }, "a"),
        piece(1, { name: "shell", arguments: OTHER.join("") }, "b"),
      ],
    }, "tool_calls"),
  ],
};

for (const [what, chunks] of Object.entries(STREAMS)) {
  for (const noDone of [false, true]) {
    serverCase(
      "chat: calls",
      `chat calls ${what}${
        noDone ? ", with no [DONE]" : ""
      }, run and are paired`,
      async () => {
        await using s = await chat([sse(chunks, { noDone }), TEXT]);
        const run = await s.json("go");
        assert.equal(run.code, 0, run.stdout);
        assert.equal(itemsOf(run, "command_execution").length, 2);
        const outputs = s.model.request(1).input.filter(({ role }) =>
          role === "tool"
        ).map(({ content }) => String(content));
        assert.match(outputs[0] ?? "", /ONE/);
        assert.match(outputs[1] ?? "", /TWO/);
      },
    );
  }
}

serverCase(
  "chat: calls",
  "a chat call in the oldest form runs",
  async () => {
    const old = (more: JsonObject): JsonObject =>
      chunk({ function_call: more });
    await using s = await chat([
      sse([
        old({ name: "shell", arguments: ARGS[0] }),
        old({ arguments: ARGS[1] }),
        chunk({}, "function_call"),
      ]),
      TEXT,
    ]);
    const run = await s.json("go");
    assert.equal(run.code, 0, run.stdout);
    assert.equal(itemsOf(run, "command_execution").length, 1);
  },
);

const THOUGHTS: Readonly<Record<string, readonly JsonObject[]>> = {
  reasoning_content: [chunk({ reasoning_content: "deep thought" })],
  reasoning: [chunk({ reasoning: "deep thought" })],
  "two fields": [
    chunk({ reasoning: "deep thought", reasoning_content: "deep thought" }),
  ],
  "a part of the content": [
    chunk({
      content: [{
        type: "thinking",
        thinking: [{ type: "text", text: "deep thought" }],
      }],
    }),
  ],
};

for (const [what, chunks] of Object.entries(THOUGHTS)) {
  serverCase(
    "chat: reasoning",
    `chat reasoning in ${what} is told as reasoning, once, and is not the answer`,
    async () => {
      await using s = await chat([
        sse([...chunks, chunk({ content: "done" }), chunk({}, "stop")]),
      ]);
      const args = ["-c", "show_raw_agent_reasoning=true"];
      const run = await s.json("go", { args });
      assert.equal(run.code, 0, run.stdout);
      assert.equal(itemsOf(run, "agent_message").at(-1)?.["text"], "done");
      const told = itemsOf(run, "reasoning").map(({ text }) => String(text));
      assert.equal(told.join("").split("deep thought").length, 2);
    },
  );
}

const USAGES: Readonly<Record<string, readonly JsonObject[]>> = {
  "a chunk of its own": [
    chunk({ content: "done" }, "stop"),
    { choices: [], usage: { prompt_tokens: 900, completion_tokens: 5 } },
  ],
  "the last chunk": [
    {
      ...chunk({ content: "done" }, "stop"),
      usage: { prompt_tokens: 900, completion_tokens: 5 },
    },
  ],
  "every chunk": [
    {
      ...chunk({ content: "do" }),
      usage: { prompt_tokens: 900, completion_tokens: 1 },
    },
    {
      ...chunk({ content: "ne" }, "stop"),
      usage: { prompt_tokens: 900, completion_tokens: 5 },
    },
  ],
};

for (const [what, chunks] of Object.entries(USAGES)) {
  serverCase(
    "chat: usage",
    `chat tokens in ${what} are counted once`,
    async () => {
      await using s = await chat([sse(chunks)]);
      const run = await s.json("go");
      assert.equal(run.code, 0, run.stdout);
      assert.equal(itemsOf(run, "agent_message").at(-1)?.["text"], "done");
      const usage = lastEvent(run)["usage"] as JsonObject;
      assert.equal(usage["input_tokens"], 900);
      assert.equal(usage["output_tokens"], 5);
    },
  );
}

const ENDS: Readonly<Record<string, readonly [Part, RegExp, number]>> = {
  "cut at its length": [
    sse([chunk({ content: "half" }, "length")]),
    /max_output_tokens/,
    1,
  ],
  "stopped by a filter": [
    sse([chunk({ content: "half" }, "content_filter")]),
    /content_filter/,
    1,
  ],
  "an error in a chunk": [
    sse([chunk({ content: "half" }), {
      error: { message: "bad model", code: 400 },
    }]),
    /bad model/,
    1,
  ],
  "an error in a choice": [
    sse([{
      choices: [{ index: 0, error: { code: 400, message: "bad model" } }],
    }]),
    /bad model/,
    1,
  ],
  "vLLM's error object": [
    sse([{ object: "error", message: "bad model", code: 400 }]),
    /bad model/,
    1,
  ],
  "a detail": [sse([{ detail: "bad model" }]), /bad model/, 5],
  "an error in the event line": [
    raw('event: error\ndata: {"code":400,"message":"bad model"}\n\n'),
    /bad model/,
    1,
  ],
  "an error text in the event line": [
    raw("event: error\ndata: bad model\n\n"),
    /bad model/,
    5,
  ],
  "a list with an error in place of a stream": [
    fail(
      200,
      '[{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"bad model"}}]',
      { "content-type": "application/json" },
    ),
    /bad model/,
    1,
  ],
  "calls announced and none there": [
    sse([chunk({}, "tool_calls")]),
    /was empty/,
    0,
  ],
};

for (const [what, [answer, words, code]] of Object.entries(ENDS)) {
  serverCase(
    "chat: ends and errors",
    `a chat answer that is ${what} is told as that`,
    async () => {
      await using s = await chat(
        [answer, answer],
        "request_max_retries = 0\nstream_max_retries = 0",
      );
      const run = await s.json("go");
      assert.equal(run.code, code, run.stdout);
      assert.match(run.stdout, words);
    },
  );
}

serverCase(
  "chat: ends and errors",
  "a chat stream that breaks off in a call is tried again, and the half call is not run",
  async () => {
    await using s = await chat([
      sse([calls(piece(0, { name: "shell", arguments: ARGS[0] }, "a"))], {
        noDone: true,
      }),
      TEXT,
    ], "stream_max_retries = 1");
    const run = await s.json("go");
    assert.equal(run.code, 0, run.stdout);
    assert.equal(itemsOf(run, "command_execution").length, 0);
    assert.equal(eventsOf(run, "stream.retry").length, 1);
  },
);
