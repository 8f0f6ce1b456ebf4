/** The telemetry of a run: opened once, watches threads, delivers in the background. */
import { errorText } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { TraceCarrier } from "../protocol/settings.ts";
import { withTimeout } from "../util/async.ts";
import { Batch } from "./batch.ts";
import { createInstruments } from "./instruments.ts";
import { MetricClock } from "./metric_clock.ts";
import {
  carrierOf,
  createSdk,
  parseParent,
  type ReadableLogRecord,
  type ReadableSpan,
  type Sdk,
  type Span,
  WIRES,
} from "./sdk.ts";
import { Sender } from "./sender.ts";
import { parseSettings, type TelemetrySettings } from "./settings.ts";
import type { SignalName, SignalSettings } from "./signal_settings.ts";
import { ThreadTrace } from "./thread_trace.ts";
import { failSpan, type TraceDeps } from "./trace_scope.ts";
import { Variables } from "./variables.ts";

export type { ThreadTrace };

type ConnectedFetch = Host["fetch"];

interface TelemetryOptions {
  readonly command: string;
  readonly connect: (signal: SignalSettings) => Promise<ConnectedFetch>;
}

/** Opens what the environment asks for; undefined when that is nothing. */
export async function openTelemetry(
  host: Host,
  options: TelemetryOptions,
): Promise<{
  readonly telemetry: Telemetry | undefined;
  readonly warnings: readonly string[];
}> {
  const { settings, warnings } = parseSettings(
    new Variables((name) => host.env(name)),
  );
  if (settings === undefined) return { telemetry: undefined, warnings };
  const connected: Partial<Record<SignalName, ConnectedFetch>> = {};
  const problems: string[] = [];
  for (const [name, signal] of Object.entries(settings.signals)) {
    try {
      connected[name as SignalName] = await options.connect(signal);
    } catch (error) {
      problems.push(`Telemetry: no ${name} are sent: ${errorText(error)}`);
    }
  }
  return {
    telemetry: new Telemetry(host, { ...options, settings, connected }),
    warnings: [...warnings, ...problems],
  };
}

interface Opened {
  readonly command: string;
  readonly settings: TelemetrySettings;
  readonly connected: Readonly<Partial<Record<SignalName, ConnectedFetch>>>;
}

/** One delivery to one place. */
interface Outlet {
  readonly name: string;
  readonly sender: Pick<Sender<never>, "reason" | "place">;
  readonly lost: () => number;
  readonly close: () => Promise<void>;
}

export class Telemetry {
  readonly #host: Host;
  readonly #deps: TraceDeps;
  readonly #run: Span;
  /** Those that are open. */
  readonly #threads = new Map<string, ThreadTrace>();
  readonly #outlets: Outlet[] = [];
  readonly #over = new AbortController();
  #isEnding = false;
  #closing: Promise<string | undefined> | undefined;

  constructor(host: Host, { settings, connected, command }: Opened) {
    this.#host = host;
    const spans = this.#openBatch<ReadableSpan>("traces", settings, connected);
    const records = this.#openBatch<ReadableLogRecord>(
      "logs",
      settings,
      connected,
    );
    const sdk = createSdk({
      ...settings,
      resource: { "service.instance.id": host.newId(), ...settings.resource },
      onSpan: (span) => spans?.push(span),
      onRecord: (record) => records?.push(record),
    });
    this.#openMetrics(sdk, settings, connected);
    this.#deps = {
      host,
      sdk,
      instruments: createInstruments(sdk.meter),
      contentMax: settings.hasContent ? settings.valueMax : undefined,
      propagates: settings.propagates && settings.signals.traces !== undefined,
    };
    this.#run = sdk.startSpan(`rondo ${command}`, {
      parent: this.#deps.propagates ? parentOf(host) : undefined,
    });
  }

  /** How a program that serves the whole run is told of it. */
  get carrier(): TraceCarrier | undefined {
    return this.#deps.propagates ? carrierOf(this.#run) : undefined;
  }

  /** Begins to watch a thread. */
  watch(threadId: string): ThreadTrace {
    const thread: ThreadTrace = new ThreadTrace(this.#deps, threadId, {
      run: this.#run,
      onClose: () => {
        if (this.find(threadId) === thread) this.#threads.delete(threadId);
      },
    });
    this.#threads.set(threadId, thread);
    return thread;
  }

  /** The one of an open thread. */
  find(threadId: string): ThreadTrace | undefined {
    return this.#threads.get(threadId);
  }

  /**
   * Delivers what is left, within a bounded time whatever the collector does. Resolves to
   * what did not arrive, in words; undefined when all did.
   */
  close(exitCode?: number): Promise<string | undefined> {
    this.#closing ??= this.#close(exitCode);
    return this.#closing;
  }

  async #close(exitCode: number | undefined): Promise<string | undefined> {
    for (const thread of [...this.#threads.values()]) thread.close();
    if (exitCode !== undefined) {
      this.#run.setAttribute("process.exit.code", exitCode);
      if (exitCode !== 0) failSpan(this.#run, `exit_${exitCode}`);
    }
    this.#run.end();
    this.#isEnding = true;
    const closing = Promise.all(this.#outlets.map((one) => one.close()));
    const limitMs = LIMITS.telemetryCloseMs;
    if (await withTimeout(closing, limitMs, this.#host) === "timeout") {
      this.#over.abort();
      await closing;
    }
    return describeLosses(this.#outlets);
  }

  #openBatch<T extends ReadableSpan | ReadableLogRecord>(
    name: T extends ReadableSpan ? "traces" : "logs",
    settings: TelemetrySettings,
    connected: Opened["connected"],
  ): Batch<T> | undefined {
    const signal = settings.signals[name];
    const fetch = connected[name];
    if (signal === undefined || fetch === undefined) return undefined;
    const sender = new Sender<T[]>(
      { ...this.#host, fetch },
      WIRES[signal.encoding][name] as never,
      this.#sending(signal),
    );
    const batch = new Batch<T>(
      this.#host,
      name === "traces" ? settings.spans : settings.records,
      (items) => sender.send([...items], items.length),
    );
    this.#outlets.push({
      name: name === "traces" ? "spans" : "log records",
      sender,
      lost: () => batch.lost,
      close: () => batch.close(),
    });
    return batch;
  }

  #openMetrics(
    sdk: Sdk,
    settings: TelemetrySettings,
    { metrics: fetch }: Opened["connected"],
  ): void {
    const signal = settings.signals.metrics;
    if (signal === undefined || fetch === undefined) return;
    const sender = new Sender(
      { ...this.#host, fetch },
      WIRES[signal.encoding].metrics,
      this.#sending(signal),
    );
    const clock = new MetricClock(this.#host, {
      everyMs: settings.metricsMs,
      send: () =>
        sdk.collect().then((metrics) => sender.send(metrics, 1), () => 1),
    });
    this.#outlets.push({
      name: "deliveries of metrics",
      sender,
      lost: () => clock.lost,
      close: () => clock.close(),
    });
  }

  #sending(
    signal: SignalSettings,
  ): ConstructorParameters<typeof Sender>[2] {
    const over = this.#over.signal;
    return { signal, over, isEnding: () => this.#isEnding };
  }
}

function parentOf(host: Pick<Host, "env">): Span | undefined {
  const traceparent = host.env("TRACEPARENT");
  const tracestate = host.env("TRACESTATE");
  if (traceparent === undefined) return undefined;
  return parseParent({ traceparent, ...(tracestate && { tracestate }) });
}

function describeLosses(outlets: readonly Outlet[]): string | undefined {
  const losses = outlets.filter((one) => one.lost() > 0);
  if (losses.length === 0) return undefined;
  const parts = losses.map(({ name, sender, lost }) => {
    const why = sender.reason === "" ? "too many at once" : sender.reason;
    return `${lost()} ${name} for ${sender.place} (${why})`;
  });
  return `Telemetry was lost: ${parts.join(", ")}`;
}
