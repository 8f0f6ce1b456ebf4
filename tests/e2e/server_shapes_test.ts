/** Answers and refusals in the shapes of many servers, against the built program. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  call,
  errorBody,
  fail,
  type Part,
  raw,
  say,
  type Step,
  usage,
} from "../support/mock_script.ts";
import type { MockRequest } from "../support/mock_model.ts";
import { serverCase } from "../support/server_case.ts";
import { eventsOf, itemsOf, lastEvent, stage } from "./support.ts";

const CREATED = { type: "response.created", response: { id: "r" } };
const MSG = {
  type: "message",
  id: "m",
  role: "assistant",
  content: [{ type: "output_text", text: "half" }],
};
const DELTA = { type: "response.output_text.delta", item_id: "m", delta: "ha" };
const IMPATIENT = "request_max_retries = 0\nstream_max_retries = 0";
const ONCE = "request_max_retries = 1\nstream_max_retries = 1";

function sse(...events: readonly JsonObject[]): Part {
  return raw(events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(""));
}

function completed(
  output: readonly JsonObject[],
  more: JsonObject = {},
): JsonObject {
  const response = { id: "r", status: "completed", output, ...more };
  return { type: "response.completed", response };
}

function run(script: (n: number) => Step): (request: MockRequest) => Step {
  return ({ index }) => script(index);
}

const DEAD = { code: "server_error", message: "upstream died" };
const FAILURES: Readonly<Record<string, Part>> = {
  "completed with the status failed": sse(
    CREATED,
    completed([], { status: "failed", error: DEAD }),
  ),
  "done with the status failed": sse(CREATED, {
    type: "response.done",
    response: { status: "failed", error: { message: "upstream died" } },
  }),
  "a whole answer with the status failed": fail(200, {
    object: "response",
    status: "failed",
    error: DEAD,
    output: [],
  }),
  "an error as a bare text": sse(CREATED, DELTA, { error: "upstream died" }),
  "an error object after half a message": sse(CREATED, DELTA, {
    error: { message: "upstream died", code: 502 },
  }),
  "an object that is called an error": sse(CREATED, {
    object: "error",
    message: "upstream died",
    type: "InternalServerError",
    code: 500,
  }),
  "response.error": sse(CREATED, {
    type: "response.error",
    error: { message: "upstream died" },
  }),
  "an error of which only the event line says so": raw(
    `event: error\ndata: {"message":"upstream died"}\n\n`,
  ),
  "an error text of which only the event line says so": raw(
    `event: error\ndata: upstream died\n\n`,
  ),
  "a detail": sse(CREATED, { detail: "upstream died" }),
};

for (const [what, answer] of Object.entries(FAILURES)) {
  serverCase(
    "7 a failure inside a 200",
    `${what} in a 200 is tried again, and fails the turn in the server's words when it stays`,
    async () => {
      await using s = await stage({
        config: { provider: ONCE },
        script: run((n) => n === 1 ? say("fine") : answer),
      });
      const first = await s.json("go");
      assert.equal(first.code, 0, first.stdout);
      assert.match(
        JSON.stringify(eventsOf(first, "stream.retry")),
        /upstream died/,
      );
      const { text } = s.model.request(1);
      assert.doesNotMatch(text, /"ha"/);
      const last = await s.json("go", { command: ["resume", "--last"] });
      assert.notEqual(last.code, 0);
      assert.match(JSON.stringify(lastEvent(last)), /upstream died/);
    },
  );
}

const REFUSED: Readonly<Record<string, Part>> = {
  "a code that is a number": sse(CREATED, {
    type: "error",
    code: 400,
    message: "BadRequestError: bad model",
  }),
  "a code as text": sse(CREATED, {
    error: { code: "400", message: "bad model" },
  }),
  "a status and no code": sse(CREATED, {
    error: { status: "INVALID_ARGUMENT", message: "bad model" },
  }),
  "vLLM's whole error object": sse(CREATED, {
    object: "error",
    message: "bad model",
    type: "BadRequestError",
    param: null,
    code: 400,
  }),
  "an error in place of the stream": fail(200, {
    error: { code: 400, message: "bad model" },
  }),
  "a list with an error in place of the stream": fail(
    200,
    '[{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"bad model"}}]',
    { "content-type": "application/json" },
  ),
};

for (const [what, answer] of Object.entries(REFUSED)) {
  serverCase(
    "5, 6 a refusal inside a 200",
    `a refusal inside a 200, ${what}, is one request with its words, exit 1`,
    async () => {
      await using s = await stage({ script: () => answer });
      const end = await s.json("go");
      assert.equal(end.code, 1, end.stdout);
      assert.match(JSON.stringify(lastEvent(end)), /bad model/);
      assert.equal(s.model.requests.length, 1);
    },
  );
}

const OVERFLOWS: Readonly<Record<string, Part>> = {
  vLLM: fail(400, {
    error: {
      type: "BadRequestError",
      code: 400,
      message:
        "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens.",
    },
  }),
  "vLLM of today": fail(400, {
    object: "error",
    message:
      "The decoder prompt (length 40000) is longer than the maximum model length of 32768. Make sure that `max_model_len` is no smaller than the number of text tokens.",
    type: "BadRequestError",
    code: 400,
  }),
  "LiteLLM": fail(400, {
    error: {
      message:
        "litellm.ContextWindowExceededError: litellm.BadRequestError: AnthropicException - prompt is too long: 201234 tokens > 200000 maximum",
      type: null,
      code: "400",
    },
  }),
  "Gemini": fail(
    400,
    '[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]',
    { "content-type": "application/json" },
  ),
  "Bedrock": fail(400, { message: "Input is too long for requested model." }),
  "llama.cpp as a fault of its own": fail(500, {
    error: {
      code: 500,
      type: "server_error",
      message:
        "the request exceeds the available context size, try increasing it",
    },
  }),
  "a gateway with an error inside a 200": sse(CREATED, {
    error: { code: 400, message: "maximum context length is 32768 tokens" },
  }),
  "response.failed": sse(CREATED, {
    type: "response.failed",
    response: {
      status: "failed",
      error: { code: "context_length_exceeded", message: "too long" },
    },
  }),
  "a 413 without pictures": fail(413, "<html>Payload too large</html>"),
  "Ollama in plain text": fail(400, "input length exceeds the context length"),
};

for (const [who, overflow] of Object.entries(OVERFLOWS)) {
  serverCase(
    "9-11 a full window",
    `a full window in the words of ${who} is compacted, in a run and in a resumed session`,
    async () => {
      const answers: Step[] = [
        call("shell", { command: ["true"] }),
        overflow,
        say("summary"),
        say("done"),
        overflow,
        say("summary"),
        say("done again"),
      ];
      await using s = await stage({
        config: { provider: IMPATIENT },
        script: run((n) => answers[n] ?? fail(400)),
      });
      const first = await s.json("go");
      assert.equal(first.code, 0, first.stdout);
      assert.equal(eventsOf(first, "context.compacted").length, 1);
      const next = await s.json("on", { command: ["resume", "--last"] });
      assert.equal(next.code, 0, next.stdout);
      assert.equal(eventsOf(next, "context.compacted").length, 1);
      assert.equal(
        itemsOf(next, "agent_message").at(-1)?.["text"],
        "done again",
      );
    },
  );
}

serverCase(
  "9-11 a full window",
  "too many tokens for this minute are waited for, and nothing is compacted",
  async () => {
    await using s = await stage({
      script: run((n) =>
        n === 0
          ? fail(429, {
            message: "Too many tokens, please wait 1 ms before trying again.",
          })
          : say("done")
      ),
    });
    const end = await s.json("go");
    assert.equal(end.code, 0, end.stdout);
    assert.equal(eventsOf(end, "context.compacted").length, 0);
  },
);

const WAITS: Readonly<Record<string, readonly [Part, number]>> = {
  "0m2.5s": [
    fail(429, errorBody("Rate limit reached. Please try again in 0m2.5s.")),
    2_500,
  ],
  "a retryDelay": [
    fail(429, {
      error: {
        code: 429,
        status: "RESOURCE_EXHAUSTED",
        message: "quota",
        details: [{ "@type": "RetryInfo", retryDelay: "3.4s" }],
      },
    }),
    3_400,
  ],
  "a retryDelay in a list": [
    fail(
      429,
      '[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"quota","details":[{"@type":"RetryInfo","retryDelay":"3.4s"}]}}]',
      { "content-type": "application/json" },
    ),
    3_400,
  ],
  "3 seconds": [
    fail(429, errorBody("Requests exceeded, retry after 3 seconds")),
    3_000,
  ],
  "a header": [fail(429, "slow down", { "retry-after": "2" }), 2_000],
  "an error inside a 200": [
    sse({ error: { code: 429, message: "Please try again in 2s" } }),
    2_000,
  ],
};

for (const [what, [refusal, waitMs]] of Object.entries(WAITS)) {
  serverCase(
    "13, 14 a wait in words",
    `a limit that ends after ${what} is waited for that long, and said`,
    async () => {
      await using s = await stage({ script: () => refusal });
      const agent = s.start("go");
      const retry = await agent.untilEvent("stream.retry");
      Deno.kill(agent.pid, "SIGINT");
      await agent.finished;
      const delay = Number(retry["delay_ms"]);
      assert.ok(delay >= waitMs && delay < waitMs * 1.5 + 1_000, `${delay}`);
    },
  );
}

serverCase(
  "13, 14 a wait in words",
  "a wait that is longer than the longest one ends the run with both in words",
  async () => {
    await using s = await stage({
      script: () => fail(429, errorBody("Please try again in 1m2.5s.")),
    });
    const end = await s.json("go");
    assert.equal(end.code, 5);
    assert.match(JSON.stringify(lastEvent(end)), /in 1m2\.5s.*63 s.*max_wait/);
  },
);

const COUNTS: Readonly<Record<string, JsonObject | null>> = {
  zeros: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
  texts: { input_tokens: "0", output_tokens: "12", total_tokens: "12" },
  nothing: null,
  "the output alone": { output_tokens: 3 },
  "negative numbers": { input_tokens: -1, output_tokens: -1, total_tokens: -1 },
  "the part that was not cached": { input_tokens: 7, output_tokens: 5 },
  "other names": { promptTokenCount: 5, candidatesTokenCount: 3 },
};

for (const [what, counts] of Object.entries(COUNTS)) {
  serverCase(
    "21 no honest count",
    `a server that counts ${what} has its small window compacted in time`,
    async () => {
      let most = 0;
      let calls = 0;
      await using s = await stage({
        // A summary that does not fit either leaves the oldest out.
        laws: { except: ["prefix"] },
        config: { top: "model_context_window = 20000" },
        script: (request) => {
          most = Math.max(most, request.text.length / 4);
          if (request.body["tool_choice"] === "none") return say("summary");
          return calls++ < 8
            ? [
              call("shell", { command: ["seq", `${calls}`, "4000"] }),
              usage(counts),
            ]
            : [say("done"), usage(counts)];
        },
      });
      const end = await s.json("go");
      assert.equal(end.code, 0, end.stdout.slice(-800));
      assert.ok(eventsOf(end, "context.compacted").length > 0);
      assert.ok(most < 22_000, `${most}`);
    },
  );
}

serverCase(
  "22 the cached part apart",
  "the cost of tokens that a server counts apart from its cache stops a run at its limit",
  async () => {
    for (
      const counts of [
        {
          input_tokens: 10,
          input_tokens_details: { cached_tokens: 90_000 },
          output_tokens: 1,
        },
        {
          input_tokens: 10,
          cache_read_input_tokens: 90_000,
          output_tokens: 1,
        },
        { input_tokens: "90010", output_tokens: "1" },
      ]
    ) {
      await using s = await stage({
        config: {
          bottom:
            '[prices."gpt-5.2-codex"]\ninput = 10\ncached_input = 4\noutput = 10',
        },
        script: run((
          n,
        ) => [call("shell", { command: ["echo", `${n}`] }), usage(counts)]),
      });
      const end = await s.json("go", { args: ["--max-cost", "1"] });
      assert.equal(end.code, 6, end.stdout.slice(-600));
      assert.ok(s.model.requests.length <= 4, `${s.model.requests.length}`);
    }
  },
);

function callItem(more: JsonObject): JsonObject {
  const { name = "shell", ...rest } = more;
  return {
    type: "function_call",
    id: "fc_1",
    call_id: "call_1",
    name,
    arguments: JSON.stringify({ command: ["echo", "ran"] }),
    ...rest,
  };
}

function without(...keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(callItem({})).filter(([key]) => !keys.includes(key)),
  );
}

const CALLS: Readonly<Record<string, readonly JsonObject[]>> = {
  "neither id": [without("id", "call_id")],
  "empty ids": [callItem({ id: "", call_id: "" })],
  "no call_id": [without("call_id")],
  "one id for two": [callItem({}), callItem({})],
  "arguments as an object": [
    callItem({ arguments: { command: ["echo", "ran"] } }),
  ],
  "an id that is a number": [callItem({ id: 7, call_id: 7 })],
  "a call_id that is null": [callItem({ id: null, call_id: null })],
  "arguments in a text of a text": [
    callItem({
      arguments: JSON.stringify(JSON.stringify({ command: ["echo", "ran"] })),
    }),
  ],
};

for (const [what, items] of Object.entries(CALLS)) {
  for (const form of ["done", "listed"] as const) {
    serverCase(
      "23 calls of small servers",
      `a call with ${what}, ${form}, runs and is paired with its output`,
      async () => {
        const events = form === "done"
          ? items.map((item) => ({ type: "response.output_item.done", item }))
          : [];
        await using s = await stage({
          script: [
            sse(CREATED, ...events, completed(form === "done" ? [] : items)),
            say("done"),
          ],
        });
        const end = await s.json("go");
        assert.equal(end.code, 0, end.stdout);
        assert.equal(itemsOf(end, "command_execution").length, items.length);
        const outputs = s.model.request(1).input.filter(({ type }) =>
          type === "function_call_output"
        );
        assert.equal(outputs.length, items.length);
        for (const { output } of outputs) assert.match(String(output), /ran/);
      },
    );
  }
}

serverCase(
  "23 calls of small servers",
  "a call that lacks its name, its arguments or both is answered, and the run goes on",
  async () => {
    await using s = await stage({
      script: [
        sse(
          CREATED,
          completed([without("name"), {
            ...without("arguments"),
            id: "fc_2",
            call_id: "call_2",
          }, { type: "function_call" }]),
        ),
        say("done"),
      ],
    });
    const end = await s.json("go");
    assert.equal(end.code, 0, end.stdout);
    assert.equal(
      s.model.request(1).input.filter(({ type }) =>
        type === "function_call_output"
      ).length,
      3,
    );
  },
);

serverCase(
  "8 an answer in one piece",
  "a whole answer with calls, cut off, or with the wrong content type is taken for what it is",
  async () => {
    const whole = (
      output: readonly JsonObject[],
      more: JsonObject = {},
    ): Part =>
      fail(200, { object: "response", status: "completed", output, ...more });
    await using s = await stage({
      script: [
        whole([callItem({})]),
        fail(
          200,
          JSON.stringify({ status: "completed", output: [MSG] }),
          { "content-type": "text/event-stream" },
        ),
        whole([MSG], {
          status: "incomplete",
          incomplete_details: { reason: "max_output_tokens" },
        }),
      ],
    });
    const first = await s.json("go");
    assert.equal(first.code, 0, first.stdout);
    assert.match(String(s.model.request(1).outputOf("call_1")), /ran/);
    const cut = await s.json("on", { command: ["resume", "--last"] });
    assert.notEqual(cut.code, 0);
    assert.match(cut.stdout, /half/);
    assert.match(cut.stdout, /max_output_tokens/);
  },
);
