/** Servers of chat completions, against the built program: named by what the user sees. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { chatAnswer, chunk, sse } from "../support/chat_script.ts";
import { fail, say, type Step, think } from "../support/mock_script.ts";
import type { MockRequest } from "../support/mock_model.ts";
import { mockConfig } from "../support/run_agent.ts";
import { itemsOf, lastEvent, type Stage, stage } from "./support.ts";

const CHAT = { wire: "chat" } as const;
const USAGE = {
  prompt_tokens: 1000,
  completion_tokens: 5,
  prompt_tokens_details: { cached_tokens: 900 },
};

function text(words: string): Step {
  return chatAnswer(
    [{ type: "message", content: [{ type: "output_text", text: words }] }],
    USAGE,
    { usage: "own", reasoning: "reasoning_content" },
  );
}

function calls(...given: readonly (readonly [string, JsonObject])[]): Step {
  return chatAnswer(
    given.map(([name, args], at) => ({
      type: "function_call",
      call_id: `call_${at}`,
      name,
      arguments: JSON.stringify(args),
    })),
    USAGE,
    { usage: "own", reasoning: "reasoning_content" },
  );
}

function chat(script: readonly Step[], more: JsonObject = {}): Promise<Stage> {
  return stage({ script, config: { ...CHAT, ...more } });
}

function toolMessages({ input }: MockRequest): string[] {
  return input.filter(({ role }) => role === "tool").map(({ content }) =>
    String(content)
  );
}

Deno.test("a server of chat completions runs commands, patches files and looks at pictures, and a resumed session extends the prompt", async () => {
  const patch = "*** Begin Patch\n*** Add File: b.txt\n+hello\n*** End Patch\n";
  await using s = await chat([
    calls(["shell", { command: "echo one" }], ["shell", {
      command: "echo two; exit 3",
    }]),
    calls(["apply_patch", { input: patch }]),
    calls(["view_image", { path: "a.png" }]),
    text("done"),
    text("again"),
  ]);
  const png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await Deno.writeFile(`${s.home.work}/a.png`, Uint8Array.fromBase64(png));
  const run = await s.json("go");
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.equal(itemsOf(run, "agent_message").at(-1)?.["text"], "done");
  assert.equal(await Deno.readTextFile(`${s.home.work}/b.txt`), "hello\n");
  const [first, second] = toolMessages(s.model.request(1));
  assert.match(String(first), /one/);
  assert.match(String(second), /two[\s\S]*3|3[\s\S]*two/);
  const last = s.model.request(3);
  assert.match(last.text, /"type":"image_url","image_url":\{"url":"data:image/);
  assert.match(last.text, /"reasoning_content":"Let me think\."/);
  assert.deepEqual(
    last.input.filter(({ role }) => role === "system").length,
    1,
    "one system message",
  );
  const usage = lastEvent(run)["usage"] as JsonObject;
  assert.equal(usage["cached_input_tokens"], 3600);
  const more = await s.json("more", { command: ["resume", "--last"] });
  assert.equal(more.code, 0, more.stdout + more.stderr);
});

Deno.test("a schema of the answer is asked for in the words of chat completions", async () => {
  await using s = await chat([text('{"a":1}')]);
  await Deno.writeTextFile(
    `${s.home.work}/schema.json`,
    '{"type":"object","properties":{"a":{"type":"number"}}}',
  );
  const run = await s.json("go", { args: ["--output-schema", "schema.json"] });
  assert.equal(run.code, 0, run.stdout);
  const format = s.model.request(0).body["response_format"] as JsonObject;
  assert.equal(format["type"], "json_schema");
});

Deno.test("an answer cut at its length shows what came of it and is no success", async () => {
  await using s = await chat([sse([chunk({ content: "half" }, "length")])]);
  const run = await s.json("go");
  assert.notEqual(run.code, 0);
  assert.match(run.stdout, /half/);
  assert.match(run.stdout, /incomplete, reason: max_output_tokens/);
});

Deno.test("an answer with nothing in it is said so and is no success", async () => {
  const nothing = sse([chunk({}, "stop")]);
  await using s = await chat([nothing, nothing, nothing]);
  await Deno.writeTextFile(`${s.home.work}/schema.json`, '{"type":"object"}');
  const run = await s.json("go", { args: ["--output-schema", "schema.json"] });
  assert.notEqual(run.code, 0, run.stdout);
  assert.match(run.stdout, /there is no final message/);
});

Deno.test("a field that the server refuses by name is left out from then on", async () => {
  const refusal = (request: MockRequest): Step =>
    "stream_options" in request.body
      ? fail(422, { detail: "Extra inputs are not permitted: stream_options" })
      : text("fine");
  await using s = await stage({ script: refusal, config: CHAT });
  const run = await s.json("go");
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.match(run.stdout + run.stderr, /without stream_options/);
});

Deno.test("an error inside a 200 is shown in the server's words", async () => {
  const error = { message: "the model is on fire", code: "invalid_prompt" };
  await using s = await chat([sse([{ error }])]);
  const run = await s.json("go");
  assert.notEqual(run.code, 0);
  assert.match(run.stdout, /the model is on fire/);
});

Deno.test("a server without Responses is named, with the setting that helps", async () => {
  await using s = await stage({
    script: [fail(404, { detail: "Not Found" })],
  });
  const run = await s.json("go");
  assert.notEqual(run.code, 0);
  assert.match(run.stdout, /wire_api = \\"chat\\"/);
});

Deno.test("a session goes on from Responses to chat and back", async () => {
  await using s = await stage({
    script: [[think("hm"), say("one")], text("two"), say("three")],
    laws: { except: ["prefix"] },
    config: {
      bottom:
        '[model_providers.chat]\nbase_url = "URL"\nwire_api = "chat"\nenv_key = "MOCK_KEY"',
    },
  });
  const path = `${s.home.codexHome}/config.toml`;
  const config = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, config.replace("URL", s.model.url));
  const resume = { command: ["resume", "--last"] };
  const other = { ...resume, args: ["-c", 'model_provider="chat"'] };
  assert.equal((await s.json("go")).code, 0);
  const two = await s.json("on", other);
  assert.equal(two.code, 0, two.stdout + two.stderr);
  assert.deepEqual(
    s.model.request(1).input.map(({ role }) => role).slice(-3),
    ["user", "assistant", "user"],
  );
  const three = await s.json("back", resume);
  assert.equal(three.code, 0, three.stdout + three.stderr);
  const { text: sent } = s.model.request(2);
  assert.doesNotMatch(sent, /reasoning_content|"field"/);
  assert.match(sent, /two/);
});

Deno.test("debug prompt prints the messages, doctor and config explain name the wire", async () => {
  await using s = await chat([]);
  const prompt = await s.run(["debug", "prompt", "hello"]);
  assert.equal(prompt.code, 0, prompt.stderr);
  assert.match(prompt.stdout, /"messages": \[/);
  const doctor = await s.run(["doctor", "--json"]);
  assert.match(doctor.stdout, /"wire_api": ?"chat"/);
  assert.match(doctor.stdout, /HEAD [^"]*\/chat\/completions/);
  const explained = await s.run(["config", "explain"]);
  assert.match(explained.stdout, /wire_api[^\n]*chat/);
});

Deno.test("the whole endpoint may be given for its base", async () => {
  await using s = await chat([text("fine")]);
  const path = `${s.home.codexHome}/config.toml`;
  await Deno.writeTextFile(
    path,
    mockConfig(`${s.model.url}/chat/completions`, CHAT),
  );
  assert.equal((await s.json("go")).code, 0);
});
