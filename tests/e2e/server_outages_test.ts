/** Compactions and providers that fail, against the built program: nothing is lost, nothing sticks. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { bigPng } from "../support/big_png.ts";
import { chatAnswer } from "../support/chat_script.ts";
import {
  call,
  cut,
  errorBody,
  fail,
  garbage,
  hang,
  incomplete,
  type Part,
  say,
  type Step,
  think,
} from "../support/mock_script.ts";
import {
  type MockModel,
  mockModel,
  type MockRequest,
} from "../support/mock_model.ts";
import { serverCase } from "../support/server_case.ts";
import { eventsOf, lastEvent, type Stage, stage } from "./support.ts";

const IMPATIENT = "request_max_retries = 0\nstream_max_retries = 0";
const FULL = fail(400, errorBody("too long", "context_length_exceeded"));
const BREAKS = { laws: { except: ["prefix"] } } as const;

function isCompact({ path }: MockRequest): boolean {
  return path.endsWith("/compact");
}

function isSummary({ body }: MockRequest): boolean {
  return body["tool_choice"] === "none";
}

function warningsOf(run: Parameters<typeof eventsOf>[0]): string {
  return JSON.stringify(eventsOf(run, "warning"));
}

/** A window that is full before every answer; the summary is what the function says. */
function alwaysFull(
  summary: (asked: number) => Step,
): (request: MockRequest) => Step {
  let asked = 0;
  let isFull = true;
  return (request) => {
    if (isSummary(request)) {
      isFull = false;
      return summary(asked++);
    }
    const answer = isFull ? FULL : say("done");
    isFull = !isFull;
    return answer;
  };
}

const ENDPOINTS: Readonly<Record<string, readonly JsonObject[] | Part>> = {
  "404": fail(404, "not found"),
  "405": fail(405, "Method Not Allowed"),
  "400": fail(400, errorBody("unknown parameter")),
  "422": fail(422, { detail: [{ msg: "field required" }] }),
  "500": fail(500, errorBody("boom")),
  "501": fail(501, "not implemented"),
  "a web page": fail(200, "<html>Welcome</html>", {
    "content-type": "text/html",
  }),
  "an empty list": [],
  "an error inside a 200": fail(200, { error: { message: "no such route" } }),
  "an answer without a list": fail(200, { object: "response.compaction" }),
  "silence": hang(),
  "a broken connection": cut(),
};

for (const [what, answer] of Object.entries(ENDPOINTS)) {
  serverCase(
    "18 the compaction endpoint fails",
    `a compaction endpoint that answers ${what} is left for a summary, which loses nothing, and not asked again`,
    async () => {
      await using s = await stage({
        ...BREAKS,
        config: {
          provider:
            `${IMPATIENT}\nsupports_compact = true\nstream_idle_timeout_ms = 700`,
        },
        script: alwaysFull(() => say("the summary")),
        compact: [answer, answer, answer],
      });
      const agent = s.start("", {
        command: [],
        args: ["--input", "jsonl"],
        stdin: "open",
      });
      for (const text of ["dig the hill", "dig on"]) {
        await agent.write(`${JSON.stringify({ type: "user.input", text })}\n`);
        await agent.until((line) => /"turn\.(completed|failed)"/.test(line));
      }
      await agent.closeStdin();
      const run = await agent.finished;
      assert.equal(run.code, 0, run.stdout);
      assert.equal(s.model.requests.filter(isCompact).length, 1);
      const { text } = s.model.request(s.model.requests.length - 1);
      assert.match(text, /dig the hill/);
      assert.match(text, /dig on/);
      assert.match(text, /the summary/);
      assert.match(warningsOf(run), /compaction endpoint failed/);
    },
  );
}

serverCase(
  "19 a summary that is none",
  "an empty summary is asked for again, and used when it comes",
  async () => {
    await using s = await stage({
      ...BREAKS,
      script: alwaysFull((asked) => say(asked === 0 ? " " : "the summary")),
    });
    const run = await s.json("dig the hill");
    assert.equal(run.code, 0, run.stdout);
    assert.equal(s.model.requests.filter(isSummary).length, 2);
    const { text } = s.model.request(s.model.requests.length - 1);
    assert.match(text, /the summary/);
    assert.match(text, /dig the hill/);
  },
);

serverCase(
  "19 a summary that is none",
  "summaries that stay empty, refused or failed leave the facts, and it is said",
  async () => {
    for (
      const answer of [
        say(""),
        [] as const,
        fail(400, errorBody("tool_choice none is not supported")),
        call("shell", { command: ["true"] }),
        fail(200, { object: "response", status: "completed", output: [] }),
      ]
    ) {
      await using s = await stage({
        ...BREAKS,
        config: { provider: IMPATIENT },
        script: alwaysFull(() => answer),
      });
      const run = await s.json("dig the hill");
      assert.equal(run.code, 0, run.stdout);
      assert.match(warningsOf(run), /Cannot compact/);
      const { text } = s.model.request(s.model.requests.length - 1);
      assert.match(text, /dig the hill/);
    }
  },
);

serverCase(
  "19 a summary that is none",
  "a summary that was cut at its length is used",
  async () => {
    await using s = await stage({
      ...BREAKS,
      script: alwaysFull(() => [
        say("the half summ"),
        incomplete("max_output_tokens"),
      ]),
    });
    const run = await s.json("dig the hill");
    assert.equal(run.code, 0, run.stdout);
    const { text } = s.model.request(s.model.requests.length - 1);
    assert.match(text, /the half summ/);
  },
);

serverCase(
  "19 a summary that is none",
  "a summary whose own request is too long leaves the oldest work out, in a run, a resumed session and /compact",
  async () => {
    let last = 0;
    await using s = await stage({
      ...BREAKS,
      config: { provider: IMPATIENT },
      script: (request) => {
        if (isSummary(request)) {
          return request.text.length > 60_000 ? FULL : say("the summary");
        }
        if (request.text.length > 90_000) return FULL;
        return last++ < 6
          ? call("shell", { command: ["seq", `${last}`, "6000"] })
          : say("done");
      },
    });
    const run = await s.json("dig the hill");
    assert.equal(run.code, 0, run.stdout.slice(-600));
    assert.ok(eventsOf(run, "context.compacted").length > 0);
    const next = await s.json("on", { command: ["resume", "--last"] });
    assert.equal(next.code, 0, next.stdout.slice(-600));
    assert.match(
      s.model.request(s.model.requests.length - 1).text,
      /dig the hill/,
    );
  },
);

function table(url: string, more = ""): string {
  return `[model_providers.second]\nbase_url = "${url}"\n${IMPATIENT}\n${more}\n`;
}

function twoProviders(
  second: MockModel,
  script: (request: MockRequest) => Step,
  more: { readonly top?: string; readonly table?: string } = {},
): Promise<Stage> {
  return stage({
    laws: false,
    script,
    config: {
      top: `fallback = ["second/gpt-oss:20b"]\n${more.top ?? ""}`,
      provider: IMPATIENT,
      bottom: table(second.url, more.table),
    },
  });
}

const OUTAGES: Readonly<Record<string, Part>> = {
  "503": fail(503, errorBody("down")),
  "529": fail(529, errorBody("overloaded", "overloaded_error")),
  "a spent quota": fail(429, errorBody("spent", "insufficient_quota")),
  "402": fail(402, errorBody("Insufficient credits")),
  "a gateway's page": fail(502, "<html>Bad gateway</html>"),
  "an error inside a 200": fail(200, { error: { code: 503, message: "down" } }),
  "a page instead of a stream": garbage(),
};

for (const [what, outage] of Object.entries(OUTAGES)) {
  serverCase(
    "14 fallback",
    `a provider that is out with ${what} is left for the next one, by the events and with what it cost`,
    async () => {
      await using second = mockModel({
        script: () => say("done"),
        laws: false,
      });
      await using s = await twoProviders(
        second,
        ({ index }) =>
          index === 0
            ? [
              think("hm", "of-first"),
              call("shell", { command: ["echo", "x"] }),
            ]
            : outage,
      );
      const run = await s.json("dig the hill");
      assert.equal(run.code, 0, run.stdout);
      const [switched] = eventsOf(run, "provider.switched");
      assert.equal(switched?.["to_provider"], "second");
      assert.ok(Number(switched?.["lost_tokens"]) > 1_000);
      const { text } = second.request(0);
      assert.match(text, /dig the hill/);
      assert.doesNotMatch(text, /of-first/);
    },
  );
}

serverCase(
  "14 fallback",
  "a provider that is out while it compacts is left for the next one, which compacts and goes on",
  async () => {
    const asked: string[] = [];
    await using second = mockModel({
      laws: false,
      script: (request) => {
        asked.push(isSummary(request) ? "summary" : "turn");
        return say(isSummary(request) ? "the summary" : "done");
      },
    });
    await using s = await twoProviders(
      second,
      (request) => isSummary(request) ? fail(503, errorBody("down")) : FULL,
    );
    const run = await s.json("dig the hill");
    assert.equal(run.code, 0, run.stdout);
    assert.equal(eventsOf(run, "provider.switched").length, 1);
    assert.match(second.request(asked.length - 1).text, /dig the hill/);
  },
);

serverCase(
  "14 fallback",
  "a turn goes on over chat completions, with its calls and outputs as messages",
  async () => {
    await using second = mockModel({
      script: () =>
        chatAnswer(
          [{
            type: "message",
            content: [{ type: "output_text", text: "done" }],
          }],
          undefined,
        ),
    });
    await using s = await twoProviders(
      second,
      ({ index }) =>
        index === 0
          ? [
            think("hm", "of-first"),
            call("shell", { command: ["echo", "seen"] }),
          ]
          : fail(503),
      { table: 'wire_api = "chat"' },
    );
    const run = await s.json("dig the hill");
    assert.equal(run.code, 0, run.stdout);
    const { text, input } = second.request(0);
    assert.match(text, /seen/);
    assert.doesNotMatch(text, /of-first/);
    assert.ok(input.some(({ role }) => role === "tool"));
  },
);

serverCase(
  "14 fallback",
  "a turn goes on at a model with a smaller window: the history is made shorter first",
  async () => {
    await using second = mockModel({
      laws: false,
      script: (request) =>
        request.text.length > 32_000 * 4
          ? FULL
          : say(isSummary(request) ? "the summary" : "done"),
    });
    const outputs = 8;
    await using s = await twoProviders(
      second,
      ({ index }) =>
        index < outputs
          ? call("shell", { command: ["seq", `${index}`, "9000"] })
          : fail(503),
      { table: "", top: "" },
    );
    const path = `${s.home.codexHome}/config.toml`;
    await Deno.writeTextFile(
      `${s.home.codexHome}/models.json`,
      JSON.stringify({
        models: [{ slug: "gpt-oss:20b", context_window: 20_000 }],
      }),
    );
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(
      path,
      `model_catalog_json = "${s.home.codexHome}/models.json"\n${text}`,
    );
    const run = await s.json("dig the hill");
    assert.equal(run.code, 0, run.stdout.slice(-800));
    assert.equal(eventsOf(run, "provider.switched").length, 1);
    assert.ok(eventsOf(run, "context.compacted").length > 0, "it was too long");
    assert.match(
      second.request(second.requests.length - 1).text,
      /dig the hill/,
    );
  },
);

serverCase(
  "14 fallback",
  "pictures that the second model does not take are left out there with a sentence",
  async () => {
    await using second = mockModel({
      laws: false,
      script: (request) =>
        request.text.includes('"input_image"')
          ? fail(400, { error: "this model does not support images" })
          : say("done"),
    });
    await using s = await twoProviders(
      second,
      ({ index }) =>
        index === 0 ? call("view_image", { path: "a.png" }) : fail(503),
    );
    await Deno.writeFile(`${s.home.work}/a.png`, bigPng(2_000));
    const run = await s.json("look");
    assert.equal(run.code, 0, run.stdout);
    const { text } = second.request(second.requests.length - 1);
    assert.match(text, /picture/);
  },
);

serverCase(
  "14 fallback",
  "when both are out the run ends with code 5 and the words of the last one",
  async () => {
    await using second = mockModel({
      laws: false,
      script: () => fail(503, errorBody("gone fishing")),
    });
    await using s = await twoProviders(second, () => fail(503));
    const run = await s.json("go");
    assert.equal(run.code, 5);
    assert.match(JSON.stringify(lastEvent(run)), /gone fishing/);
  },
);
