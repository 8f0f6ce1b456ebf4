/** The telemetry of a run: opened once, watches threads, delivers in the background. */
import { errorText } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { TraceCarrier } from "../protocol/settings.ts";
import { PROGRAM } from "../protocol/version.ts";
import { withTimeout } from "../util/async.ts";
import { Batch } from "./batch.ts";
import { createInstruments } from "./instruments.ts";
import { MetricClock } from "./metric_clock.ts";
import {
  carrierOf,
  createSdk,
  parseParent,
  type Sdk,
  type Span,
  WIRES,
  type Wires,
} from "./sdk.ts";
import { Sender } from "./sender.ts";
import {
  type BatchSettings,
  parseSettings,
  type TelemetrySettings,
} from "./settings.ts";
import type { SignalName, SignalSettings } from "./signal_settings.ts";
import { ThreadTrace } from "./thread_trace.ts";
import { failSpan, type TraceDeps } from "./trace_scope.ts";
import { Variables } from "./variables.ts";

export type { ThreadTrace };

interface TelemetryOptions {
  readonly command: string;
  readonly connect: (signal: SignalSettings) => Promise<Host["fetch"]>;
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
  const routes: Partial<Record<SignalName, Route>> = {};
  const problems: string[] = [];
  for (const [name, signal] of Object.entries(settings.signals)) {
    try {
      const fetch = await options.connect(signal);
      routes[name as SignalName] = { signal, fetch };
    } catch (error) {
      problems.push(`Telemetry: no ${name} are sent: ${errorText(error)}`);
    }
  }
  const { command } = options;
  return {
    telemetry: new Telemetry(host, { command, settings, routes }),
    warnings: [...warnings, ...problems],
  };
}

/** Where a signal goes, and by what. */
interface Route {
  readonly signal: SignalSettings;
  readonly fetch: Host["fetch"];
}

interface Opened {
  readonly command: string;
  readonly settings: TelemetrySettings;
  readonly routes: Readonly<Partial<Record<SignalName, Route>>>;
}

/** What is delivered to one place. */
interface Outlet {
  /** One of them, and many. */
  readonly words: readonly [one: string, many: string];
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

  constructor(host: Host, { settings, routes, command }: Opened) {
    this.#host = host;
    const spans = routes.traces && this.#openBatch(routes.traces, {
      words: ["span", "spans"],
      wires: WIRES.traces,
      batch: settings.spans,
    });
    const records = routes.logs && this.#openBatch(routes.logs, {
      words: ["log record", "log records"],
      wires: WIRES.logs,
      batch: settings.records,
    });
    const sdk = createSdk({
      ...settings,
      resource: { "service.instance.id": host.newId(), ...settings.resource },
      onSpan: (span) => spans?.push(span),
      onRecord: (record) => records?.push(record),
    });
    if (routes.metrics !== undefined) {
      this.#openMetrics(routes.metrics, sdk, settings.metricsMs);
    }
    this.#deps = {
      host,
      sdk,
      instruments: createInstruments(sdk.meter),
      contentMax: settings.hasContent ? settings.valueMax : undefined,
      propagates: settings.propagates && routes.traces !== undefined,
    };
    this.#run = sdk.startSpan(`${PROGRAM} ${command}`, {
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

  #openBatch<T>(
    route: Route,
    { words, wires, batch: settings }: {
      readonly words: Outlet["words"];
      readonly wires: Wires<T[]>;
      readonly batch: BatchSettings;
    },
  ): Batch<T> {
    const sender = this.#openSender(route, wires);
    const batch = new Batch<T>(
      this.#host,
      settings,
      (items) => sender.send([...items], items.length),
    );
    this.#outlets.push({
      words,
      sender,
      lost: () => batch.lost,
      close: () => batch.close(),
    });
    return batch;
  }

  #openMetrics(route: Route, sdk: Sdk, everyMs: number): void {
    const sender = this.#openSender(route, WIRES.metrics);
    const clock = new MetricClock(this.#host, {
      everyMs,
      send: () =>
        sdk.collect().then((metrics) => sender.send(metrics, 1), () => 1),
    });
    this.#outlets.push({
      words: ["delivery of metrics", "deliveries of metrics"],
      sender,
      lost: () => clock.lost,
      close: () => clock.close(),
    });
  }

  #openSender<T>({ signal, fetch }: Route, wires: Wires<T>): Sender<T> {
    return new Sender({ ...this.#host, fetch }, wires[signal.encoding], {
      signal,
      over: this.#over.signal,
      isEnding: () => this.#isEnding,
    });
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
  const parts = losses.map(({ words: [one, many], sender, lost }) => {
    const why = sender.reason === "" ? "too many at once" : sender.reason;
    const count = lost() === 1 ? `1 ${one}` : `${lost()} ${many}`;
    return `${count} for ${sender.place} (${why})`;
  });
  return `Telemetry was lost: ${parts.join(", ")}`;
}
