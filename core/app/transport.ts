/** How a provider is reached: directly, by a proxy, with certificates of its own. */
import { connectionProbe, openHttpClient } from "../host/http_client.ts";
import { PROXY_VARIABLES, proxyFor } from "../host/proxy.ts";
import type { TransportOptions } from "../model/transport.ts";
import type { Host } from "../protocol/host.ts";
import { GATE_VARIABLE, type ProviderEndpoint } from "../protocol/provider.ts";
import type { TraceCarrier } from "../protocol/settings.ts";
import type { CommandLine } from "../contract/command_line.ts";
import { TelemetryAccess } from "../telemetry/access.ts";
import { resolvePath } from "../util/path.ts";

export interface Reached {
  readonly transport: Pick<
    TransportOptions,
    "gate" | "httpClient" | "probe" | "proxy"
  >;
  readonly warnings: readonly string[];
}

/** A client of its own costs time at the start; plain HTTP needs none. */
export async function openTransport(
  host: Host,
  provider: ProviderEndpoint,
): Promise<Reached> {
  const probe = connectionProbe(host, provider);
  const probing = {
    ...(probe !== undefined && { probe }),
    ...await gateOf(host),
  };
  const proxy = proxyFor(
    provider.baseUrl,
    (name) => host.env(name),
    provider.proxyUrl,
  );
  const isPlain = provider.baseUrl.startsWith("http:") &&
    proxy === undefined &&
    !PROXY_VARIABLES.some((name) => host.env(name));
  if (isPlain) return { transport: probing, warnings: [] };
  const { client, warnings } = await openHttpClient(host, provider);
  const httpClient = client === undefined ? {} : { httpClient: client };
  const via = proxy === undefined ? {} : { proxy };
  return { transport: { ...probing, ...httpClient, ...via }, warnings };
}

/** The telemetry of this process, which nobody may ever ask for. */
export function telemetryAccess(
  host: Host,
  { command, flags }: Pick<CommandLine, "command" | "flags">,
): TelemetryAccess {
  return new TelemetryAccess(host, {
    command,
    flags,
    connect: async ({ url, caBundle, clientCert, clientKey }) => {
      const pems = Object.entries({ caBundle, clientCert, clientKey })
        .flatMap(([name, given]) =>
          given ? [[name, resolvePath(host.cwd, given)]] : []
        );
      const { client } = await openHttpClient(host, {
        name: "the collector",
        baseUrl: url,
        ...Object.fromEntries(pems),
      });
      if (client === undefined) return host.fetch;
      return (input, init) => host.fetch(input, { ...init, client });
    },
  });
}

// Only a run that belongs to a batch has one.
async function gateOf(host: Host): Promise<Pick<TransportOptions, "gate">> {
  const folder = host.env(GATE_VARIABLE);
  if (folder === undefined || folder === "") return {};
  const { openRequestGate } = await import("../model/request_gate.ts");
  const gate = await openRequestGate(host, folder);
  return gate === undefined ? {} : { gate };
}

/** The host for what lasts as long as the run: it joins that, and not what we were started under. */
export function withTrace(host: Host, trace: TraceCarrier | undefined): Host {
  if (trace === undefined) return host;
  const { TRACEPARENT: _parent, TRACESTATE: _state, ...others } = host.envAll();
  const all: Readonly<Record<string, string>> = {
    ...others,
    ...(trace.traceparent && { TRACEPARENT: trace.traceparent }),
    ...(trace.tracestate && { TRACESTATE: trace.tracestate }),
  };
  return {
    ...host,
    env: (name) =>
      /^TRACE(PARENT|STATE)$/.test(name) ? all[name] : host.env(name),
    envAll: () => all,
  };
}
