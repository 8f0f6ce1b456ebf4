/** What a server refuses in a history is left out once; the session goes on. */
import assert from "node:assert/strict";
import type { Event } from "../../../../core/protocol/event.ts";
import {
  type TestThread,
  testThread,
  testTool,
} from "../../../support/harness.ts";
import {
  call,
  errorBody,
  fail,
  type MockRequest,
  say,
  type Step,
  think,
} from "../../../support/mock_model.ts";

const PICTURE = "data:image/png;base64,AAAA";
const look = testTool("look", () =>
  Promise.resolve({
    content: [{ type: "input_image", image_url: PICTURE }],
    success: true,
  }));

// A server that refuses every request in which it finds something.
function refusing(
  isBad: (request: MockRequest) => boolean,
  refusal: Step,
  steps: readonly Step[],
): TestThread {
  const left = [...steps];
  return testThread({
    tools: [look],
    endpoint: { requestRetries: 0 },
    // A repair is the one thing that may break the prefix.
    laws: { except: ["prefix"] },
    script: (request) =>
      isBad(request) ? refusal : left.shift() ?? say("Done."),
  });
}

function warnings(events: readonly Event[]): string[] {
  return events.flatMap((event) =>
    event.type === "warning" ? [event.message] : []
  );
}

function pictures(request: MockRequest): number {
  return request.text.split('"input_image"').length - 1;
}

for (
  const [server, refusal] of [
    [
      "llama.cpp",
      fail(500, {
        error: {
          code: 500,
          type: "server_error",
          message:
            "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        },
      }),
    ],
    [
      "vLLM",
      fail(400, errorBody("At most 0 image(s) may be provided in one prompt.")),
    ],
    [
      "OpenRouter",
      fail(404, errorBody("No endpoints found that support image input")),
    ],
    ["Ollama", fail(400, errorBody("this model does not support images"))],
    [
      "OpenAI",
      fail(
        400,
        errorBody(
          "The image data you provided does not represent a valid image",
          "invalid_image",
        ),
      ),
    ],
  ] as const
) {
  Deno.test(`a picture that ${server} refuses is left out once, and said`, async () => {
    await using t = refusing(
      (request) => pictures(request) > 0,
      refusal,
      [call("look", {}), say("Seen."), say("On.")],
    );
    assert.equal((await t.turn("look")).type, "done");
    assert.equal((await t.turn("on")).type, "done");
    assert.equal(t.model.requests.length, 4);
    assert.match(t.model.requests.at(-1)?.text ?? "", /A picture was here/);
    assert.equal(warnings(t.events).length, 1);
  });
}

Deno.test("a body over a gateway's size loses its oldest pictures, the newest stays", async () => {
  for (const body of ["", "<html>413 Request Entity Too Large</html>"]) {
    await using t = refusing(
      (request) => pictures(request) > 3,
      fail(413, body),
      [1, 2, 3, 4].map(() => call("look", {})),
    );
    assert.equal((await t.turn("look")).type, "done");
    assert.equal(pictures(t.model.request(t.model.requests.length - 1)), 1);
  }
});

Deno.test("arguments that are no JSON do not end the session, whatever the server says of them", async () => {
  for (
    const refusal of [
      fail(400, errorBody("bad request")),
      fail(500, errorBody("Failed to parse tool call arguments as JSON")),
      fail(400, {
        error: "invalid character 'o' looking for beginning of value",
      }),
      fail(422, { detail: "Expecting value: line 1 column 1 (char 0)" }),
    ]
  ) {
    await using t = refusing(
      (request) =>
        request.input.some((item) =>
          item["type"] === "function_call" && item["arguments"] === "oops{"
        ),
      refusal,
      [call("look", "oops{")],
    );
    assert.equal((await t.turn("look")).type, "done");
    assert.equal((await t.turn("on")).type, "done");
    assert.equal(warnings(t.events).length, 1);
  }
});

Deno.test("ciphertext and ids that the server does not know are left out", async () => {
  for (
    const [refusal, mark] of [
      [
        fail(
          400,
          errorBody(
            "The encrypted content gAAA could not be verified.",
            "invalid_encrypted_content",
          ),
        ),
        '"encrypted_content"',
      ],
      [
        fail(
          404,
          errorBody(
            "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.",
          ),
        ),
        '"rs_1"',
      ],
    ] as const
  ) {
    await using t = refusing(
      (request) => request.text.includes(`${mark}`) && request.input.length > 3,
      refusal,
      [[think("hm"), say("One.")]],
    );
    await t.turn("go");
    assert.equal((await t.turn("on")).type, "done");
  }
});

Deno.test("half a surrogate pair is never sent, nor logged", async () => {
  const half = "\ud83d";
  await using t = testThread({
    script: [say(`broken ${half} text`), say("On.")],
  });
  await t.turn(`typed ${half}`);
  await t.turn("on");
  for (const { text } of t.model.requests) {
    assert.doesNotMatch(text, /\\ud83d/i);
  }
  assert.doesNotMatch(JSON.stringify(t.facts), /\\ud83d/i);
});

Deno.test("a template that takes one system text gets one, from the refusal on", async () => {
  const developer = (request: MockRequest): number =>
    request.input.filter(({ role }) => role === "developer").length;
  await using t = refusing(
    (request) => developer(request) > 0,
    fail(500, errorBody("System message must be at the beginning.")),
    [],
  );
  t.state.transcript.append([{
    type: "message",
    role: "developer",
    content: [{ type: "input_text", text: "Be brief." }],
  }]);
  assert.equal((await t.turn("go")).type, "done");
  assert.equal((await t.turn("on")).type, "done");
  const [, second, third] = t.model.requests;
  assert.equal(
    second?.body["instructions"],
    "Be a test.\n\nBe brief.\n\npermissions",
  );
  assert.equal(third?.body["instructions"], second?.body["instructions"]);
  assert.equal(t.model.requests.length, 3);
});

Deno.test("a refusal that names nothing we know ends the turn, after one request", async () => {
  await using t = refusing(
    () => true,
    fail(400, errorBody("no such field")),
    [],
  );
  assert.equal((await t.turn("go")).type, "failed");
  assert.equal(t.model.requests.length, 1);
});
