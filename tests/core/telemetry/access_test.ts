/** The telemetry of a process: asked for or not, told once, delivered at the end. */
import assert from "node:assert/strict";
import { denoHost } from "../../../core/host/host.ts";
import type { Host } from "../../../core/protocol/host.ts";
import { TelemetryAccess } from "../../../core/telemetry/access.ts";
import { providerAttributes } from "../../../core/telemetry/words.ts";
import { serveCollector } from "../../support/otlp.ts";
import { drawTrace } from "../../support/trace_tree.ts";

const real = denoHost();

function open(
  env: Readonly<Record<string, string>>,
  flags: { readonly record?: string; readonly replay?: string } = {},
): TelemetryAccess {
  const host: Host = { ...real, env: (name) => env[name] };
  return new TelemetryAccess(host, {
    command: "exec",
    flags,
    connect: () => Promise.resolve(host.fetch),
  });
}

interface Stderr {
  readonly text: string;
  write(text: string): boolean;
}

function newStderr(): Stderr {
  const written: string[] = [];
  return {
    get text(): string {
      return written.join("");
    },
    write: (text) => written.push(text) > 0,
  };
}

Deno.test("there is no telemetry where nobody asks, and none of a run that is recorded or played back", async () => {
  const asked = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
  const nobody = [
    open({}),
    open({ OTEL_SERVICE_NAME: "x", OTEL_EXPORTER_OTLP_ENDPOINT: "" }),
    open(asked, { record: "x" }),
    open(asked, { replay: "x" }),
  ];
  const stderr = newStderr();
  for (const access of nobody) {
    assert.equal(await access.open(), undefined);
    assert.deepEqual(access.takeWarnings(), []);
    await access.close(0, stderr);
  }
  assert.equal(stderr.text, "");
});

Deno.test("what is wrong with it is told once, and the telemetry is the same for all", async () => {
  await using collector = serveCollector();
  const access = open({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: "odd",
  });
  const first = await access.open();
  assert.ok(first);
  assert.equal(await access.open(), first);
  assert.equal(access.takeWarnings().length, 1);
  assert.deepEqual(access.takeWarnings(), []);
  const stderr = newStderr();
  await access.close(undefined, stderr);
  assert.equal(stderr.text, "");
});

Deno.test("a certificate that cannot be read is told, and the run goes on without that signal", async () => {
  const host: Host = {
    ...real,
    env: (name) =>
      name === "OTEL_EXPORTER_OTLP_ENDPOINT" ? "https://c" : undefined,
  };
  const access = new TelemetryAccess(host, {
    command: "exec",
    flags: {},
    connect: ({ url }) =>
      url.endsWith("traces")
        ? Promise.reject(new Error("Cannot read ca.pem: no such file"))
        : Promise.resolve(() => Promise.resolve(new Response())),
  });
  const telemetry = await access.open();
  assert.deepEqual(access.takeWarnings(), [
    "Telemetry: no traces are sent: Cannot read ca.pem: no such file",
  ]);
  assert.equal(await telemetry?.close(), undefined);
});

Deno.test("providers have the names that the conventions give them, and their own otherwise", () => {
  const named = (baseUrl: string): unknown => {
    const { "gen_ai.provider.name": name, "server.port": port } =
      providerAttributes({ id: "mine", baseUrl });
    return [name, port];
  };
  assert.deepEqual(named("https://api.openai.com/v1"), ["openai", 443]);
  assert.deepEqual(named("https://x.openai.azure.com/openai/v1"), [
    "azure.ai.openai",
    443,
  ]);
  assert.deepEqual(named("http://[::1]:8000/v1"), ["mine", 8000]);
  assert.deepEqual(named("https://notopenai.com"), ["mine", 443]);
  assert.deepEqual(named("none"), ["mine", undefined]);
});

Deno.test("threads that are still open are ended with the run, which says what it ended with", async () => {
  await using collector = serveCollector();
  const access = open({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    TRACEPARENT: "nonsense",
  });
  const telemetry = await access.open();
  const thread = telemetry?.watch("t1");
  thread?.event({
    ...{ type: "turn.started", turnId: "u1" },
    ...{ threadId: "t1", seq: 0, at: "" },
  });
  thread?.compacting();
  await access.close(6, newStderr());
  assert.equal(
    drawTrace(collector.spans, {
      durations: false,
      shown: ["error.type", "rondo.turn.id"],
    }),
    [
      "rondo exec FAILED  error.type=exit_6",
      "└─ thread",
      "   └─ invoke_agent rondo  rondo.turn.id=u1",
      "      └─ compaction",
    ].join("\n"),
  );
  // What comes too late is nobody's any more.
  thread?.event({
    ...{ type: "turn.started", turnId: "u2" },
    ...{ threadId: "t1", seq: 1, at: "" },
  });
});
