/** A collector on a real port: it reads OTLP in both encodings and keeps what it was sent. */
import { type Decoded, decodeOtlp } from "./otlp_decode.ts";
import { serveHttp } from "./http_server.ts";

export interface Delivery {
  readonly path: string;
  readonly headers: Headers;
  /** Of the body, unpacked. */
  readonly bytes: Uint8Array;
  readonly message: Decoded;
}

export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 3 client. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2 where it failed. */
  readonly status: number;
}

export interface SeenRecord {
  readonly name: string;
  readonly severity: string;
  readonly body: unknown;
  readonly spanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface SeenPoint extends Decoded {
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Collector extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly deliveries: readonly Delivery[];
  readonly spans: readonly SeenSpan[];
  readonly records: readonly SeenRecord[];
  readonly resource: Readonly<Record<string, unknown>>;
  /** The points of one metric, of the last delivery that has it. */
  points(metric: string): readonly SeenPoint[];
  /** Resolves once this holds of what has come. */
  until(test: (collector: Collector) => boolean): Promise<void>;
  /** All bytes that ever came, as text. */
  readonly raw: string;
}

/** Answers in its own way; taken is what it does not refuse. */
type Answer = (
  delivery: Delivery,
  count: number,
) => Response | undefined | Promise<Response | undefined>;

/** Starts one; `answer` is asked first and may refuse. */
export function serveCollector(
  options: { readonly answer?: Answer } = {},
): Collector {
  const deliveries: Delivery[] = [];
  const waiting: (() => void)[] = [];
  let count = 0;
  const http = serveHttp(async (request) => {
    const delivery = await readDelivery(request);
    const refusal = await options.answer?.(delivery, count++);
    if (refusal !== undefined && !refusal.ok) return refusal;
    deliveries.push(delivery);
    for (const wake of waiting.splice(0)) wake();
    return refusal ?? new Response(null, { status: 200 });
  });
  const messages = (path: string): Decoded[] =>
    deliveries.filter((one) => one.path === path).map((one) => one.message);
  const collector: Collector = {
    url: `http://127.0.0.1:${http.port}`,
    deliveries,
    until: async (test) => {
      while (!test(collector)) {
        await new Promise<void>((wake) => waiting.push(wake));
      }
    },
    get spans(): SeenSpan[] {
      return messages("/v1/traces").flatMap((message) =>
        below(message, "resourceSpans", "scopeSpans", "spans").map(toSpan)
      );
    },
    get records(): SeenRecord[] {
      return messages("/v1/logs").flatMap((message) =>
        below(message, "resourceLogs", "scopeLogs", "logRecords").map(toRecord)
      );
    },
    get resource(): Readonly<Record<string, unknown>> {
      const [first] = messages("/v1/traces").flatMap((message) =>
        below(message, "resourceSpans")
      );
      return attributesOf(first?.["resource"] as Decoded);
    },
    points: (metric) =>
      messages("/v1/metrics").map((message) =>
        below(message, "resourceMetrics", "scopeMetrics", "metrics")
          .filter(({ name }) => name === metric)
          .flatMap((one) => {
            const data = (one["histogram"] ?? one["sum"]) as Decoded;
            return list(data["dataPoints"]).map((point) => ({
              ...point,
              attributes: attributesOf(point),
            }));
          })
      ).findLast((points) => points.length > 0) ?? [],
    get raw(): string {
      return deliveries.map(({ bytes, headers }) =>
        new TextDecoder("latin1").decode(bytes) +
        JSON.stringify([...headers])
      ).join("\n");
    },
    [Symbol.asyncDispose]: () => http.shutdown(),
  };
  return collector;
}

const TYPES = {
  "/v1/traces": "Traces",
  "/v1/logs": "Logs",
  "/v1/metrics": "Metrics",
} as const;

async function readDelivery(request: Request): Promise<Delivery> {
  const { headers, body } = request;
  const path = new URL(request.url).pathname;
  const isPacked = headers.get("content-encoding") === "gzip";
  const stream = isPacked
    ? body?.pipeThrough(new DecompressionStream("gzip"))
    : body;
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const isJson = headers.get("content-type") === "application/json";
  const type = TYPES[path as keyof typeof TYPES];
  const message = isJson
    ? JSON.parse(new TextDecoder().decode(bytes))
    : type === undefined
    ? {}
    : decodeOtlp(type, bytes);
  return { path, headers, bytes, message };
}

function toSpan(span: Decoded): SeenSpan {
  const status = span["status"] as Decoded | undefined;
  return {
    traceId: String(span["traceId"]),
    spanId: String(span["spanId"]),
    parentSpanId: String(span["parentSpanId"] ?? ""),
    name: String(span["name"]),
    kind: Number(span["kind"]),
    startNs: BigInt(String(span["startTimeUnixNano"])),
    endNs: BigInt(String(span["endTimeUnixNano"])),
    attributes: attributesOf(span),
    status: Number(status?.["code"] ?? 0),
  };
}

function toRecord(record: Decoded): SeenRecord {
  return {
    name: String(record["eventName"]),
    severity: String(record["severityText"]),
    body: valueOf(record["body"] as Decoded | undefined),
    spanId: String(record["spanId"] ?? ""),
    attributes: attributesOf(record),
  };
}

function attributesOf(owner: Decoded | undefined): Record<string, unknown> {
  return Object.fromEntries(
    list(owner?.["attributes"]).map(({ key, value }) => [
      String(key),
      valueOf(value as Decoded),
    ]),
  );
}

function valueOf(value: Decoded | undefined): unknown {
  if (value === undefined) return undefined;
  const [kind, inner] = Object.entries(value)[0] ?? [];
  if (kind === "arrayValue") {
    return list((inner as Decoded)["values"]).map((one) => valueOf(one));
  }
  return kind === "intValue" ? Number(inner) : inner;
}

function below(message: Decoded, ...names: readonly string[]): Decoded[] {
  return names.reduce(
    (all, name) => all.flatMap((one) => list(one[name])),
    [message],
  );
}

function list(value: unknown): Decoded[] {
  return (value ?? []) as Decoded[];
}
