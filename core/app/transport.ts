/** How a provider is reached: directly, by a proxy, with certificates of its own. */
import { connectionProbe, openHttpClient } from "../host/http_client.ts";
import { PROXY_VARIABLES, proxyFor } from "../host/proxy.ts";
import type { TransportOptions } from "../model/transport.ts";
import type { Host } from "../protocol/host.ts";
import type { ProviderEndpoint } from "../protocol/provider.ts";

export interface Reached {
  readonly transport: Pick<TransportOptions, "httpClient" | "probe" | "proxy">;
  readonly warnings: readonly string[];
}

/** A client of its own costs time at the start; plain HTTP needs none. */
export async function openTransport(
  host: Host,
  provider: ProviderEndpoint,
): Promise<Reached> {
  const probe = connectionProbe(host, provider);
  const probing = probe === undefined ? {} : { probe };
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
