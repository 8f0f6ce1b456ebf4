/** MCP servers that ask for something, at a real terminal: forms, pages, requests to the model. */
import assert from "node:assert/strict";
import { type McpScript, mcpServerArgs } from "../support/mcp_server.ts";
import {
  call,
  fail,
  type MockModel,
  mockModel,
  type MockOptions,
  type MockRequest,
  say,
} from "../support/mock_model.ts";
import { plainPng } from "../support/big_png.ts";
import { sniffImage } from "../../core/util/image.ts";
import { hasPty, openPty, type Pty } from "../support/pty.ts";
import {
  agentCommand,
  type AgentHome,
  agentHome,
  mockConfig,
} from "../support/run_agent.ts";
import { readLog, until } from "../tools/mcp/support.ts";

const CAN = hasPty();
if (!CAN) console.warn("SKIPPED: no util-linux script, so no pseudo-terminal");

interface Walk extends AsyncDisposable {
  readonly model: MockModel;
  readonly home: AgentHome;
  readonly pty: Pty;
  /** What the server got, in order. */
  readonly log: () => Record<string, unknown>[];
}

interface WalkOptions {
  readonly script: NonNullable<MockOptions["script"]>;
  readonly server?: McpScript;
  readonly args?: readonly string[];
  readonly term?: string;
  /** Lines of config.toml, before and after its tables. */
  readonly config?: Parameters<typeof mockConfig>[1];
}

const TOOLS = ["ask", "ask_and_cancel", "sample", "roots", "long"].map((
  name,
) => ({ name, annotations: { readOnlyHint: true } }));

async function walk(options: WalkOptions): Promise<Walk> {
  const model = mockModel({ script: options.script });
  const home = await agentHome();
  const logFile = `${home.root}/server.log`;
  const script = { tools: TOOLS, logFile, ...options.server };
  const bottom = [
    `[projects.${JSON.stringify(home.work)}]`,
    'trust_level = "trusted"',
    "[mcp_servers.tiny]",
    `command = ${JSON.stringify(Deno.execPath())}`,
    `args = ${JSON.stringify(mcpServerArgs(script))}`,
    'env_vars = ["DENO_DIR"]',
    options.config?.bottom ?? "",
  ].join("\n");
  await Deno.writeTextFile(
    `${home.codexHome}/config.toml`,
    mockConfig(model.url, { ...options.config, bottom }),
  );
  const pty = openPty({
    argv: [
      ...agentCommand(),
      "-s",
      "danger-full-access",
      ...(options.args ?? ["-a", "on-request"]),
    ],
    cwd: home.work,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: home.home,
      CODEX_HOME: home.codexHome,
      TMPDIR: home.temp,
      LANG: "C.UTF-8",
      TERM: options.term ?? "xterm-256color",
      MOCK_KEY: "mock-key",
      DENO_DIR: Deno.env.get("DENO_DIR") ??
        `${Deno.env.get("HOME")}/.cache/deno`,
      DENO_NO_UPDATE_CHECK: "1",
    },
  });
  return {
    model,
    home,
    pty,
    log: () => readLog(logFile),
    [Symbol.asyncDispose]: async () => {
      await pty[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, ignore: !CAN, fn: body });
}

/** What the tool handed back, as it reached the model. */
function answerTo(model: MockModel, request: number): unknown {
  const output = model.requests[request]?.outputOf("call_1");
  assert.equal(typeof output, "string", JSON.stringify(output));
  return JSON.parse(String(output));
}

const SCHEMA = {
  type: "object",
  properties: {
    name: { type: "string", title: "Name", minLength: 2, default: "Ada" },
    mail: { type: "string", format: "email", title: "Mail" },
    age: { type: "integer", minimum: 18, maximum: 99, title: "Age" },
    color: {
      type: "string",
      title: "Color",
      oneOf: [{ const: "#f00", title: "Red" }, {
        const: "#0f0",
        title: "Green",
      }],
    },
    pets: {
      type: "array",
      title: "Pets",
      minItems: 1,
      items: { type: "string", enum: ["cat", "dog", "fish"] },
    },
    news: { type: "boolean", title: "News", default: false },
    note: { type: "string", title: "Note" },
  },
  required: ["name", "mail", "age", "color", "pets"],
};

test("A form is filled in field by field, checked, shown whole, and sent", async () => {
  const ask = { message: "Who are you?", requestedSchema: SCHEMA };
  await using one = await walk({
    script: [[call("mcp__tiny__ask", ask)], say("Thanks.")],
  });
  const { pty } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("The MCP server tiny asks you:");
  await pty.shows(/\nName \[Ada\]:/);
  await pty.type("G\r");
  await pty.shows("Its length is 1, must be at least 2");
  await pty.type("race\r");
  await pty.shows("2/7 Mail");
  await pty.type("grace\r");
  await pty.shows('"grace" is not an e-mail address');
  await pty.type("@navy.mil\r");
  await pty.shows("a whole number, 18 to 99");
  await pty.type("17\r");
  await pty.shows("It is 17, must be at least 18");
  await pty.type("\x08\x0885\r");
  await pty.shows("2  Green");
  await pty.type("green\r");
  await pty.shows("5/7 Pets");
  await pty.type("1, dog\r");
  await pty.shows(/News \[no\]:/);
  await pty.type("y\r");
  await pty.shows("7/7 Note (may stay empty)");
  await pty.type("\r");
  const all = await pty.shows("Send this? y n, e to change it");
  assert.match(
    all,
    /Color: Green\n +Pets: cat, dog\n +News: yes\n +Note: left/,
  );
  await pty.type("y\r");
  await pty.shows("Thanks.");
  assert.deepEqual(answerTo(one.model, 1), {
    action: "accept",
    content: {
      name: "Grace",
      mail: "grace@navy.mil",
      age: 85,
      color: "#0f0",
      pets: ["cat", "dog"],
      news: true,
    },
  });
});

test("A form that nobody wants is declined, cancelled, or ended with the turn", async () => {
  const cases = [["\x04", { action: "decline" }, "\n  no\n"], [
    "\x1b",
    { action: "cancel" },
    "no answer",
  ]] as const;
  for (const [key, wanted, shown] of cases) {
    const ask = { message: "Who?", requestedSchema: SCHEMA };
    await using one = await walk({
      script: [[call("mcp__tiny__ask", ask)], say("As you like.")],
    });
    await one.pty.shows("/help lists commands");
    await one.pty.type("go\r");
    await one.pty.shows(/\nName \[Ada\]:/);
    await one.pty.type(key);
    const screen = await one.pty.shows("As you like.");
    assert.ok(screen.includes(shown), screen);
    assert.deepEqual(answerTo(one.model, 1), wanted);
  }
  await using stopped = await walk({
    script: [[
      call("mcp__tiny__ask", { message: "Who?", requestedSchema: SCHEMA }),
    ]],
  });
  await stopped.pty.shows("/help lists commands");
  await stopped.pty.type("go\r");
  await stopped.pty.shows(/\nName \[Ada\]:/);
  await stopped.pty.type("\x03");
  await stopped.pty.shows("Stopped");
  await until(() =>
    stopped.log().some((one) =>
      (one["result"] as { action?: string } | undefined)?.action === "cancel"
    )
  );
});

test("A form takes nothing that was being typed when it came", async () => {
  const go = Promise.withResolvers<void>();
  const ask = { message: "Who?", requestedSchema: SCHEMA };
  await using one = await walk({
    script: [
      [{ type: "wait", until: go.promise }, call("mcp__tiny__ask", ask)],
      say("Done."),
    ],
  });
  const { pty } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows("Waiting for the model");
  go.resolve();
  // Keys that come while the question is drawn belong to the draft.
  let typed = 0;
  while (!pty.screen().includes("asks you:")) {
    await pty.type("a");
    typed++;
    await new Promise((wake) => setTimeout(wake, 20));
  }
  await pty.type("b\x1b");
  await pty.shows(new RegExp(`\nName \\[Ada\\]: *\n[^]*› a{${typed}}b`));
  await pty.type("\x04");
  await pty.shows("Done.");
  assert.deepEqual(answerTo(one.model, 1), { action: "decline" });
});

test("A page is shown with its whole address, and agreed to", async () => {
  const url = "https://example.com/login?session=1";
  const ask = {
    mode: "url",
    message: "Log in first",
    url,
    elicitationId: "e1",
  };
  await using one = await walk({
    script: [[call("mcp__tiny__ask", ask)], say("Fine.")],
  });
  const { pty } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows(`Page: ${url}`);
  await pty.shows("Agree? y n");
  await pty.type("\r");
  await pty.shows("Type y or n, then Enter");
  await pty.type("y\r");
  await pty.shows("Fine.");
  assert.deepEqual(answerTo(one.model, 1), { action: "accept" });
});

test("A page with another scheme than the web's is not even shown", async () => {
  const ask = {
    mode: "url",
    message: "Look",
    url: "file:///etc/passwd",
    elicitationId: "e1",
  };
  await using one = await walk({
    script: [[call("mcp__tiny__ask", ask)], say("Fine.")],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows("Fine.");
  assert.deepEqual(answerTo(one.model, 1), { action: "decline" });
  assert.match(
    one.pty.screen().replace(/\s+/g, ""),
    /onlyhttp:\/\/andhttps:\/\/canbeopened/,
  );
});

test("A form in a dumb terminal is a talk in lines", async () => {
  const ask = { message: "Who?", requestedSchema: SCHEMA };
  await using one = await walk({
    script: [[call("mcp__tiny__ask", ask)], say("Thanks.")],
    term: "dumb",
  });
  const { pty } = one;
  await pty.shows(/\n>$/);
  await pty.type("go\n");
  await pty.shows("Name [Ada]:");
  for (
    const [line, shown] of [
      ["", "Mail:"],
      ["nobody", "is not an e-mail address"],
      ["a@b.c", "Age:"],
      ["20", "Color:"],
      ["1", "Pets:"],
      ["fish", "News [no]:"],
      ["", "Note:"],
      ["x", "Send this? y n, e to change it"],
      ["y", "Thanks."],
    ] as const
  ) {
    await pty.type(`${line}\n`);
    await pty.shows(shown);
  }
  assert.deepEqual(answerTo(one.model, 1), {
    action: "accept",
    content: {
      name: "Ada",
      mail: "a@b.c",
      age: 20,
      color: "#f00",
      pets: ["fish"],
      news: false,
      note: "x",
    },
  });
});

test("A question that the server takes back is gone, and the turn goes on", async () => {
  const ask = {
    method: "elicitation/create",
    ms: 700,
    message: "Who?",
    requestedSchema: SCHEMA,
  };
  await using one = await walk({
    script: [[call("mcp__tiny__ask_and_cancel", ask)], say("Never mind.")],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows("asks you:");
  await one.pty.shows("Never mind.");
  const screen = await one.pty.shows(/\n›$/);
  assert.match(screen, /no answer/);
  assert.doesNotMatch(screen, /Name \[Ada\]/);
});

const SAMPLE = {
  messages: [
    { role: "user", content: { type: "text", text: "Say\n".repeat(30) } },
    { role: "assistant", content: { type: "text", text: "Said." } },
    {
      role: "user",
      content: { type: "image", data: "aGk=", mimeType: "image/png" },
    },
  ],
  systemPrompt: "Be brief.",
  maxTokens: 77,
};

test("A server asks the model when the person lets it, beside the conversation", async () => {
  await using one = await walk({
    script: [
      [call("mcp__tiny__sample", SAMPLE)],
      say("The sampled words."),
      say("All done."),
    ],
  });
  const { pty, model } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  const asked = await pty.shows(/Answer y s n q \(Enter: n\):/);
  assert.match(asked, /Let this server ask the model, at your expense\? tiny/);
  assert.match(asked, /system: Be brief\.\n +user: Say/);
  assert.match(
    asked,
    /more characters\]\n +assistant: Said\.\n +user: \[an im/,
  );
  assert.match(asked, /Answer: at most 77 tokens/);
  await pty.type("y");
  const screen = await pty.shows("All done.");
  assert.match(
    screen,
    /The model answered the MCP server tiny: \d+ tokens in, 10 out/,
  );
  const { body } = model.request(1);
  assert.deepEqual(body, {
    model: body["model"],
    instructions: "Be brief.",
    ...("reasoning" in body && { reasoning: { effort: "low" } }),
    store: false,
    stream: true,
    max_output_tokens: 77,
    input: [
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "Say\n".repeat(30) }],
      },
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "Said." }],
      },
      {
        type: "message",
        role: "user",
        content: [{
          type: "input_image",
          image_url: "data:image/png;base64,aGk=",
        }],
      },
    ],
  });
  assert.deepEqual(answerTo(model, 2), [{
    role: "assistant",
    content: { type: "text", text: "The sampled words." },
    model: body["model"],
    stopReason: "endTurn",
  }]);
});

test("A server that may ask the model for the session is asked about once", async () => {
  const short = {
    messages: [{ role: "user", content: { type: "text", text: "Hi" } }],
    maxTokens: 50,
    times: 2,
  };
  await using one = await walk({
    script: [
      [call("mcp__tiny__sample", short)],
      say("First."),
      say("Second."),
      say("All done."),
    ],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows(/Answer y s n q \(Enter: n\):/);
  await one.pty.type("s");
  await one.pty.shows("All done.");
  const answers = answerTo(one.model, 3) as { content: { text: string } }[];
  assert.deepEqual(answers.map((answer) => answer.content.text), [
    "First.",
    "Second.",
  ]);
});

test("A server that may not ask the model gets the refusal of the protocol", async () => {
  await using one = await walk({
    script: [[call("mcp__tiny__sample", SAMPLE)], say("All done.")],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows(/Answer y s n q \(Enter: n\):/);
  await one.pty.type("n");
  await one.pty.shows("All done.");
  assert.equal(one.model.requests.length, 2);
  assert.deepEqual(answerTo(one.model, 1), [{
    error: { code: -1, message: "User rejected sampling request" },
  }]);
});

test("A model that fails, and a request that cannot be sent, are errors of the request alone", async () => {
  await using failing = await walk({
    script: [
      [call("mcp__tiny__sample", SAMPLE)],
      fail(400, "too strange"),
      say("All done."),
    ],
  });
  await failing.pty.shows("/help lists commands");
  await failing.pty.type("go\r");
  await failing.pty.shows(/Answer y s n q \(Enter: n\):/);
  await failing.pty.type("y");
  await failing.pty.shows("All done.");
  const [answer] = answerTo(failing.model, 2) as {
    error: { code: number; message: string };
  }[];
  assert.equal(answer?.error.code, -32603);
  assert.match(answer?.error.message ?? "", /too strange/);
  const sound = { type: "audio", data: "aGk=", mimeType: "audio/wav" };
  await using unfit = await walk({
    script: [
      [call("mcp__tiny__sample", {
        messages: [{ role: "user", content: sound }],
        maxTokens: 5,
      })],
      say("All done."),
    ],
  });
  await unfit.pty.shows("/help lists commands");
  await unfit.pty.type("go\r");
  await unfit.pty.shows("All done.");
  const [other] = answerTo(unfit.model, 1) as { error: { code: number } }[];
  assert.equal(other?.error.code, -32602);
});

/** The picture of a request beside the conversation. */
function pictureOf({ text }: MockRequest): string {
  const url = /data:image[^"]*/.exec(text)?.[0] ?? "";
  const facts = sniffImage(Uint8Array.fromBase64(url.split(",")[1] ?? ""));
  return `${facts?.type} ${facts?.width}x${facts?.height}`;
}

test("A picture of a server's request is made smaller for the provider, and left out once it is refused", async () => {
  const picture = {
    type: "image",
    data: plainPng(3_000, 600).toBase64(),
    mimeType: "image/png",
  };
  const ask = { messages: [{ role: "user", content: picture }], maxTokens: 50 };
  await using one = await walk({
    script: [
      [call("mcp__tiny__sample", ask)],
      fail(400, { error: "this model does not support images" }),
      say("I see none."),
      say("All done."),
    ],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows(/Answer y s n q \(Enter: n\):/);
  await one.pty.type("y");
  const screen = (await one.pty.shows("All done.")).replace(/\s+/g, "");
  assert.match(screen, /Theserverrefusedsomething/);
  assert.equal(pictureOf(one.model.request(1)), "image/jpeg 2048x410");
  assert.doesNotMatch(one.model.request(2).text, /input_image/);
  assert.match(JSON.stringify(answerTo(one.model, 3)), /I see none\./);
});

test("An empty answer is an error for the server that asked", async () => {
  await using one = await walk({
    script: [[call("mcp__tiny__sample", SAMPLE)], say(""), say("All done.")],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows(/Answer y s n q \(Enter: n\):/);
  await one.pty.type("y");
  await one.pty.shows("All done.");
  assert.deepEqual(answerTo(one.model, 2), [{
    error: { code: -32603, message: "The model's answer was empty" },
  }]);
});

test("A server's request goes to the provider that the conversation went on at", async () => {
  await using second = mockModel({
    laws: false,
    script: [
      [call("mcp__tiny__sample", SAMPLE)],
      say("The sampled words."),
      say("All done."),
    ],
  });
  const patience = "request_max_retries = 0\nstream_max_retries = 0";
  await using one = await walk({
    script: [fail(503, "down")],
    config: {
      top: 'fallback = ["second/gpt-oss:20b"]',
      provider: patience,
      bottom:
        `[model_providers.second]\nbase_url = "${second.url}"\n${patience}`,
    },
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows(/Answer y s n q \(Enter: n\):/);
  await one.pty.type("y");
  await one.pty.shows("All done.");
  assert.equal(one.model.requests.length, 1);
  assert.match(JSON.stringify(answerTo(second, 2)), /The sampled words\./);
});

test("A request to the model ends with the turn that it belongs to", async () => {
  await using one = await walk({
    script: [
      [call("mcp__tiny__sample", SAMPLE)],
      [{ type: "hang", before: false }],
    ],
  });
  const { pty, model } = one;
  await pty.shows("/help lists commands");
  await pty.type("go\r");
  await pty.shows(/Answer y s n q \(Enter: n\):/);
  await pty.type("y");
  await model.received(2);
  await pty.type("\x03");
  await pty.shows("Stopped");
  await model.request(1).ended;
});

test("Servers are not told of sampling, nor answered, where no question may be asked", async () => {
  await using one = await walk({
    script: [
      [
        call("mcp__tiny__sample", SAMPLE),
        call("mcp__tiny__ask", { message: "Who?", requestedSchema: SCHEMA }),
      ],
      say("All done."),
    ],
    args: ["-a", "never"],
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  const screen = (await one.pty.shows("All done.")).replace(/\s+/g, "");
  assert.match(screen, /tinywantedtoaskthemodel;nobodycanapprovethathere/);
  assert.match(screen, /tinyasked:"Who\?";nobodycananswerhere/);
  assert.deepEqual(answerTo(one.model, 1), [{
    error: {
      code: -1,
      message: "User rejected sampling request: nobody can be asked",
    },
  }]);
});

test("A server learns of the folder where it is to, and of what the terminal can do", async () => {
  await using one = await walk({
    script: [[call("mcp__tiny__roots", {})], say("All done.")],
    config: { bottom: "roots = true" },
  });
  await one.pty.shows("/help lists commands");
  await one.pty.type("go\r");
  await one.pty.shows("All done.");
  assert.deepEqual(answerTo(one.model, 1), {
    roots: [{
      uri: `file://${one.home.work}`,
      name: one.home.work.split("/").at(-1),
    }],
  });
  const hello = one.log().find((message) => message["method"] === "initialize");
  assert.deepEqual(
    (hello?.["params"] as { capabilities: unknown }).capabilities,
    {
      elicitation: { form: { applyDefaults: true }, url: {} },
      roots: {},
      sampling: {},
    },
  );
});
