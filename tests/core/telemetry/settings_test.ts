/** What the OTEL_* variables come to. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseSettings,
  type TelemetrySettings,
} from "../../../core/telemetry/settings.ts";
import { parsePairs, Variables } from "../../../core/telemetry/variables.ts";

type Env = Readonly<Record<string, string>>;

function parse(env: Env): ReturnType<typeof parseSettings> {
  return parseSettings(new Variables((name) => env[name]));
}

function settingsOf(env: Env): TelemetrySettings {
  const { settings, warnings } = parse(env);
  assert.deepEqual(warnings, []);
  assert.ok(settings);
  return settings;
}

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" };

Deno.test("telemetry is off unless an endpoint or an exporter is named", () => {
  const off: readonly Env[] = [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_SERVICE_NAME: "x" },
    { ...ENDPOINT, OTEL_SDK_DISABLED: "TRUE" },
    {
      ...ENDPOINT,
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    },
  ];
  for (const env of off) {
    assert.deepEqual(parse(env), { settings: undefined, warnings: [] });
  }
});

Deno.test("one endpoint serves all signals, one of its own serves one", () => {
  const urls = (env: Env): readonly string[] =>
    Object.values(settingsOf(env).signals).map(({ url }) => url);
  assert.deepEqual(urls(ENDPOINT), [
    "http://c:4318/v1/traces",
    "http://c:4318/v1/metrics",
    "http://c:4318/v1/logs",
  ]);
  assert.deepEqual(
    urls({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://c/otel/" }).toString(),
    "https://c/otel/v1/traces,https://c/otel/v1/metrics,https://c/otel/v1/logs",
  );
  const own = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://l/in?x=1" };
  assert.deepEqual(urls(own), ["http://l/in?x=1"]);
  assert.deepEqual(urls({ OTEL_METRICS_EXPORTER: "otlp" }), [
    "http://localhost:4318/v1/metrics",
  ]);
  assert.deepEqual(
    urls({ ...ENDPOINT, ...own, OTEL_TRACES_EXPORTER: "none" }),
    [
      "http://c:4318/v1/metrics",
      "http://l/in?x=1",
    ],
  );
});

Deno.test("what is set for one signal counts over what is set for all", () => {
  const { traces, logs } = settingsOf({
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b, X-Team = one",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "api-key=c",
    OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "100",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "none",
    OTEL_EXPORTER_OTLP_CERTIFICATE: "ca.pem",
  }).signals;
  assert.deepEqual(traces, {
    url: "http://c:4318/v1/traces",
    encoding: "protobuf",
    headers: { "api-key": "c", "x-team": "one" },
    timeoutMs: 100,
    isCompressed: false,
    caBundle: "ca.pem",
  });
  assert.deepEqual(logs, {
    url: "http://c:4318/v1/logs",
    encoding: "json",
    headers: { "api-key": "a b", "x-team": "one" },
    timeoutMs: 2_000,
    isCompressed: true,
    caBundle: "ca.pem",
  });
});

Deno.test("a password in the address is sent as one, and is in the address no more", () => {
  const { traces } = settingsOf({
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://me:p%40ss@c:1",
  }).signals;
  assert.equal(traces?.url, "https://c:1/v1/traces");
  assert.deepEqual(traces?.headers, {
    authorization: `Basic ${btoa("me:p@ss")}`,
  });
  const odd = settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://%zz:%@c" });
  assert.deepEqual(odd.signals.logs?.headers, {
    authorization: `Basic ${btoa("%zz:%")}`,
  });
});

Deno.test("the resource, the sampler and the batches are those that are set", () => {
  const settings = settingsOf({
    ...ENDPOINT,
    OTEL_SERVICE_NAME: "ci",
    OTEL_RESOURCE_ATTRIBUTES: "service.name=other,team=a%2Cb",
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
    OTEL_BSP_MAX_QUEUE_SIZE: "10",
    OTEL_BSP_SCHEDULE_DELAY: "7",
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "3",
    OTEL_METRIC_EXPORT_INTERVAL: "99",
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true",
    OTEL_PROPAGATORS: "none",
  });
  const { signals: _, ...rest } = settings;
  assert.deepEqual(rest, {
    resource: { "service.name": "ci", team: "a,b" },
    sampler: { share: 0.25, followsParent: true },
    spans: { delayMs: 7, itemsMax: 10, queueMax: 10 },
    records: { delayMs: 1_000, itemsMax: 3, queueMax: 2_048 },
    metricsMs: 99,
    temporality: "delta",
    valueMax: 32_768,
    hasContent: true,
    propagates: false,
  });
  const plain = settingsOf(ENDPOINT);
  assert.deepEqual(plain.resource, { "service.name": "rondo" });
  assert.deepEqual(plain.sampler, { share: 1, followsParent: true });
  assert.equal(plain.hasContent, false);
  assert.equal(plain.propagates, true);
});

Deno.test("gRPC is refused with what to set instead", () => {
  const { settings, warnings } = parse({
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
  });
  assert.deepEqual(Object.keys(settings?.signals ?? {}), ["logs"]);
  assert.deepEqual(warnings, [
    'Telemetry: OTEL_EXPORTER_OTLP_PROTOCOL is "grpc", must be http/protobuf or http/json: nothing is sent by it. The endpoint is then the collector\'s port for HTTP (4318 as a rule)',
  ]);
});

Deno.test("what is not understood is told, without what may be secret, and the rest counts", () => {
  const { settings, warnings } = parse({
    ...ENDPOINT,
    OTEL_TRACES_EXPORTER: "console",
    OTEL_EXPORTER_OTLP_HEADERS: "k=v,s3cret,bad name=s3cret",
    OTEL_EXPORTER_OTLP_TIMEOUT: "soon",
    OTEL_TRACES_SAMPLER: "jaeger_remote",
    OTEL_BSP_MAX_QUEUE_SIZE: "0",
    OTEL_PROPAGATORS: "tracecontext,b3",
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "ftp://x",
  });
  assert.deepEqual(Object.keys(settings?.signals ?? {}), ["metrics"]);
  assert.deepEqual(settings?.signals.metrics?.headers, { k: "v" });
  assert.deepEqual(settings?.sampler, { share: 1, followsParent: true });
  assert.equal(settings?.propagates, true);
  assert.deepEqual(
    warnings.map((text) => /OTEL_\w+/.exec(text)?.[0]).sort(),
    [
      "OTEL_BSP_MAX_QUEUE_SIZE",
      "OTEL_EXPORTER_OTLP_HEADERS",
      "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
      "OTEL_EXPORTER_OTLP_TIMEOUT",
      "OTEL_PROPAGATORS",
      "OTEL_TRACES_EXPORTER",
      "OTEL_TRACES_SAMPLER",
    ],
  );
  assert.doesNotMatch(warnings.join("\n"), /s3cret/);
});

Deno.test("parsePairs() reads pairs with encoded values and leaves out what is none", () => {
  assert.deepEqual(parsePairs(" a = 1 , b=x%3Dy=z ,"), {
    pairs: { a: "1", b: "x=y=z" },
    isWhole: true,
  });
  assert.deepEqual(parsePairs("a,=b,c=%zz,d="), {
    pairs: { d: "" },
    isWhole: false,
  });
});

const RUNS = Number(Deno.env.get("TELEMETRY_RUNS") ?? 50);

const NAMES = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_EXPORTER_OTLP_TIMEOUT",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
  "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
  "OTEL_PROPAGATORS",
];

Deno.test("no variable, however it is set, ends a run or shows a secret", () => {
  const odd = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.webUrl(),
    fc.constantFrom("http://%zz:%@h", "-1", "NaN", "1e9", ",,=", "%", "=%zz"),
  );
  const secret = "s3cret-value";
  const headers = fc.array(odd, { maxLength: 3 }).map((parts) =>
    [...parts, `key=${secret}`, secret].join(",")
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...NAMES), odd), { maxLength: 8 }),
      headers,
      (pairs, given) => {
        const { settings, warnings } = parse({
          ...ENDPOINT,
          ...Object.fromEntries(pairs),
          OTEL_EXPORTER_OTLP_HEADERS: given,
        });
        assert.doesNotMatch(warnings.join(""), /s3cret/);
        for (const signal of Object.values(settings?.signals ?? {})) {
          // Otherwise the runtime would not even send it.
          new Request(signal.url, { headers: { ...signal.headers } });
        }
      },
    ),
    { numRuns: RUNS },
  );
});
