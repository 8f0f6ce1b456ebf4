/** What a server refuses, wherever it is sent, and sessions that go on, against the built program. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { bigPng, plainPng } from "../support/big_png.ts";
import {
  call,
  errorBody,
  fail,
  type Part,
  raw,
  say,
  type Step,
  think,
  usage,
} from "../support/mock_script.ts";
import { mockModel, type MockRequest } from "../support/mock_model.ts";
import { serverCase } from "../support/server_case.ts";
import { eventsOf, itemsOf, lastEvent, type Stage, stage } from "./support.ts";

const IMPATIENT = "request_max_retries = 0\nstream_max_retries = 0";
const FULL = fail(400, errorBody("too long", "context_length_exceeded"));
const NO_PICTURES = fail(400, { error: "this model does not support images" });
const BREAKS = { laws: { except: ["prefix"] } } as const;
const REVIEW = { command: ["review"], args: ["--uncommitted"] };
const CREATED = { type: "response.created", response: { id: "r" } };
const CALL = {
  type: "function_call",
  id: "fc_1",
  call_id: "call_1",
  name: "shell",
  arguments: JSON.stringify({ command: ["echo", "ran"] }),
};

function sse(...events: readonly JsonObject[]): Part {
  return raw(events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(""));
}

function completed(output: readonly JsonObject[]): JsonObject {
  const response = { id: "r", status: "completed", output };
  return { type: "response.completed", response };
}

function isSummary({ body }: MockRequest): boolean {
  return body["tool_choice"] === "none";
}

function hasPicture({ text }: MockRequest): boolean {
  return text.includes('"input_image"');
}

async function putPicture({ home }: Stage, bytes = 2_000): Promise<void> {
  await Deno.writeFile(`${home.work}/a.png`, bigPng(bytes));
}

/** Lines typed into a conversation without a terminal, one after the other. */
async function typed(s: Stage, ...lines: readonly string[]): Promise<string> {
  const { stdout, stderr } = await s.run(["-s", "danger-full-access"], {
    stdin: { text: lines.map((line) => `${line}\n`).join("") },
  });
  return stdout + stderr;
}

function utf16(text: string, order = "little"): Uint8Array {
  return Uint8Array.from([...`\ufeff${text}`].flatMap((char) => {
    const code = char.charCodeAt(0);
    const pair = [code & 0xff, code >> 8];
    return order === "big" ? pair.toReversed() : pair;
  }));
}

const REFUSALS: Readonly<Record<string, Part>> = {
  "a picture": NO_PICTURES,
  "a body over its size": fail(413, "<html>too large</html>"),
  "an image of a bad kind": fail(400, errorBody("no", "invalid_image")),
};

for (const [what, refusal] of Object.entries(REFUSALS)) {
  serverCase(
    "19 a summary that is none",
    `a summary that is refused for ${what} is asked for without it, in a run and with /compact`,
    async () => {
      const later = (request: MockRequest): Step =>
        isSummary(request)
          ? hasPicture(request) ? refusal : say("the summary")
          : say("done");
      let step = 0;
      await using s = await stage({
        ...BREAKS,
        config: { provider: IMPATIENT },
        script: (request) => {
          if (isSummary(request)) return later(request);
          const steps = [call("view_image", { path: "a.png" }), FULL];
          return steps[step++] ?? say("done");
        },
      });
      await putPicture(s);
      const run = await s.json("look");
      assert.equal(run.code, 0, run.stdout);
      const last = s.model.requests.at(-1);
      assert.match(last?.text ?? "", /the summary/);
      step = 0;
      await using t = await stage({
        ...BREAKS,
        config: { provider: IMPATIENT },
        script: (request) =>
          step++ === 0 ? call("view_image", { path: "a.png" }) : later(request),
      });
      await putPicture(t);
      const shown = await typed(t, "look", "/compact", "on");
      assert.doesNotMatch(shown, /Cannot compact/);
      assert.match(t.model.requests.at(-1)?.text ?? "", /the summary/, shown);
    },
  );
}

serverCase(
  "9-11 a full window",
  "text over request_max_bytes is compacted before it is sent",
  async () => {
    let step = 0;
    await using s = await stage({
      ...BREAKS,
      config: { provider: "request_max_bytes = 60000" },
      script: (request) =>
        isSummary(request)
          ? say("the summary")
          : step++ < 6
          ? call("shell", { command: ["seq", `${step}`, "4000"] })
          : say("done"),
    });
    const run = await s.json("dig the hill");
    assert.equal(run.code, 0, run.stdout.slice(-600));
    assert.ok(eventsOf(run, "context.compacted").length > 0);
    const sizes = s.model.requests.map(({ body }) =>
      JSON.stringify(body["input"]).length
    );
    assert.ok(Math.max(...sizes) < 62_000, `${sizes}`);
    assert.match(s.model.requests.at(-1)?.text ?? "", /dig the hill/);
  },
);

serverCase(
  "14 fallback",
  "in a conversation a message, and /compact, go on at the next provider, and what follows stays there",
  async () => {
    for (const lines of [["one", "two"], ["one", "/compact", "two"]]) {
      await using second = mockModel({
        laws: false,
        script: (request) => say(isSummary(request) ? "the summary" : "second"),
      });
      const isLate = lines.length === 3;
      await using s = await stage({
        laws: false,
        script: ({ index }) =>
          isLate && index === 0
            ? [think("hm", "of-first"), say("first")]
            : fail(503, errorBody("down")),
        config: {
          top: 'fallback = ["second/gpt-oss:20b"]',
          provider: IMPATIENT,
          bottom:
            `[model_providers.second]\nbase_url = "${second.url}"\n${IMPATIENT}`,
        },
      });
      const shown = await typed(s, ...lines);
      assert.match(shown, /second/, shown);
      assert.doesNotMatch(shown, /Cannot compact/);
      assert.equal(s.model.requests.length, isLate ? 2 : 1, shown);
      assert.equal(second.requests.length, 2);
      const last = second.request(1);
      assert.match(last.text, /one/);
      assert.doesNotMatch(last.text, /of-first/);
      if (isLate) assert.match(last.text, /the summary/);
    }
  },
);

serverCase(
  "11 unknown models",
  "a model that a server names in its own way is known by its family, and of any other it is said what to set",
  async () => {
    const known = [
      "openai/gpt-oss-120b",
      "Qwen/Qwen3-Coder-30B-A3B-Instruct-GGUF:Q4_K_M",
      "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "mistralai/devstral-small-2507",
    ];
    await using s = await stage({ script: () => say("done") });
    const warningsFor = async (model: string): Promise<string> => {
      const run = await s.json("go", { args: ["-m", model] });
      assert.equal(run.code, 0, run.stdout);
      return JSON.stringify(eventsOf(run, "warning"));
    };
    for (const model of known) {
      assert.doesNotMatch(await warningsFor(model), /Unknown model/, model);
    }
    assert.match(
      await warningsFor("house/zorbl-1"),
      /Unknown model .*set model_context_window, or ask rondo doctor provider/,
    );
  },
);

const NOTHING: Readonly<Record<string, Part>> = {
  "white space": say(" \n\t"),
  "no item": sse(CREATED, completed([])),
  "reasoning alone": think("hm", "sealed"),
};

for (const [what, answer] of Object.entries(NOTHING)) {
  serverCase(
    "1 an answer with nothing in it",
    `an answer of ${what} is no success under --output-schema and in a review, and no summary`,
    async () => {
      await using s = await stage({
        files: { "schema.json": '{"type":"object"}' },
        script: () => answer,
      });
      const args = ["--output-schema", "schema.json"];
      assert.equal((await s.json("go", { args })).code, 1);
      const review = await s.json("", REVIEW);
      assert.equal(review.code, 1, review.stdout);
      await using t = await stage({
        ...BREAKS,
        config: { provider: IMPATIENT },
        script: (request) => isSummary(request) ? answer : say("done"),
      });
      assert.match(
        await typed(t, "dig the hill", "/compact", "on"),
        /Cannot compact: The model gave no summary/,
      );
      assert.match(t.model.requests.at(-1)?.text ?? "", /dig the hill/);
    },
  );
}

serverCase(
  "15-17 a refusal of something in the history",
  "a review goes on after a refusal of a picture, of arguments that are no JSON, and of a body over its size",
  async () => {
    const picture = call("view_image", { path: "a.png" });
    for (
      const [first, isRefused, refusal] of [
        [picture, hasPicture, NO_PICTURES],
        [picture, hasPicture, fail(413, "too large")],
        [
          call("shell", "oops{"),
          ({ text }: MockRequest) => text.includes('"oops{"'),
          fail(400, errorBody("bad request")),
        ],
      ] as const
    ) {
      await using s = await stage({
        ...BREAKS,
        config: { provider: IMPATIENT },
        script: (request) =>
          request.index === 0
            ? first
            : isRefused(request)
            ? refusal
            : say("Nothing to mend."),
      });
      await putPicture(s);
      const run = await s.json("", REVIEW);
      assert.equal(run.code, 0, run.stdout);
      assert.match(JSON.stringify(run.events), /left out from now on/);
      assert.match(run.stdout, /Nothing to mend/);
    }
  },
);

const CIPHERS: Readonly<Record<string, Part>> = {
  "by its code": fail(400, errorBody("no", "invalid_encrypted_content")),
  "in words": fail(
    400,
    errorBody("The encrypted content gAAA... could not be verified."),
  ),
  "as an unknown id": fail(
    404,
    errorBody("Item with id 'rs_1' not found. Items are not persisted."),
  ),
};

for (const [what, refusal] of Object.entries(CIPHERS)) {
  serverCase(
    "15-17 a refusal of something in the history",
    `reasoning that a server refuses ${what} is left out once, and a resumed session goes on`,
    async () => {
      await using s = await stage({
        ...BREAKS,
        config: { provider: IMPATIENT },
        script: (request) =>
          request.index === 0
            ? [think("hm", "sealed"), call("shell", { command: ["true"] })]
            : request.text.includes("sealed")
            ? refusal
            : say("done"),
      });
      const run = await s.json("go");
      assert.equal(run.code, 0, run.stdout);
      const next = await s.json("on", { command: ["resume", "--last"] });
      assert.equal(next.code, 0, next.stdout);
      assert.equal(s.model.requests.length, 4, "refused once");
    },
  );
}

const ODD_TEXTS: Readonly<Record<string, string>> = {
  "the second half of a pair": "tail \ude00",
  "halves in the wrong order": "\ude00\ud83d",
};

for (const [what, text] of Object.entries(ODD_TEXTS)) {
  serverCase(
    "15-17 a refusal of something in the history",
    `a model that writes ${what} does not end its session`,
    async () => {
      await using s = await stage({
        script: (request) =>
          /\\ud[89a-f]../i.test(request.text)
            ? fail(400, errorBody("lone surrogate"))
            : say(text),
      });
      assert.equal((await s.json("go")).code, 0);
      const next = await s.json("on", { command: ["resume", "--last"] });
      assert.equal(next.code, 0, next.stdout);
    },
  );
}

const SYSTEM_WORDS = [
  "Conversation roles must alternate user/assistant/user/assistant/...; System role must appear first",
  "System message must be at the beginning.",
  "Only a single system message is supported",
];

for (const words of SYSTEM_WORDS) {
  serverCase(
    "20 one system text",
    `"${words.slice(0, 40)}" gets one system text from then on`,
    async () => {
      await using s = await stage({
        ...BREAKS,
        config: { provider: IMPATIENT },
        script: (request) =>
          request.input.some(({ role }) => role === "developer")
            ? fail(400, errorBody(words))
            : say("done"),
      });
      const run = await s.json("go");
      assert.equal(run.code, 0, run.stdout);
      assert.equal(s.model.requests.length, 2);
    },
  );
}

const CALLS: Readonly<Record<string, Part>> = {
  "only in the list at the end": sse(CREATED, completed([CALL])),
  "announced whole and never done": sse(
    CREATED,
    { type: "response.output_item.added", item: CALL },
    completed([]),
  ),
  "with arguments that are done and no list": sse(
    CREATED,
    {
      type: "response.output_item.added",
      item: { ...CALL, arguments: "" },
    },
    {
      type: "response.function_call_arguments.done",
      item_id: "fc_1",
      arguments: CALL.arguments,
    },
    completed([]),
  ),
  "done, and again in the list": sse(
    CREATED,
    { type: "response.output_item.done", item: CALL },
    completed([CALL]),
  ),
};

for (const [what, answer] of Object.entries(CALLS)) {
  serverCase(
    "1-4 shapes of a stream",
    `a call that comes ${what} runs once`,
    async () => {
      await using s = await stage({ script: [answer, say("done")] });
      const run = await s.json("go");
      assert.equal(run.code, 0, run.stdout);
      assert.equal(itemsOf(run, "command_execution").length, 1);
      assert.match(String(s.model.request(1).outputOf("call_1")), /ran/);
    },
  );
}

const TEXTS: Readonly<Record<string, Part>> = {
  "only as the list of response.done": sse(CREATED, {
    type: "response.done",
    response: {
      status: "completed",
      output: [{
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "the answer" }],
      }],
    },
  }),
  "as output_text.done alone": sse(
    CREATED,
    {
      type: "response.output_item.added",
      item: { type: "message", id: "m", role: "assistant", content: [] },
    },
    { type: "response.output_text.done", item_id: "m", text: "the answer" },
    completed([]),
  ),
  "as deltas without an announcement": sse(
    CREATED,
    { type: "response.output_text.delta", item_id: "m", delta: "the answer" },
    completed([]),
  ),
};

for (const [what, answer] of Object.entries(TEXTS)) {
  serverCase(
    "1-4 shapes of a stream",
    `an answer that comes ${what} is the answer`,
    async () => {
      await using s = await stage({ script: [answer, say("on")] });
      const run = await s.json("go");
      assert.equal(itemsOf(run, "agent_message")[0]?.["text"], "the answer");
      await s.json("on", { command: ["resume", "--last"] });
      assert.match(s.model.request(1).text, /the answer/);
    },
  );
}

serverCase(
  "24, 25 files",
  "skills in the ways people write them, and files with a BOM or in UTF-16, are read right",
  async () => {
    await using s = await stage({
      script: [say("done")],
      files: {
        ".agents/skills/a/SKILL.md":
          "\ufeff---\nname: a\ndescription: [x] [y] first\n---\nText.\n",
        ".agents/skills/b/SKILL.md":
          "---\r\nname: b\r\ndescription: `b` does: second\r\n---\r\nText.\r\n",
        "AGENTS.md": "",
      },
    });
    await Deno.writeFile(
      `${s.home.work}/AGENTS.md`,
      utf16("Never dig here.", "big"),
    );
    assert.equal((await s.json("go")).code, 0);
    const { text } = s.model.request(0);
    assert.match(text, /\[x\] \[y\] first/);
    assert.match(text, /does: second/);
    assert.match(text, /Never dig here\./);
  },
);

serverCase(
  "26 proxies",
  "a model at localhost or 127.0.0.1 is never asked for by a proxy, whichever variable names one",
  async () => {
    await using s = await stage({ script: () => say("done") });
    const path = `${s.home.codexHome}/config.toml`;
    const text = await Deno.readTextFile(path);
    for (const name of ["localhost", "127.0.0.1"]) {
      await Deno.writeTextFile(path, text.replace("127.0.0.1", name));
      const env = {
        http_proxy: "http://127.0.0.1:9",
        HTTPS_PROXY: "http://127.0.0.1:9",
        all_proxy: "socks5://127.0.0.1:9",
      };
      const run = await s.json("go", { env });
      assert.equal(run.code, 0, `${name} ${run.stdout}`);
    }
  },
);

const LOOPS: Readonly<Record<string, (at: number) => Part>> = {
  "two calls in turn that fail": (at) =>
    call("shell", { command: ["cat", `/nonexistent/${at % 2}`] }),
  "a tool that is not there": () => call("no_such_tool", { a: 1 }),
  "arguments that never fit": () => call("shell", { command: 7 }),
};

for (const [what, part] of Object.entries(LOOPS)) {
  serverCase(
    "27 a loop",
    `${what}, again and again, are told to the model and end the run with exit 6`,
    async () => {
      await using s = await stage({ script: ({ index }) => part(index) });
      const run = await s.json("go");
      assert.equal(run.code, 6, run.stdout.slice(-500));
      assert.match(JSON.stringify(lastEvent(run)), /goes round in circles/);
      assert.ok(s.model.requests.length < 100);
    },
  );
}

serverCase(
  "9-11 a full window",
  "a session whose window is over is compacted with /compact and by a resume, though the summary's own request is too long at first",
  async () => {
    for (const isTyped of [true, false]) {
      let step = 0;
      let isSmall = false;
      await using s = await stage({
        ...BREAKS,
        config: { provider: IMPATIENT },
        script: (request) => {
          if (isSmall && request.text.length > 60_000) return FULL;
          if (isSummary(request)) return say("the summary");
          return step++ < 6
            ? call("shell", { command: ["seq", `${step}`, "6000"] })
            : say("done");
        },
      });
      assert.equal((await s.json("dig the hill")).code, 0);
      isSmall = true;
      const command = ["resume", "--last"];
      if (isTyped) {
        const shown = (await s.run(
          ["resume", "--last", "-s", "danger-full-access"],
          { stdin: { text: "/compact\non\n" } },
        )).stdout;
        assert.doesNotMatch(shown, /Cannot compact/);
      } else {
        const run = await s.json("on", { command });
        assert.equal(run.code, 0, run.stdout.slice(-600));
      }
      const { text } = s.model.requests.at(-1) ?? { text: "" };
      assert.match(text, /dig the hill/);
      assert.match(text, /the summary/);
      assert.ok(text.length < 60_000);
    }
  },
);

serverCase(
  "18 the compaction endpoint fails",
  "an endpoint that refuses a picture leaves the summary to the model, with /compact, and nothing sticks",
  async () => {
    let step = 0;
    await using s = await stage({
      ...BREAKS,
      config: { provider: `${IMPATIENT}\nsupports_compact = true` },
      compact: [NO_PICTURES],
      script: (request) =>
        isSummary(request)
          ? hasPicture(request) ? NO_PICTURES : say("the summary")
          : step++ === 0
          ? call("view_image", { path: "a.png" })
          : say("done"),
    });
    await putPicture(s);
    const shown = await typed(s, "look", "/compact", "on");
    assert.doesNotMatch(shown, /Cannot compact/);
    assert.match(s.model.requests.at(-1)?.text ?? "", /the summary/);
  },
);

serverCase(
  "15-17 a refusal of something in the history",
  "what one provider's compaction sealed is not sent to another, and the request and the facts are",
  async () => {
    let step = 0;
    const sealed = { type: "compaction", encrypted_content: "of-first" };
    await using second = mockModel({ laws: false, script: () => say("done") });
    await using s = await stage({
      laws: false,
      config: {
        provider: "supports_compact = true",
        bottom: `[model_providers.other]\nbase_url = "${second.url}"`,
      },
      compact: [[sealed]],
      script: () => step++ === 0 ? FULL : say("one"),
    });
    const run = await s.json("dig the hill");
    assert.equal(run.code, 0, run.stdout);
    assert.match(s.model.requests.at(-1)?.text ?? "", /of-first/);
    const other = await s.json("on", {
      command: ["resume", "--last"],
      args: ["-c", "model_provider=other"],
    });
    assert.equal(other.code, 0, other.stdout);
    assert.doesNotMatch(second.request(0).text, /of-first/);
    assert.match(second.request(0).text, /dig the hill/);
  },
);

serverCase(
  "24, 25 files",
  "a schema and rules in UTF-16, or with a BOM and CRLF, are read right",
  async () => {
    for (
      const encode of [
        utf16,
        (text: string) =>
          new TextEncoder().encode(`\ufeff${text.replaceAll("\n", "\r\n")}`),
      ]
    ) {
      await using s = await stage({ script: () => say('{"a":1}') });
      const put = async (path: string, text: string): Promise<void> => {
        await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
          recursive: true,
        });
        await Deno.writeFile(path, encode(text));
      };
      const { work, codexHome } = s.home;
      await put(
        `${work}/schema.json`,
        '{"type":"object",\n"required":["a"]}\n',
      );
      await put(
        `${codexHome}/rules/x.rules`,
        'prefix_rule(pattern = ["dig"],\n  decision = "forbidden")\n',
      );
      const args = ["--output-schema", "schema.json"];
      const run = await s.json("go", { args });
      assert.equal(run.code, 0, run.stdout + run.stderr);
      assert.deepEqual(eventsOf(run, "warning"), []);
      const explained = await s.run(["policy", "explain", "--", "dig", "deep"]);
      assert.match(explained.stdout + explained.stderr, /forbidden/);
    }
  },
);

const NAMED: Readonly<Record<string, (name: string, data: string) => string>> =
  {
    "in lines that end with CRLF": (name, data) =>
      `event: ${name}\r\ndata: ${data}\r\n\r\n`,
    "after the data": (name, data) => `data: ${data}\nevent: ${name}\n\n`,
    "without a space, among comments": (name, data) =>
      `: ping\n\nevent:${name}\ndata:${data}\nid: 7\n\n`,
  };

for (const [what, line] of Object.entries(NAMED)) {
  serverCase(
    "1-4 shapes of a stream",
    `events whose types stand only in event lines ${what} are understood`,
    async () => {
      const events = [
        CREATED,
        { type: "response.output_item.done", item: CALL },
        completed([]),
      ];
      const answer = raw(
        events.map(({ type, ...data }) =>
          line(String(type), JSON.stringify(data))
        )
          .join(""),
      );
      await using s = await stage({ script: [answer, say("done")] });
      const run = await s.json("go");
      assert.equal(run.code, 0, run.stdout);
      assert.match(String(s.model.request(1).outputOf("call_1")), /ran/);
    },
  );
}

serverCase(
  "21 no honest count",
  "pictures count by their pixels: a server that counts nothing gets no prompt of them over its window",
  async () => {
    const side = 2_000;
    const tokensEach = Math.ceil(side / 32) ** 2;
    const windowTokens = 30_000;
    let step = 0;
    await using s = await stage({
      ...BREAKS,
      config: { top: `model_context_window = ${windowTokens}` },
      script: (request) => {
        const pictures = request.text.split('"input_image"').length - 1;
        if (pictures * tokensEach > windowTokens) {
          return fail(400, errorBody("no"));
        }
        const answer = isSummary(request)
          ? say("the summary")
          : step++ < 12
          ? call("view_image", { path: "wide.png" })
          : say("done");
        return [answer, usage(null)];
      },
    });
    await Deno.writeFile(`${s.home.work}/wide.png`, plainPng(side, side));
    const run = await s.json("look");
    assert.equal(run.code, 0, run.stdout.slice(-600));
    assert.ok(eventsOf(run, "context.compacted").length > 0);
    assert.doesNotMatch(JSON.stringify(eventsOf(run, "warning")), /Cannot/);
  },
);
