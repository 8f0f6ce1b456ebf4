/** `doctor provider` finds out what a server takes: the table is true, and its settings work. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../core/util/json/json.ts";
import { CHAT_DIALECTS, RESPONSES_DIALECTS } from "../support/dialect_table.ts";
import { type Dialect, DialectServer, WINDOW } from "../support/dialects.ts";
import {
  errorBody,
  fail,
  hang,
  mockModel,
  refusingUrl,
} from "../support/mock_model.ts";
import { type AgentHome, agentHome, runAgent } from "../support/run_agent.ts";

const FREE = ["--skip-git-repo-check", "--yolo"];
const MODEL = "local-model";

/** A person's file, with comments. */
function configFor(url: string): string {
  return `# mine
model = "${MODEL}" # the best
model_provider = "x"

[model_providers.x] # at home
base_url = "${url}"
request_max_retries = 1 # enough
stream_max_retries = 2

[history]
persistence = "save-all"
`;
}

interface Probed {
  readonly code: number;
  readonly report: JsonObject;
  readonly stderr: string;
}

async function probe(
  home: AgentHome,
  args: readonly string[] = [],
): Promise<Probed> {
  const run = await runAgent({
    home,
    args: ["doctor", "provider", "--json", ...args],
  });
  return {
    code: run.code,
    report: run.stdout === "" ? {} : JSON.parse(run.stdout),
    stderr: run.stderr,
  };
}

function verdictsOf(report: JsonObject): Record<string, unknown> {
  return Object.fromEntries(
    (report["findings"] as JsonObject[]).map((one) => [
      String(one["name"]),
      one["verdict"],
    ]),
  );
}

// By what the dialect does; nothing of the program under test is in it.
function truthOf(dialect: Dialect): Record<string, string> {
  const { chat, listed, custom = "refused", cipher = "absent" } = dialect;
  const yes = (is: boolean | undefined): string =>
    is ? "supported" : "not_supported";
  const isWhole = dialect.style === "json" || (chat?.isWhole ?? false);
  const counts = dialect.usage(10);
  const hasCounts = counts !== undefined && chat?.usage !== undefined ||
    (chat === undefined || isWhole) && counts !== undefined &&
      counts["input_tokens"] !== 0;
  const isSmall = listed !== undefined &&
    JSON.stringify(listed).includes(String(WINDOW));
  return {
    endpoint: "supported",
    models: listed === undefined ? "not_supported" : "supported",
    streaming: yes(!isWhole),
    usage: yes(hasCounts),
    function_tools: "supported",
    parallel_calls: yes(!dialect.isSerial),
    tool_choice: "supported",
    custom_tools: chat !== undefined || custom === "refused"
      ? "not_supported"
      : custom === "works"
      ? "supported"
      : "unknown",
    developer_messages: yes(!dialect.isOneSystem),
    reasoning: yes(dialect.knows === undefined),
    encrypted_reasoning: yes(chat === undefined && cipher === "works"),
    images: yes(dialect.blind === undefined),
    compact_endpoint: yes(chat === undefined && dialect.compact === "works"),
    overflow_words: dialect.boundsOutput || isSmall ? "supported" : "unknown",
    limits: dialect.boundsOutput || isSmall ? "supported" : "unknown",
    cancellation: isWhole ? "unknown" : "supported",
  };
}

for (
  const [name, dialect] of Object.entries({
    ...RESPONSES_DIALECTS,
    ...CHAT_DIALECTS,
  })
) {
  Deno.test(`the table of doctor provider is what ${name} does, and a thread works with what it writes`, async () => {
    const server = new DialectServer(dialect);
    await using model = mockModel({
      script: (request) =>
        request.path.endsWith("/chat/completions") ===
            (dialect.chat !== undefined)
          ? server.answer(request)
          : fail(404, errorBody("no such path")),
      laws: false,
      ...(dialect.listed !== undefined && {
        models: [{ id: MODEL, ...dialect.listed }],
      }),
      compact: dialect.compact === "works"
        ? [[{ type: "message", role: "user", content: "Say pong" }]]
        : [dialect.compact === "empty" ? [] : fail(404)],
    });
    const config = configFor(model.url);
    await using home = await agentHome({ config });
    const { code, report, stderr } = await probe(home, ["--write"]);
    assert.equal(code, 0, `${stderr} ${report["problem"]}`);
    assert.deepEqual(
      verdictsOf(report),
      truthOf(dialect),
      JSON.stringify(report),
    );
    assert.equal(report["wire_api"], dialect.chat ? "chat" : "responses");
    assert.equal(report["requests"], model.requests.length);
    assert.match(stderr, /at most 24 small requests/);
    const file = `${home.codexHome}/config.toml`;
    const written = await Deno.readTextFile(file);
    assert.equal(report["written"], file);
    for (const line of config.split("\n")) {
      assert.ok(written.includes(line), line);
    }
    const settings = report["settings"] as JsonObject;
    assert.equal(
      settings["single_system_message"],
      dialect.chat ? undefined : dialect.isOneSystem ?? false,
    );
    for (const [key, value] of Object.entries(settings)) {
      assert.ok(written.includes(`${key} = ${JSON.stringify(value)}`), key);
    }
    // Nothing that the server refuses is sent any more.
    server.breaks.splice(0);
    const first = await runAgent({
      home,
      args: ["exec", ...FREE, "Turn 1: go"],
    });
    assert.deepEqual([first.code, first.stdout], [0, "Done.\n"], first.stderr);
    const args = ["exec", "resume", "--last", ...FREE, "Turn 2: go on"];
    const second = await runAgent({ home, args });
    assert.deepEqual(
      [second.code, second.stdout],
      [0, "Done.\n"],
      second.stderr,
    );
    const isPicky = dialect.knows !== undefined;
    assert.deepEqual(isPicky ? [] : server.breaks, []);
  });
}

Deno.test("nothing is written when the provider was not reached, and the exit code says why", async () => {
  await using locked = mockModel({
    script: () => fail(401, errorBody("no key", "invalid_api_key")),
    laws: false,
  });
  await using busy = mockModel({
    script: () => fail(503, errorBody("overloaded")),
    laws: false,
  });
  const cases: readonly (readonly [string, number, RegExp])[] = [
    [refusingUrl(), 5, /Cannot reach/],
    [locked.url, 4, /no key/],
    [busy.url, 5, /overloaded/],
  ];
  for (const [url, expected, words] of cases) {
    const config = configFor(url);
    await using home = await agentHome({ config });
    const { code, report } = await probe(home, ["--write"]);
    assert.deepEqual(
      [code, report["reached"], report["written"], report["settings"]],
      [expected, false, null, {}],
    );
    assert.match(String(report["problem"]), words);
    assert.equal(
      await Deno.readTextFile(`${home.codexHome}/config.toml`),
      config,
    );
  }
});

Deno.test("a model that is not there, and an address without /v1, are named", async () => {
  await using model = mockModel({
    script: () => fail(404, errorBody("model 'local-model' not found")),
    models: [{ id: "local-model-2" }],
    laws: false,
  });
  await using home = await agentHome({ config: configFor(model.url) });
  const { report } = await probe(home);
  assert.match(
    JSON.stringify(report["findings"]),
    /not among the 1 of GET \/models, but for example/,
  );
  await using other = await agentHome({
    config: configFor(model.url.replace("/v1", "")),
  });
  const run = await runAgent({ home: other, args: ["doctor", "provider"] });
  assert.equal(run.code, 5);
  assert.match(run.stdout, /ends in \/v1: http:\S+\/v1$/m);
});

Deno.test("what a server in trouble answers is not found out, and no setting comes of it", async () => {
  let count = 0;
  await using model = mockModel({
    // The first request is answered, all later ones meet a limit.
    script: (request) =>
      count++ === 0
        ? new DialectServer(dialectOf("OpenAI")).answer(request)
        : fail(429, errorBody("Please try again in 3h.")),
    laws: false,
    compact: [fail(500), fail(500)],
  });
  await using home = await agentHome({ config: configFor(model.url) });
  const { code, report } = await probe(home, ["--write"]);
  assert.equal(code, 0);
  const { endpoint, models, streaming, usage, ...others } = verdictsOf(report);
  assert.deepEqual(
    [endpoint, models, streaming, usage],
    ["supported", "not_supported", "supported", "supported"],
  );
  assert.deepEqual(new Set(Object.values(others)), new Set(["unknown"]));
  assert.deepEqual(report["settings"], { wire_api: "responses" });
});

function dialectOf(name: string): Dialect {
  const dialect = RESPONSES_DIALECTS[name];
  assert.ok(dialect);
  return dialect;
}

Deno.test("a person reads the table, the settings and what they cost", async () => {
  const dialect = dialectOf("vLLM");
  const server = new DialectServer(dialect);
  await using model = mockModel({
    script: (request) => server.answer(request),
    laws: false,
    compact: [fail(404)],
    models: [{ id: MODEL, max_model_len: WINDOW }],
  });
  await using home = await agentHome({ config: configFor(model.url) });
  const run = await runAgent({ home, args: ["doctor", "provider", "x"] });
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^custom tools +not supported +HTTP 400/m);
  assert.match(
    run.stdout,
    /^developer messages +not supported +one system text/m,
  );
  assert.match(run.stdout, /^cancellation +supported/m);
  assert.match(run.stdout, /model_context_window = 32000/);
  assert.match(run.stdout, /^single_system_message = true$/m);
  assert.match(run.stdout, /for config\.toml \(--write\)/);
});

Deno.test("--write refuses a provider that is built in or not in the file, before anything is asked", async () => {
  await using model = mockModel({ script: () => hang(), laws: false });
  await using home = await agentHome({ config: configFor(model.url) });
  const builtIn = await probe(home, ["ollama", "--write"]);
  assert.equal(builtIn.code, 2);
  assert.match(builtIn.stderr, /it is built in/);
  const other = await probe(home, [
    "y",
    "-c",
    `model_providers.y.base_url="${model.url}"`,
    "--write",
  ]);
  assert.equal(other.code, 3);
  assert.match(other.stderr, /has no table \[model_providers\.y\]/);
  assert.deepEqual(model.requests, []);
});
