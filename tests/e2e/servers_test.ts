/** Servers that are not OpenAI's, against the built program: named by what the user sees. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import {
  call,
  errorBody,
  fail,
  type Part,
  raw,
  say,
  think,
  usage,
} from "../support/mock_script.ts";
import type { MockRequest } from "../support/mock_model.ts";
import { eventsOf, itemsOf, lastEvent, stage } from "./support.ts";

const MSG = {
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: "the answer" }],
};
const CALL = {
  type: "function_call",
  id: "fc_1",
  call_id: "call_1",
  name: "shell",
  arguments: JSON.stringify({ command: ["echo", "ran"] }),
};
const CREATED = { type: "response.created", response: { id: "r" } };

function completed(output: readonly JsonObject[]): JsonObject {
  const response = { id: "r", status: "completed", output };
  return { type: "response.completed", response };
}

function sse(...events: readonly JsonObject[]): Part {
  return raw(events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(""));
}

function named(...events: readonly JsonObject[]): Part {
  return raw(
    events.map(({ type, ...data }) =>
      `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
    ).join(""),
  );
}

const ADDED = {
  type: "response.output_item.added",
  item: { ...MSG, id: "m", content: [] },
};
const DELTA = {
  type: "response.output_text.delta",
  item_id: "m",
  delta: "the answer",
};

const ANSWERS: Readonly<Record<string, Part>> = {
  "only deltas and a list at the end": sse(
    CREATED,
    ADDED,
    DELTA,
    { type: "response.output_text.done", item_id: "m", text: "the answer" },
    completed([{ ...MSG, id: "m" }]),
  ),
  "only deltas": sse(CREATED, ADDED, DELTA, completed([])),
  "types in the event lines": named(
    CREATED,
    { type: "response.output_item.done", item: MSG },
    completed([]),
  ),
  "response.done": sse(
    CREATED,
    { type: "response.output_item.done", item: MSG },
    { type: "response.done", response: { id: "r", status: "completed" } },
  ),
  "one JSON text": fail(200, {
    id: "r",
    object: "response",
    status: "completed",
    output: [MSG],
  }),
};

for (const [what, answer] of Object.entries(ANSWERS)) {
  Deno.test(`a server that sends ${what} gives the same answer, also to the session`, async () => {
    await using s = await stage({ script: [answer, say("on")] });
    const run = await s.json("go");
    assert.equal(run.code, 0, run.stdout);
    assert.equal(itemsOf(run, "agent_message")[0]?.["text"], "the answer");
    await s.json("on", { command: ["resume", "--last"] });
    assert.match(s.model.request(1).text, /the answer/);
  });
}

Deno.test("a call that only comes in pieces runs, and its output goes back", async () => {
  await using s = await stage({
    script: [
      sse(
        CREATED,
        {
          type: "response.output_item.added",
          item: { ...CALL, arguments: "" },
        },
        {
          type: "response.function_call_arguments.delta",
          item_id: "fc_1",
          delta: CALL.arguments,
        },
        completed([CALL]),
      ),
      say("done"),
    ],
  });
  assert.equal((await s.json("go")).code, 0);
  assert.match(String(s.model.request(1).outputOf("call_1")), /ran/);
});

Deno.test("an error inside a 200 is one request, its words shown, exit 1", async () => {
  for (
    const error of [
      { error: { code: 400, message: "bad model" } },
      { type: "error", code: 400, message: "BadRequestError: bad model" },
    ]
  ) {
    await using s = await stage({ script: [sse(CREATED, error)] });
    const run = await s.json("go");
    assert.equal(run.code, 1);
    assert.match(JSON.stringify(lastEvent(run)), /bad model/);
    assert.equal(s.model.requests.length, 1);
  }
});

Deno.test("a window that is full in the words of small servers is compacted, and the run goes on", async () => {
  for (
    const [status, body] of [
      [400, {
        error: {
          code: 400,
          type: "exceed_context_size_error",
          message:
            "request (60179 tokens) exceeds the available context size (60160 tokens)",
        },
      }],
      [400, {
        error:
          "The number of tokens to keep from the initial prompt is greater than the context length",
      }],
    ] as const
  ) {
    await using s = await stage({
      script: [
        call("shell", { command: ["true"] }),
        fail(status, body),
        say("summary"),
        say("done"),
      ],
    });
    const run = await s.json("go");
    assert.equal(run.code, 0, run.stdout);
    assert.equal(eventsOf(run, "context.compacted").length, 1);
  }
});

Deno.test("a 413 after four screenshots leaves the oldest out, and the run goes on", async () => {
  const png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const looks = [1, 2, 3, 4].map(() => call("view_image", { path: "a.png" }));
  await using s = await stage({
    laws: { except: ["prefix"] },
    script: (request) =>
      count(request, '"input_image"') > 3
        ? fail(413, "<html>too large</html>")
        : looks.shift() ?? say("done"),
  });
  await Deno.writeFile(`${s.home.work}/a.png`, Uint8Array.fromBase64(png));
  const run = await s.json("look");
  assert.equal(run.code, 0, run.stdout);
  const last = s.model.request(s.model.requests.length - 1);
  assert.equal(count(last, '"input_image"'), 1);
  assert.match(JSON.stringify(run.events), /no longer extends/);
});

Deno.test("arguments that are no JSON, and half a surrogate, do not end a session for good", async () => {
  await using s = await stage({
    laws: { except: ["prefix"] },
    script: (request) =>
      /\\ud83d/i.test(request.text) || request.text.includes('"oops{"')
        ? fail(400, errorBody("bad request"))
        : request.input.some(({ type }) => type === "function_call")
        ? say("done \ud83d")
        : call("shell", "oops{"),
  });
  assert.equal((await s.json("go")).code, 0);
  const next = await s.json("on", { command: ["resume", "--last"] });
  assert.equal(next.code, 0, next.stdout);
});

Deno.test("no ciphertext of one provider goes to another, in either direction", async () => {
  await using s = await stage({
    laws: { except: ["prefix"] },
    config: {
      bottom:
        '[model_providers.other]\nname = "Other"\nbase_url = "URL"\nenv_key = "MOCK_KEY"',
    },
    script: [
      [think("hm", "of-mock"), say("one")],
      [think("hm", "of-other"), say("two")],
      say("three"),
    ],
  });
  const path = `${s.home.codexHome}/config.toml`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace('"URL"', `"${s.model.url}"`));
  assert.equal((await s.json("go")).code, 0);
  const command = ["resume", "--last"];
  const args = ["-c", "model_provider=other"];
  const other = await s.json("on", { command, args });
  assert.equal(other.code, 0, other.stdout);
  assert.doesNotMatch(s.model.request(1).text, /of-mock/);
  assert.equal((await s.json("back", { command })).code, 0);
  assert.doesNotMatch(s.model.request(2).text, /of-other|of-mock/);
});

Deno.test("a template that takes one system text gets one, by setting and by itself", async () => {
  for (const isSet of [true, false]) {
    await using s = await stage({
      laws: { except: ["prefix"] },
      config: {
        provider: `request_max_retries = 0\nsingle_system_message = ${isSet}`,
      },
      script: (request) =>
        request.input.some(({ role }) => role === "developer")
          ? fail(500, errorBody("System message must be at the beginning"))
          : say("done"),
    });
    assert.equal((await s.json("go")).code, 0);
    const command = ["resume", "--last"];
    assert.equal((await s.json("on", { command })).code, 0);
    const sent = s.model.requests.map(({ body }) => body["instructions"]);
    assert.equal(s.model.requests.length, isSet ? 2 : 4);
    assert.match(String(sent.at(-1)), /<permissions instructions>/);
    if (isSet) assert.equal(sent[0], sent[1]);
  }
});

Deno.test("an empty answer is said, and is no success where an answer is the point", async () => {
  await using s = await stage({
    files: { "schema.json": '\ufeff{"type":"object"}' },
    script: () => [say(""), usage(null)],
  });
  const run = await s.json("go");
  assert.equal(run.code, 0);
  assert.match(JSON.stringify(run.events), /was empty/);
  const args = ["--output-schema", "schema.json"];
  assert.equal((await s.json("go", { args })).code, 1);
  const review = await s.json("", {
    command: ["review"],
    args: ["--uncommitted"],
  });
  assert.equal(review.code, 1, review.stdout);
});

Deno.test("a call that fails for ever ends the run with exit 6 and words", async () => {
  await using s = await stage({
    script: () => call("shell", { command: ["cat", "/nonexistent/file"] }),
  });
  const run = await s.json("go");
  assert.equal(run.code, 6, run.stdout.slice(-500));
  assert.match(JSON.stringify(lastEvent(run)), /goes round in circles/);
  assert.ok(s.model.requests.length < 60);
});

Deno.test("a proxy of the environment sees nothing of a model on this machine", async () => {
  await using s = await stage({ script: [say("done")] });
  const env = {
    HTTP_PROXY: "http://127.0.0.1:9",
    ALL_PROXY: "http://127.0.0.1:9",
  };
  assert.equal((await s.json("go", { env })).code, 0);
});

Deno.test("a skill whose description holds a colon, and an AGENTS.md in UTF-16, reach the model", async () => {
  await using s = await stage({
    script: [say("done")],
    files: {
      ".agents/skills/it/SKILL.md":
        "---\nname: it\ndescription: Use it: often\n---\nText.\n",
      "AGENTS.md": "",
    },
  });
  const utf16 = Uint8Array.from(
    [..."\ufeffNever dig here."].flatMap((char) => {
      const code = char.charCodeAt(0);
      return [code & 0xff, code >> 8];
    }),
  );
  await Deno.writeFile(`${s.home.work}/AGENTS.md`, utf16);
  assert.equal((await s.json("go")).code, 0);
  assert.match(s.model.request(0).text, /Use it: often/);
  assert.match(s.model.request(0).text, /Never dig here\./);
});

function count({ text }: MockRequest, part: string): number {
  return text.split(part).length - 1;
}
