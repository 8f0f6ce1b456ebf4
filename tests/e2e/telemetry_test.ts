/** Telemetry of the built program, as a collector gets it: traces, metrics, records, and what never is. */
import assert from "node:assert/strict";
import { methods } from "@agentclientprotocol/sdk";
import {
  call,
  customCall,
  fail,
  hang,
  type Part,
  refusingUrl,
  say,
} from "../support/mock_model.ts";
import { AcpClient } from "../support/acp_client.ts";
import { AppClient } from "../support/app_client.ts";
import { batchStage, taskLines } from "../support/batch_stage.ts";
import { serveMcpHttp } from "../support/mcp_http.ts";
import { mcpServerArgs } from "../support/mcp_server.ts";
import {
  type Collector,
  type SeenSpan,
  serveCollector,
} from "../support/otlp.ts";
import { type AgentRun, runAgent, startAgent } from "../support/run_agent.ts";
import { drawTrace } from "../support/trace_tree.ts";
import { eventsOf, itemsOf, type Stage, stage } from "./support.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const README = new URL("../../core/telemetry/README.md", import.meta.url);

function sendTo(
  { url }: Pick<Collector, "url">,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...more };
}

function spanOf(
  { spans }: Collector,
  name: string,
  where: (span: SeenSpan) => boolean = () => true,
): SeenSpan {
  const found = spans.find((span) => span.name === name && where(span));
  assert.ok(found, `no span ${name}:\n${drawTrace(spans)}`);
  return found;
}

function shell(script: string): Part {
  return call("shell", { command: ["sh", "-c", script] });
}

function outputs(run: AgentRun): string[] {
  return itemsOf(run, "command_execution").map((item) =>
    String(item["aggregated_output"])
  );
}

/** The tables of two MCP servers: one that is started, one behind a URL. */
async function openServers(): Promise<
  AsyncDisposable & {
    readonly config: string;
    readonly headers: readonly Headers[];
    readonly log: () => Promise<string>;
  }
> {
  const tools = [{ name: "echo", annotations: { readOnlyHint: true } }];
  const logFile = await Deno.makeTempFile({ prefix: "rondo-test-" });
  const http = serveMcpHttp({ tools });
  return {
    config: [
      "[mcp_servers.near]",
      `command = ${JSON.stringify(Deno.execPath())}`,
      `args = ${JSON.stringify(mcpServerArgs({ tools, logFile }))}`,
      'env_vars = ["DENO_DIR"]',
      "[mcp_servers.far]",
      `url = "${http.url}"`,
    ].join("\n"),
    headers: http.headers,
    log: () => Deno.readTextFile(logFile),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await http[Symbol.asyncDispose]();
      await Deno.remove(logFile);
    },
  };
}

for (const protocol of ["http/protobuf", "http/json"]) {
  Deno.test(`two commands beside each other and calls of MCP servers are one trace below the program that started rondo (${protocol})`, async () => {
    await using servers = await openServers();
    await using collector = serveCollector();
    await using s = await stage({
      script: [
        [
          shell("echo $TRACEPARENT $TRACESTATE"),
          shell("echo $TRACEPARENT; exit 3"),
          call("mcp__near__echo", { text: "yo" }),
          call("mcp__far__echo", { text: "ho" }),
        ],
        [say("done")],
      ],
      config: { bottom: servers.config },
    });
    const run = await s.json("go", {
      env: sendTo(collector, {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        TRACEPARENT: `00-${TRACE}-${PARENT}-01`,
        TRACESTATE: "vendor=1",
      }),
    });
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.stderr, "");
    const { spans } = collector;
    const tree = drawTrace(spans, {
      durations: false,
      shown: ["process.exit.code", "rondo.mcp.server"],
    });
    assert.ok(
      (await Deno.readTextFile(README)).includes(`\`\`\`text\n${tree}\n\`\`\``),
      `core/telemetry/README.md must show this trace:\n${tree}`,
    );
    assert.ok(spans.every(({ traceId }) => traceId === TRACE));
    assert.equal(spanOf(collector, "rondo exec").parentSpanId, PARENT);
    const calls = spans.filter(({ name }) => name === "execute_tool shell");
    const told = calls.map(({ spanId, status }) =>
      status === 2
        ? `00-${TRACE}-${spanId}-01\n`
        : `00-${TRACE}-${spanId}-01 vendor=1\n`
    );
    assert.deepEqual(outputs(run).sort(), told.sort());
    const near = spanOf(collector, "execute_tool mcp__near__echo");
    assert.match(
      await servers.log(),
      new RegExp(`"traceparent":"00-${TRACE}-${near.spanId}-01"`),
    );
    const far = spanOf(collector, "execute_tool mcp__far__echo");
    assert.ok(
      servers.headers.some((headers) =>
        headers.get("traceparent") === `00-${TRACE}-${far.spanId}-01` &&
        headers.get("tracestate") === "vendor=1"
      ),
    );
    // To the provider nothing of it goes.
    for (const { headers } of s.model.requests) {
      assert.equal(headers.get("traceparent"), null);
    }
  });
}

Deno.test("spans, metrics and records say what was used in the words of the GenAI conventions", async () => {
  await using collector = serveCollector();
  await using s = await stage({
    script: [[shell("exit 3")], [say("done")]],
    config: {
      bottom:
        '[prices."gpt-5.2-codex"]\ninput = 2\ncached_input = 1\noutput = 10\n',
    },
  });
  const run = await s.json("go", {
    env: sendTo(collector, {
      OTEL_SERVICE_NAME: "ci",
      OTEL_RESOURCE_ATTRIBUTES: "team=a",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    }),
  });
  const thread = String(eventsOf(run, "thread.started")[0]?.["thread_id"]);
  assert.equal(collector.resource["service.name"], "ci");
  assert.equal(collector.resource["team"], "a");
  const turn = spanOf(collector, "invoke_agent rondo");
  const usage = eventsOf(run, "turn.completed")[0]?.["usage"] as Record<
    string,
    number
  >;
  assert.deepEqual(
    [
      "gen_ai.operation.name",
      "gen_ai.agent.name",
      "gen_ai.provider.name",
      "gen_ai.conversation.id",
      "gen_ai.request.model",
      "gen_ai.usage.input_tokens",
      "gen_ai.usage.output_tokens",
      "rondo.turn.outcome",
    ].map((name) => turn.attributes[name]),
    [
      "invoke_agent",
      "rondo",
      "mock",
      thread,
      "gpt-5.2-codex",
      usage["input_tokens"],
      usage["output_tokens"],
      "done",
    ],
  );
  const chat = spanOf(collector, "chat gpt-5.2-codex");
  assert.equal(chat.kind, 3);
  assert.equal(chat.parentSpanId, turn.spanId);
  assert.equal(chat.attributes["gen_ai.provider.name"], "mock");
  assert.equal(chat.attributes["server.address"], "127.0.0.1");
  assert.deepEqual(
    chat.attributes["gen_ai.response.finish_reasons"],
    ["tool_call"],
  );
  assert.ok(Number(chat.attributes["gen_ai.response.time_to_first_chunk"]) > 0);
  const tool = spanOf(collector, "execute_tool shell");
  assert.equal(tool.attributes["gen_ai.tool.call.id"], "call_1");
  assert.equal(tool.attributes["error.type"], "exit_code");
  assert.equal(tool.attributes["process.exit.code"], 3);
  const tokens = collector.points("gen_ai.client.token.usage");
  const input = tokens.find(({ attributes }) =>
    attributes["gen_ai.token.type"] === "input"
  );
  assert.equal(input?.["sum"], usage["input_tokens"]);
  assert.deepEqual((input?.["explicitBounds"] as number[]).slice(0, 3), [
    1,
    4,
    16,
  ]);
  const [duration] = collector.points("gen_ai.client.operation.duration");
  assert.equal(Number(duration?.["count"]), 2);
  assert.equal(collector.points("gen_ai.execute_tool.duration").length, 1);
  assert.equal(collector.points("gen_ai.invoke_agent.duration").length, 1);
  const [cost] = collector.points("rondo.cost");
  assert.equal(cost?.["asDouble"], turn.attributes["rondo.cost"]);
  assert.ok(Number(cost?.["asDouble"]) > 0);
  assert.deepEqual(
    collector.points("rondo.errors").map(({ attributes }) => attributes),
    [{ "gen_ai.operation.name": "execute_tool", "error.type": "exit_code" }],
  );
  const [record] = collector.records;
  assert.equal(record?.name, "rondo.tool.result");
  assert.equal(record?.severity, "WARN");
  assert.equal(record?.spanId, tool.spanId);
});

const CONTENT = {
  prompt: "pr0mpt-text",
  answer: "answ3r-text",
  argument: "arg-t3xt",
  output: "0utput-text",
};

async function runWithContent(
  env: Readonly<Record<string, string>>,
  collector: Collector,
): Promise<void> {
  const { prompt, answer, argument, output } = CONTENT;
  await using s = await stage({
    script: [
      [shell(`: ${argument}; echo ${output} | tr 0 0`), say("so")],
      [fail(400, `refused: ${answer}`)],
    ],
  });
  const run = await s.json(prompt, { env: sendTo(collector, env) });
  assert.equal(run.code, 1, run.stdout + run.stderr);
}

Deno.test("no prompt, answer, argument or output is sent, nor what a server says, unless it is asked for", async () => {
  await using collector = serveCollector();
  await runWithContent({
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20t0ken",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  }, collector);
  const failed = spanOf(collector, "invoke_agent rondo");
  assert.equal(failed.status, 2);
  assert.equal(failed.attributes["error.type"], "invalid_request");
  assert.ok(
    collector.records.some(({ name, severity }) =>
      name === "rondo.turn.failed" && severity === "ERROR"
    ),
  );
  for (const text of [...Object.values(CONTENT), "mock-key", "/rondo-test"]) {
    assert.ok(!collector.raw.includes(text), `${text} was sent`);
  }
  const sent = collector.deliveries.map(({ bytes }) =>
    new TextDecoder().decode(bytes)
  );
  assert.ok(!sent.some((text) => text.includes("t0ken")));
});

Deno.test("asked for, prompts, answers, arguments and outputs are sent, each within its bound", async () => {
  await using collector = serveCollector();
  const asked = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true" };
  await runWithContent(asked, collector);
  const { prompt, argument, output } = CONTENT;
  const input = spanOf(collector, "chat gpt-5.2-codex")
    .attributes["gen_ai.input.messages"];
  const messages = JSON.parse(String(input));
  assert.deepEqual(messages.at(-1), {
    role: "user",
    parts: [{ type: "text", content: prompt }],
  });
  const { attributes } = spanOf(collector, "execute_tool shell");
  assert.match(
    String(attributes["gen_ai.tool.call.arguments"]),
    RegExp(argument),
  );
  assert.match(String(attributes["gen_ai.tool.call.result"]), RegExp(output));
  await using small = serveCollector();
  await runWithContent({
    ...asked,
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "200",
  }, small);
  for (const span of small.spans) {
    for (const value of Object.values(span.attributes)) {
      assert.ok(String(value).length <= 200, String(value));
    }
  }
  JSON.parse(
    String(
      spanOf(small, "chat gpt-5.2-codex").attributes["gen_ai.input.messages"],
    ),
  );
});

Deno.test("what lets one in at a collector reaches no command, and the address does", async () => {
  await using collector = serveCollector();
  await using s = await stage({
    script: [[shell("env | grep ^OTEL | sort")], [say("done")]],
  });
  const run = await s.json("go", {
    env: sendTo(collector, {
      OTEL_EXPORTER_OTLP_HEADERS: "a=s3cret",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "a=s3cret",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "a=s3cret",
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: "a=s3cret",
    }),
  });
  assert.deepEqual(outputs(run), [
    `OTEL_EXPORTER_OTLP_ENDPOINT=${collector.url}\n`,
  ]);
  assert.ok(!`${run.stdout}${run.stderr}`.includes("s3cret"));
});

Deno.test("an address with a password or a key in it reaches no command and no hook", async () => {
  await using collector = serveCollector();
  await using s = await stage({
    script: [[shell("env | grep ^OTEL | sort; echo over")], [say("done")]],
  });
  await Deno.writeTextFile(
    `${s.home.codexHome}/hooks.json`,
    JSON.stringify({
      hooks: {
        Stop: [{ hooks: [{ type: "command", command: "env > hook.env" }] }],
      },
    }),
  );
  const run = await s.json("go", {
    args: ["--dangerously-bypass-hook-trust"],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.replace("//", "//me:s3cret@"),
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${collector.url}/v1/logs?k=s3cret`,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics`,
    },
  });
  assert.deepEqual(outputs(run), [
    `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=${collector.url}/v1/metrics\nover\n`,
  ]);
  const seen = await Deno.readTextFile(`${s.home.work}/hook.env`);
  assert.match(seen, /OTEL_EXPORTER_OTLP_METRICS_ENDPOINT/);
  assert.ok(!seen.includes("s3cret"));
});

function oneAnswer(): Promise<Stage> {
  return stage({ script: [[say("done")]] });
}

Deno.test("a collector that is not there changes nothing but for one line on stderr", async () => {
  await using s = await oneAnswer();
  const url = refusingUrl().replace(/\/v1$/, "");
  const run = await s.json("go", {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: url },
  });
  assert.equal(run.code, 0);
  assert.equal(
    run.stderr,
    `Note: Telemetry was lost: 4 spans for ${url}/v1/traces (the connection was refused), 1 delivery of metrics for ${url}/v1/metrics (the connection was refused)\n`,
  );
});

Deno.test("a collector that hangs holds nobody up for long, and a signal meanwhile does not change how the run ended", async () => {
  const never = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  await using collector = serveCollector({
    answer: () => {
      asked.resolve();
      return never.promise;
    },
  });
  await using s = await oneAnswer();
  const agent = s.start("go", { env: sendTo(collector) });
  await agent.untilEvent("turn.completed");
  await asked.promise;
  agent.kill("SIGINT");
  const run = await agent.finished;
  assert.equal(run.code, 0, run.stderr);
  assert.match(
    run.stderr,
    /^Note: Telemetry was lost: 4 spans for \S+ \(there was no more time\)/,
  );
  never.resolve(new Response());
});

Deno.test("a collector that refuses, and one that takes a part, are told of with what was lost", async () => {
  await using refusing = serveCollector({
    answer: ({ path }) =>
      path === "/v1/traces" ? new Response("", { status: 400 }) : undefined,
  });
  await using s = await stage({ script: [[say("one")], [say("two")]] });
  const run = await s.json("go", { env: sendTo(refusing) });
  assert.equal(run.code, 0);
  assert.equal(
    run.stderr,
    `Note: Telemetry was lost: 4 spans for ${refusing.url}/v1/traces (it answered 400)\n`,
  );
  await using partial = serveCollector({
    answer: ({ path }) =>
      path === "/v1/traces"
        ? Response.json({ partialSuccess: { rejectedSpans: 1 } })
        : undefined,
  });
  const json = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
  const other = await s.json("go", { env: sendTo(partial, json) });
  assert.match(other.stderr, /^Note: Telemetry was lost: 1 span for /);
});

Deno.test("a busy collector is asked again before the program ends", async () => {
  await using collector = serveCollector({
    answer: (_, count) =>
      count < 2
        ? new Response("", { status: 503, headers: { "retry-after": "0" } })
        : undefined,
  });
  await using s = await oneAnswer();
  const run = await s.json("go", { env: sendTo(collector) });
  assert.equal(run.stderr, "");
  assert.equal(collector.spans.length, 4);
});

Deno.test("gRPC is refused with what to set, and the run goes on", async () => {
  await using collector = serveCollector();
  await using s = await oneAnswer();
  const run = await s.json("go", {
    env: sendTo(collector, { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }),
  });
  assert.equal(run.code, 0);
  const warnings = eventsOf(run, "warning").map(({ message }) => message);
  assert.equal(warnings.length, 1);
  assert.match(
    String(warnings[0]),
    /must be http\/protobuf or http\/json: .* port for HTTP/,
  );
  assert.deepEqual(collector.deliveries, []);
});

Deno.test("a trace that its beginner does not want is not sent, and is handed on so", async () => {
  await using collector = serveCollector();
  await using s = await stage({
    script: [[shell("echo $TRACEPARENT")], [say("done")]],
  });
  const run = await s.json("go", {
    env: sendTo(collector, { TRACEPARENT: `00-${TRACE}-${PARENT}-00` }),
  });
  assert.match(outputs(run)[0] ?? "", new RegExp(`^00-${TRACE}-\\w{16}-00\n$`));
  assert.deepEqual(collector.spans, []);
  assert.ok(collector.points("gen_ai.client.token.usage").length > 0);
});

Deno.test("a provider is told of the span of its request where the person wants that", async () => {
  await using collector = serveCollector();
  await using s = await stage({
    script: [[say("done")]],
    config: { provider: "send_trace_context = true" },
  });
  await s.json("go", { env: sendTo(collector) });
  const { traceId, spanId } = spanOf(collector, "chat gpt-5.2-codex");
  assert.equal(
    s.model.request(0).headers.get("traceparent"),
    `00-${traceId}-${spanId}-01`,
  );
});

Deno.test("the command of --until and hooks join the trace as well", async () => {
  await using collector = serveCollector();
  await using s = await stage({
    script: [[say("done")], [say("now it is")]],
    config: {
      bottom:
        `[[hooks.SessionStart]]\nhooks = [{ type = "command", command = "echo $TRACEPARENT > $TMPDIR/hook" }]`,
    },
  });
  const until =
    `echo $TRACEPARENT >> $TMPDIR/check; [ $(wc -l < $TMPDIR/check) = 2 ]`;
  const run = await s.json("go", {
    args: ["--until", until],
    env: sendTo(collector, { TRACEPARENT: `00-${TRACE}-${PARENT}-01` }),
  });
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.equal(
    drawTrace(collector.spans, {
      durations: false,
      shown: ["process.exit.code", "rondo.check.round"],
    }),
    [
      "(the program that started it)",
      "└─ rondo exec  process.exit.code=0",
      "   └─ thread",
      "      └─ invoke_agent rondo",
      "         ├─ chat gpt-5.2-codex",
      "         ├─ check FAILED  process.exit.code=1  rondo.check.round=1",
      "         ├─ chat gpt-5.2-codex",
      "         └─ check  process.exit.code=0  rondo.check.round=2",
    ].join("\n"),
  );
  const checks = collector.spans.filter(({ name }) => name === "check");
  assert.equal(
    await Deno.readTextFile(`${s.home.temp}/check`),
    checks.map(({ spanId }) => `00-${TRACE}-${spanId}-01\n`).join(""),
  );
  const { spanId } = spanOf(collector, "rondo exec");
  assert.equal(
    await Deno.readTextFile(`${s.home.temp}/hook`),
    `00-${TRACE}-${spanId}-01\n`,
  );
});

Deno.test("without telemetry commands inherit the span that rondo was started under", async () => {
  await using s = await stage({
    script: [[shell("echo $TRACEPARENT")], [say("done")]],
  });
  const traceparent = `00-${TRACE}-${PARENT}-01`;
  const run = await s.json("go", { env: { TRACEPARENT: traceparent } });
  assert.deepEqual(outputs(run), [`${traceparent}\n`]);
});

Deno.test("questions are spans below their call, and a compaction is one with its request", async () => {
  await using collector = serveCollector();
  await using s = await stage({
    script: [
      [
        call("shell", {
          command: ["touch", "made"],
          sandbox_permissions: "require_escalated",
          justification: "it has to be there",
        }),
      ],
      [say("done")],
    ],
    compact: Array.from({ length: 8 }, () => [{
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "What was said before." }],
    }]),
    config: { provider: "supports_compact = true" },
  });
  const run = await s.json("go", {
    sandbox: "read-only",
    args: [
      ...["-a", "on-request", "-c", "model_auto_compact_token_limit=1"],
      ...["--approvals", `exec:echo '{"decision":"approve"}'`],
    ],
    env: sendTo(collector),
  });
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const asked = spanOf(collector, "approval");
  const tool = spanOf(collector, "execute_tool shell");
  assert.equal(asked.parentSpanId, tool.spanId);
  assert.equal(asked.attributes["rondo.approval.decision"], "approve");
  const compaction = spanOf(collector, "compaction");
  assert.equal(
    compaction.parentSpanId,
    spanOf(collector, "invoke_agent rondo").spanId,
  );
  assert.equal(compaction.attributes["rondo.compaction.reason"], "mid_turn");
  const request = spanOf(collector, "compact gpt-5.2-codex");
  assert.equal(request.parentSpanId, compaction.spanId);
  assert.deepEqual(
    collector.points("rondo.approvals").map(({ attributes }) => attributes),
    [{
      "rondo.approval.kind": "escalation",
      "rondo.approval.decision": "approve",
    }],
  );
});

Deno.test("a call of a tool that fails is marked by the kind of its error alone", async () => {
  await using collector = serveCollector();
  await using s = await stage({
    script: [
      [customCall("apply_patch", "no patch")],
      [fail(503, "out"), fail(503, "out")],
      [say("done")],
    ],
    config: { provider: "request_max_retries = 3" },
  });
  const run = await s.json("go", { env: sendTo(collector) });
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const tool = spanOf(collector, "execute_tool apply_patch");
  assert.equal(tool.attributes["error.type"], "tool_error");
});

/** As a client says under which span it asks. */
const CALLER = { traceparent: `00-${TRACE}-${PARENT}-01` };

type Form = (s: Stage, env: Readonly<Record<string, string>>) => Promise<void>;

async function askMcpServer(
  s: Stage,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const agent = startAgent({
    home: s.home,
    args: ["mcp-server"],
    env,
    stdin: "open",
  });
  const ask = async (
    id: number,
    method: string,
    params: unknown,
  ): Promise<string> => {
    const message = { jsonrpc: "2.0", id, method, params };
    await agent.write(`${JSON.stringify(message)}\n`);
    return await agent.until((line) =>
      line.includes(`"id":${id}}`) ||
      line.includes(`"id":${id},`)
    );
  };
  await ask(100, "initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "t", version: "1" },
  });
  const started = await ask(101, "tools/call", {
    name: "codex",
    arguments: { prompt: "hi", sandbox: "danger-full-access" },
  });
  const [, threadId] = /"threadId":"([^"]+)"/.exec(started) ?? [];
  await ask(102, "tools/call", {
    name: "codex-reply",
    arguments: { threadId, prompt: "go on" },
    _meta: CALLER,
  });
  await agent.closeStdin();
  await agent.finished;
}

async function askAppServer(
  s: Stage,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await using client = await AppClient.open({ home: s.home, env });
  const threadId = await client.startThread();
  await client.turn(threadId, "hi");
  client.forget();
  const input = [{ type: "text", text: "go on" }];
  const params = { threadId, input };
  await client.send({ id: "x", method: "turn/start", params, trace: CALLER });
  await client.find(({ method }) => method === "turn/completed");
}

async function askAcp(
  s: Stage,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await using editor = await AcpClient.open({ home: s.home, env });
  const sessionId = await editor.session();
  await editor.prompt(sessionId, "hi");
  await editor.agent.request(methods.agent.session.prompt, {
    sessionId,
    prompt: [{ type: "text", text: "go on" }],
    _meta: CALLER,
  });
}

const FORMS: Readonly<Record<string, Form>> = {
  "app-server": askAppServer,
  "acp": askAcp,
  "mcp-server": askMcpServer,
};

for (const [command, ask] of Object.entries(FORMS)) {
  Deno.test(`${command} traces the turns of its threads, each below the span that its client names`, async () => {
    await using collector = serveCollector();
    await using s = await stage({ script: [[say("one")], [say("two")]] });
    await ask(s, sendTo(collector));
    const turn = ["invoke_agent rondo", "└─ chat gpt-5.2-codex"];
    assert.equal(
      drawTrace(collector.spans, { durations: false }),
      [
        `rondo ${command}`,
        "└─ thread",
        ...turn.map((line, at) => `   ${at === 0 ? "└─ " : "   "}${line}`),
        "(the program that started it)",
        ...turn.map((line, at) => `${at === 0 ? "└─ " : "   "}${line}`),
      ].join("\n"),
    );
    const [second] = collector.spans.filter(({ traceId }) => traceId === TRACE);
    assert.ok(second);
    // The provider is told of neither.
    assert.equal(s.model.request(1).headers.get("traceparent"), null);
  });
}

Deno.test("a conversation is traced to its end", async () => {
  await using collector = serveCollector();
  await using s = await stage({ script: [[say("done")]] });
  const env = sendTo(collector);
  await s.run([], { env, stdin: { text: "hi\n" } });
  assert.equal(
    drawTrace(collector.spans, { durations: false }),
    [
      "rondo repl",
      "└─ thread",
      "   └─ invoke_agent rondo",
      "      └─ chat gpt-5.2-codex",
    ].join("\n"),
  );
});

Deno.test("the runs of a batch are one trace with it", async () => {
  await using collector = serveCollector();
  await using stage = await batchStage(() => [say("done")]);
  await stage.write("tasks.jsonl", taskLines(2));
  const run = await runAgent({
    home: stage.home,
    args: ["batch", "tasks.jsonl", "--jobs", "1"],
    env: sendTo(collector),
  });
  assert.equal(run.code, 0, run.stderr);
  const task = [
    "rondo exec",
    "└─ thread",
    "   └─ invoke_agent rondo",
    "      └─ chat gpt-5.2-codex",
  ];
  assert.equal(
    drawTrace(collector.spans, { durations: false }),
    [
      "rondo batch",
      ...task.map((line, at) => `${at === 0 ? "├─ " : "│  "}${line}`),
      ...task.map((line, at) => `${at === 0 ? "└─ " : "   "}${line}`),
    ].join("\n"),
  );
});

Deno.test("a run that is ended by a signal delivers what it has", async () => {
  await using collector = serveCollector();
  await using s = await stage({ script: [[hang()]] });
  const agent = s.start("go", { env: sendTo(collector) });
  await s.model.received(1);
  agent.kill("SIGTERM");
  const run = await agent.finished;
  assert.equal(run.code, 143, run.stderr);
  const { attributes } = spanOf(collector, "invoke_agent rondo");
  assert.equal(attributes["rondo.turn.outcome"], "interrupted");
  const chat = spanOf(collector, "chat gpt-5.2-codex");
  assert.equal(chat.attributes["error.type"], "interrupted");
  const whole = spanOf(collector, "rondo exec");
  assert.equal(whole.attributes["process.exit.code"], 143);
});

Deno.test("a program that lives on delivers while it does", async () => {
  await using collector = serveCollector();
  await using s = await stage({ script: [[say("one")]] });
  const env = sendTo(collector, {
    OTEL_BSP_SCHEDULE_DELAY: "0",
    OTEL_METRIC_EXPORT_INTERVAL: "10",
  });
  await using client = await AppClient.open({ home: s.home, env });
  await client.turn(await client.startThread(), "hi");
  await collector.until(({ spans }) =>
    spans.some(({ name }) => name === "invoke_agent rondo")
  );
  await collector.until((one) =>
    one.points("gen_ai.invoke_agent.duration").length > 0
  );
});
