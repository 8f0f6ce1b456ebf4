/** OTLP as a collector reads it: the wire format of protobuf, by the published field numbers. */
import { Buffer } from "node:buffer";

/** An OTLP message as its JSON form spells it. */
export type Decoded = { [name: string]: unknown };

type Kind =
  | "text"
  | "hex"
  | "int"
  | "bool"
  | "double"
  | "fixed64"
  | "fixed32"
  | "packed64"
  | "packedDouble";
/** A field: its name, what it is, and whether there are many. */
type Field = readonly [
  name: string,
  kind: Kind | keyof typeof MESSAGES,
  many?: "many",
];

// opentelemetry-proto: collector/*/v1, trace/v1, logs/v1, metrics/v1, common/v1, resource/v1.
const RESOURCE = { 1: ["attributes", "KeyValue", "many"] } as const;
const SCOPE = { 1: ["name", "text"], 2: ["version", "text"] } as const;
const MESSAGES = {
  Traces: { 1: ["resourceSpans", "ResourceSpans", "many"] },
  ResourceSpans: {
    1: ["resource", "Resource"],
    2: ["scopeSpans", "ScopeSpans", "many"],
  },
  ScopeSpans: {
    1: ["scope", "Scope"],
    2: ["spans", "Span", "many"],
    3: ["schemaUrl", "text"],
  },
  Span: {
    1: ["traceId", "hex"],
    2: ["spanId", "hex"],
    3: ["traceState", "text"],
    4: ["parentSpanId", "hex"],
    5: ["name", "text"],
    6: ["kind", "int"],
    7: ["startTimeUnixNano", "fixed64"],
    8: ["endTimeUnixNano", "fixed64"],
    9: ["attributes", "KeyValue", "many"],
    10: ["droppedAttributesCount", "int"],
    15: ["status", "Status"],
    16: ["flags", "fixed32"],
  },
  Status: { 2: ["message", "text"], 3: ["code", "int"] },
  Logs: { 1: ["resourceLogs", "ResourceLogs", "many"] },
  ResourceLogs: {
    1: ["resource", "Resource"],
    2: ["scopeLogs", "ScopeLogs", "many"],
  },
  ScopeLogs: {
    1: ["scope", "Scope"],
    2: ["logRecords", "LogRecord", "many"],
    3: ["schemaUrl", "text"],
  },
  LogRecord: {
    1: ["timeUnixNano", "fixed64"],
    2: ["severityNumber", "int"],
    3: ["severityText", "text"],
    5: ["body", "AnyValue"],
    6: ["attributes", "KeyValue", "many"],
    8: ["flags", "fixed32"],
    9: ["traceId", "hex"],
    10: ["spanId", "hex"],
    11: ["observedTimeUnixNano", "fixed64"],
    12: ["eventName", "text"],
  },
  Metrics: { 1: ["resourceMetrics", "ResourceMetrics", "many"] },
  ResourceMetrics: {
    1: ["resource", "Resource"],
    2: ["scopeMetrics", "ScopeMetrics", "many"],
  },
  ScopeMetrics: {
    1: ["scope", "Scope"],
    2: ["metrics", "Metric", "many"],
    3: ["schemaUrl", "text"],
  },
  Metric: {
    1: ["name", "text"],
    2: ["description", "text"],
    3: ["unit", "text"],
    7: ["sum", "Sum"],
    9: ["histogram", "Histogram"],
  },
  Sum: {
    1: ["dataPoints", "NumberDataPoint", "many"],
    2: ["aggregationTemporality", "int"],
    3: ["isMonotonic", "bool"],
  },
  NumberDataPoint: {
    2: ["startTimeUnixNano", "fixed64"],
    3: ["timeUnixNano", "fixed64"],
    4: ["asDouble", "double"],
    6: ["asInt", "fixed64"],
    7: ["attributes", "KeyValue", "many"],
  },
  Histogram: {
    1: ["dataPoints", "HistogramDataPoint", "many"],
    2: ["aggregationTemporality", "int"],
  },
  HistogramDataPoint: {
    2: ["startTimeUnixNano", "fixed64"],
    3: ["timeUnixNano", "fixed64"],
    4: ["count", "fixed64"],
    5: ["sum", "double"],
    6: ["bucketCounts", "packed64"],
    7: ["explicitBounds", "packedDouble"],
    9: ["attributes", "KeyValue", "many"],
    11: ["min", "double"],
    12: ["max", "double"],
  },
  Resource: RESOURCE,
  Scope: SCOPE,
  KeyValue: { 1: ["key", "text"], 2: ["value", "AnyValue"] },
  AnyValue: {
    1: ["stringValue", "text"],
    2: ["boolValue", "bool"],
    3: ["intValue", "int"],
    4: ["doubleValue", "double"],
    5: ["arrayValue", "ArrayValue"],
  },
  ArrayValue: { 1: ["values", "AnyValue", "many"] },
} as const;

/** Throws on what is no such message. */
export function decodeOtlp(
  type: "Traces" | "Logs" | "Metrics",
  bytes: Uint8Array,
): Decoded {
  return decodeMessage(type, Buffer.from(bytes));
}

function decodeMessage(type: keyof typeof MESSAGES, bytes: Buffer): Decoded {
  const message: Decoded = {};
  const fields = MESSAGES[type] as Readonly<Record<number, Field>>;
  const reader = new Reader(bytes);
  while (!reader.isOver) {
    const tag = reader.varint();
    const [number, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    const raw = reader.raw(wire);
    const field = fields[number];
    if (field === undefined) continue;
    const [name, kind, many] = field;
    const value = toValue(kind, raw);
    if (many === undefined) message[name] = value;
    else {(message[name] ??= [] as unknown[], message[name] as unknown[]).push(
        value,
      );}
  }
  return message;
}

function toValue(kind: Field[1], raw: bigint | Buffer): unknown {
  if (typeof raw === "bigint") {
    return kind === "bool" ? raw !== 0n : Number(BigInt.asIntN(64, raw));
  }
  switch (kind) {
    case "text":
      return new TextDecoder("utf-8", { fatal: true }).decode(raw);
    case "hex":
      return raw.toString("hex");
    case "double":
      return raw.readDoubleLE();
    case "fixed64":
      return String(raw.readBigUInt64LE());
    case "fixed32":
      return raw.readUInt32LE();
    case "packed64":
      return eights(raw).map((one) => String(one.readBigUInt64LE()));
    case "packedDouble":
      return eights(raw).map((one) => one.readDoubleLE());
    case "int":
    case "bool":
      throw new Error(`A field of kind ${kind} came as bytes`);
    default:
      return decodeMessage(kind, raw);
  }
}

function eights(raw: Buffer): Buffer[] {
  return Array.from(
    { length: raw.length / 8 },
    (_, at) => raw.subarray(at * 8, at * 8 + 8),
  );
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error("The message breaks off");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  raw(wire: number): bigint | Buffer {
    switch (wire) {
      case 0:
        return this.varint();
      case 1:
        return this.#take(8);
      case 2:
        return this.#take(Number(this.varint()));
      case 5:
        return this.#take(4);
      default:
        throw new Error(`No such wire type: ${wire}`);
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error("The message breaks off");
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
