/** The door to OpenTelemetry: its spans, instruments, records and encodings. Nothing is sent here. */
import {
  type Attributes,
  type Histogram,
  type Meter,
  ROOT_CONTEXT,
  SeverityNumber,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { SDK_INFO, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  type ISerializer,
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  LoggerProvider,
  type ReadableLogRecord,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { PROGRAM, VERSION } from "../protocol/version.ts";
import type { TraceCarrier } from "../protocol/settings.ts";
import type { SamplerSettings, TelemetrySettings } from "./settings.ts";

export type {
  Attributes,
  Histogram,
  Meter,
  ReadableLogRecord,
  ReadableSpan,
  Span,
};
export { SpanKind, SpanStatusCode };

/** The conventions whose names are used, as OpenTelemetry publishes them. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0";

interface SdkOptions extends
  Pick<
    TelemetrySettings,
    "resource" | "sampler" | "temporality" | "valueMax"
  > {
  readonly onSpan: (span: ReadableSpan) => void;
  readonly onRecord: (record: ReadableLogRecord) => void;
}

interface SpanStart {
  /** A trace of its own without one. */
  readonly parent?: Span | undefined;
  readonly isClient?: boolean;
  readonly attributes?: Attributes;
}

export interface EventRecord {
  readonly name: string;
  readonly severity: "INFO" | "WARN" | "ERROR";
  readonly attributes?: Attributes;
  readonly body?: string | undefined;
  /** What it belongs to. */
  readonly span?: Span | undefined;
}

export interface Sdk {
  readonly meter: Meter;
  readonly startSpan: (name: string, start?: SpanStart) => Span;
  readonly emit: (record: EventRecord) => void;
  /** All metrics as they stand now. */
  readonly collect: () => Promise<ResourceMetrics>;
}

const NO_PROCESSING = {
  forceFlush: (): Promise<void> => Promise.resolve(),
  shutdown: (): Promise<void> => Promise.resolve(),
};

/** What makes spans, records and metrics, and hands over those that are finished. */
export function createSdk(options: SdkOptions): Sdk {
  const { valueMax, onRecord, temporality } = options;
  const resource = resourceFromAttributes({
    "service.version": VERSION,
    ...sdkAttributes(),
    ...options.resource,
  });
  const tracers = new TracerProvider({
    resource,
    sampler: samplerOf(options.sampler),
    spanLimits: { attributeValueLengthLimit: valueMax },
    spanProcessors: [{
      ...NO_PROCESSING,
      onStart: (): void => {},
      onEnd: (span): void => {
        if (isSampled(span.spanContext().traceFlags)) options.onSpan(span);
      },
    }],
  });
  const reader = new AskedReader(temporality);
  const meters = new MeterProvider({ resource, readers: [reader] });
  const loggers = new LoggerProvider({
    resource,
    logRecordLimits: { attributeValueLengthLimit: valueMax },
    processors: [{ ...NO_PROCESSING, onEmit: onRecord }],
  });
  const scope = { schemaUrl: SCHEMA_URL };
  const tracer = tracers.getTracer(PROGRAM, VERSION, scope);
  const logger = loggers.getLogger(PROGRAM, VERSION, scope);
  return {
    meter: meters.getMeter(PROGRAM, VERSION, scope),
    startSpan: (name, { parent, isClient, attributes = {} } = {}) =>
      tracer.startSpan(
        name,
        { kind: isClient ? SpanKind.CLIENT : SpanKind.INTERNAL, attributes },
        contextOf(parent),
      ),
    emit: ({ name, severity, attributes = {}, body, span }) =>
      logger.emit({
        eventName: name,
        severityNumber: SeverityNumber[severity],
        severityText: severity,
        attributes,
        ...(body !== undefined && { body }),
        context: contextOf(span),
      }),
    collect: async () => (await reader.collect()).resourceMetrics,
  };
}

/** The span that another program began; undefined where the carrier names none. */
export function parseParent(carrier: TraceCarrier): Span | undefined {
  const context = new W3CTraceContextPropagator().extract(
    ROOT_CONTEXT,
    carrier,
    { get: (_, key) => carrier[key as keyof TraceCarrier], keys: Object.keys },
  );
  return trace.getSpan(context);
}

/** How the span is named to other programs. */
export function carrierOf(span: Span): TraceCarrier | undefined {
  const carrier: { traceparent?: string; tracestate?: string } = {};
  new W3CTraceContextPropagator().inject(contextOf(span), carrier, {
    set: (_, key, value) => carrier[key as keyof TraceCarrier] = value,
  });
  const { traceparent, tracestate } = carrier;
  if (traceparent === undefined) return undefined;
  return { traceparent, ...(tracestate && { tracestate }) };
}

/** The words of one signal in one encoding. */
export interface Wire<T> {
  readonly contentType: string;
  render(items: T): Uint8Array<ArrayBuffer>;
  /** Of an answer: what was not taken after all, and why. Throws on what is none. */
  parseRejected(
    answer: Uint8Array,
  ): { readonly count: number; readonly reason: string };
}

/** The same in each encoding. */
export interface Wires<T> {
  readonly json: Wire<T>;
  readonly protobuf: Wire<T>;
}

export const WIRES = Object.freeze({
  traces: wires(JsonTraceSerializer, ProtobufTraceSerializer),
  logs: wires(JsonLogsSerializer, ProtobufLogsSerializer),
  metrics: wires(JsonMetricsSerializer, ProtobufMetricsSerializer),
});

type Serializer<T> = ISerializer<T, { readonly partialSuccess?: object }>;

function wires<T>(json: Serializer<T>, protobuf: Serializer<T>): Wires<T> {
  return { json: wire("json", json), protobuf: wire("x-protobuf", protobuf) };
}

function wire<T>(type: string, serializer: Serializer<T>): Wire<T> {
  return {
    contentType: `application/${type}`,
    render: (items) =>
      new Uint8Array(serializer.serializeRequest(items) ?? new Uint8Array()),
    parseRejected: (answer) => {
      const { partialSuccess = {} } = serializer.deserializeResponse(answer);
      const said: Readonly<Record<string, unknown>> = { ...partialSuccess };
      const count = said["rejectedSpans"] ?? said["rejectedLogRecords"] ??
        said["rejectedDataPoints"] ?? 0;
      return {
        // Numbers of 64 bits are texts in JSON.
        count: Math.max(0, Number(count) || 0),
        reason: String(said["errorMessage"] ?? ""),
      };
    },
  };
}

/** Collects when it is asked, and never by itself. */
class AskedReader extends MetricReader {
  constructor(temporality: TelemetrySettings["temporality"]) {
    super({
      aggregationTemporalitySelector: () =>
        temporality === "delta"
          ? AggregationTemporality.DELTA
          : AggregationTemporality.CUMULATIVE,
    });
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

// Without the name of the runtime, which the package takes for another one.
function sdkAttributes(): Attributes {
  return Object.fromEntries(
    Object.entries(SDK_INFO).filter(([name]) => name.startsWith("telemetry.")),
  );
}

function samplerOf({ share, followsParent }: SamplerSettings): Sampler {
  const root = share === 1
    ? new AlwaysOnSampler()
    : share === 0
    ? new AlwaysOffSampler()
    : new TraceIdRatioBasedSampler(share);
  return followsParent ? new ParentBasedSampler({ root }) : root;
}

function contextOf(span: Span | undefined): typeof ROOT_CONTEXT {
  return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
}

function isSampled(flags: number): boolean {
  return (flags & TraceFlags.SAMPLED) !== 0;
}
