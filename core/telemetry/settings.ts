/** What the OTEL_* variables ask for (OpenTelemetry specification, environment variables). Pure. */
import { LIMITS } from "../protocol/limits.ts";
import { PROGRAM } from "../protocol/version.ts";
import {
  parseSignal,
  type SignalName,
  type SignalSettings,
} from "./signal_settings.ts";
import { parsePairs, type Variables } from "./variables.ts";

export interface BatchSettings {
  readonly delayMs: number;
  readonly itemsMax: number;
  readonly queueMax: number;
}

/** Which traces are kept: all, none, or a share of them. */
export interface SamplerSettings {
  readonly share: number;
  /** Whether the one who started us decides, where there is one. */
  readonly followsParent: boolean;
}

export interface TelemetrySettings {
  readonly signals: Readonly<Partial<Record<SignalName, SignalSettings>>>;
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: SamplerSettings;
  readonly spans: BatchSettings;
  readonly records: BatchSettings;
  readonly metricsMs: number;
  readonly temporality: "cumulative" | "delta";
  /** Characters of one attribute. */
  readonly valueMax: number;
  /** Prompts, answers, arguments and outputs are sent too. */
  readonly hasContent: boolean;
  /** TRACEPARENT is taken in and handed on. */
  readonly propagates: boolean;
}

const SIGNALS: readonly SignalName[] = ["traces", "metrics", "logs"];

/** The settings; undefined when nothing is to be sent. What is not understood is a warning. */
export function parseSettings(
  env: Variables,
): {
  readonly settings: TelemetrySettings | undefined;
  readonly warnings: readonly string[];
} {
  if (env.isTrue("OTEL_SDK_DISABLED")) {
    return { settings: undefined, warnings: [] };
  }
  const signals: Partial<Record<SignalName, SignalSettings>> = {};
  for (const name of SIGNALS) {
    const signal = parseSignal(env, name);
    if (signal !== undefined) signals[name] = signal;
  }
  if (Object.keys(signals).length === 0) {
    return { settings: undefined, warnings: env.warnings };
  }
  const hasContent = env.isTrue(
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
  );
  const settings: TelemetrySettings = {
    signals,
    resource: parseResource(env),
    sampler: parseSampler(env),
    spans: parseBatch(env, "OTEL_BSP", LIMITS.telemetrySpanMs),
    records: parseBatch(env, "OTEL_BLRP", LIMITS.telemetryRecordMs),
    metricsMs: env.count(
      "OTEL_METRIC_EXPORT_INTERVAL",
      LIMITS.telemetryMetricsMs,
      1,
    ),
    temporality: parseTemporality(env),
    valueMax: env.count(
      "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
      LIMITS.telemetryValueChars,
    ),
    hasContent,
    propagates: parsePropagators(env),
  };
  return { settings, warnings: env.warnings };
}

function parseResource(env: Variables): Readonly<Record<string, string>> {
  const { pairs, isWhole } = parsePairs(env.text("OTEL_RESOURCE_ATTRIBUTES"));
  if (!isWhole) {
    env.warn(
      "OTEL_RESOURCE_ATTRIBUTES is not understood in full, must be name=value,name=value",
    );
  }
  const name = env.text("OTEL_SERVICE_NAME");
  return {
    "service.name": PROGRAM,
    ...pairs,
    ...(name !== "" && { "service.name": name }),
  };
}

const SAMPLERS: Readonly<
  Record<string, { readonly share?: number; readonly followsParent: boolean }>
> = {
  always_on: { share: 1, followsParent: false },
  always_off: { share: 0, followsParent: false },
  traceidratio: { followsParent: false },
  parentbased_always_on: { share: 1, followsParent: true },
  parentbased_always_off: { share: 0, followsParent: true },
  parentbased_traceidratio: { followsParent: true },
};

function parseSampler(env: Variables): SamplerSettings {
  const name = env.word("OTEL_TRACES_SAMPLER");
  const sampler = SAMPLERS[name];
  if (sampler === undefined) {
    if (name !== "") {
      env.warn(
        `OTEL_TRACES_SAMPLER is "${name}", must be one of ${
          Object.keys(SAMPLERS).join(", ")
        }: every trace is sent`,
      );
    }
    return { share: 1, followsParent: true };
  }
  const { share = env.share("OTEL_TRACES_SAMPLER_ARG"), followsParent } =
    sampler;
  return { share, followsParent };
}

function parseBatch(
  env: Variables,
  prefix: string,
  delayMs: number,
): BatchSettings {
  const queueMax = env.count(
    `${prefix}_MAX_QUEUE_SIZE`,
    LIMITS.telemetryQueue,
    1,
  );
  const itemsMax = env.count(
    `${prefix}_MAX_EXPORT_BATCH_SIZE`,
    LIMITS.telemetryBatch,
    1,
  );
  return {
    delayMs: env.count(`${prefix}_SCHEDULE_DELAY`, delayMs),
    itemsMax: Math.min(itemsMax, queueMax),
    queueMax,
  };
}

function parseTemporality(env: Variables): TelemetrySettings["temporality"] {
  const name = env.word("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE");
  return name === "delta" || name === "lowmemory" ? "delta" : "cumulative";
}

// Baggage is inherited by commands as any other variable is, and goes nowhere else.
function parsePropagators(env: Variables): boolean {
  const names = env.word("OTEL_PROPAGATORS");
  if (names === "" || names === "none") return names === "";
  const list = names.split(",").map((name) => name.trim());
  const unknown = list.filter((name) =>
    !["tracecontext", "baggage"].includes(name)
  );
  if (unknown.length > 0) {
    env.warn(
      `OTEL_PROPAGATORS names ${
        unknown.join(", ")
      }, must be tracecontext, baggage or none: these are left out`,
    );
  }
  return list.includes("tracecontext");
}
