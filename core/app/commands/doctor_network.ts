/** What doctor looks at of the network: one HEAD is sent, without the key. */
import type { Provider } from "../../config/provider/providers.ts";
import { withoutUrlSecrets } from "../../config/secrets.ts";
import { openHttpClient } from "../../host/http_client.ts";
import { buildConnectError } from "../../model/connect_error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Check } from "./doctor_checks.ts";

/**
 * One HEAD of the base URL, for chat completions of their own: not every gateway has
 * something at both. Without the key; every answer will do.
 */
export async function checkProvider(
  host: Host,
  provider: Provider,
): Promise<Check> {
  const isChat = provider.wireApi === "chat";
  const url = `${provider.baseUrl}${isChat ? "/chat/completions" : ""}`;
  const tried = `HEAD ${withoutUrlSecrets(url)}`;
  const startedMs = host.monotonicMs();
  const end = (
    problem: string | undefined,
    answer: { readonly status?: number; readonly warnings: readonly string[] },
  ): Check => {
    const tookMs = Math.round(host.monotonicMs() - startedMs);
    return {
      name: "provider",
      status: problem === undefined ? "ok" : "failed",
      summary: problem ?? `answers (HTTP ${answer.status}, ${tookMs} ms)`,
      lines: [
        `tried: ${tried}, for at most ${LIMITS.reachMs} ms`,
        ...answer.warnings,
      ],
      facts: {
        id: provider.id,
        base_url: withoutUrlSecrets(provider.baseUrl),
        wire_api: provider.wireApi,
        tried,
        http_status: answer.status ?? null,
        duration_ms: tookMs,
        problem: problem ?? null,
        warnings: answer.warnings,
      },
      ...(problem === undefined ? {} : { exit: "provider" as const }),
    };
  };
  const { client, warnings } = await openHttpClient(host, provider);
  const answer = await reach(host, url, client);
  return typeof answer === "string"
    ? end(answer, { warnings })
    : end(undefined, { status: answer, warnings });
}

async function reach(
  host: Host,
  url: string,
  client: unknown,
): Promise<number | string> {
  const tooLate = new AbortController();
  const enough = new AbortController();
  host.sleep(LIMITS.reachMs, enough.signal).then(
    () => tooLate.abort(),
    () => {},
  );
  try {
    const response = await host.fetch(url, {
      method: "HEAD",
      signal: tooLate.signal,
      redirect: "manual",
      ...(client === undefined ? {} : { client }),
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    if (tooLate.signal.aborted) {
      return `Cannot reach ${
        withoutUrlSecrets(url)
      }: no answer in ${LIMITS.reachMs} ms`;
    }
    return buildConnectError(error, url).message;
  } finally {
    enough.abort();
  }
}

const PROXY_NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
const CA_NAMES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];

/** Proxies and certificate authorities as the environment and the provider name them. */
export function checkNetwork(host: Host, provider: Provider): Check {
  const valueOf = (name: string): string | undefined =>
    host.env(name) || host.env(name.toLowerCase());
  const found = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.flatMap((name) => {
      const value = valueOf(name);
      return value ? [[name, withoutUrlSecrets(value)]] : [];
    }));
  const proxy = {
    ...found(PROXY_NAMES),
    ...(provider.proxyUrl === undefined
      ? {}
      : { provider: withoutUrlSecrets(provider.proxyUrl) }),
  };
  const authorities = {
    ...found(CA_NAMES),
    ...(provider.caBundle === undefined ? {} : { provider: provider.caBundle }),
  };
  const lines = (title: string, values: Record<string, string>): string[] =>
    Object.entries(values).map(([key, value]) => `${title} ${key}: ${value}`);
  const hasProxy = Object.keys(proxy).length > 0;
  const hasOwn = Object.keys(authorities).length > 0;
  return {
    name: "network",
    status: "ok",
    summary: `${hasProxy ? "through a proxy" : "no proxy"}, ${
      hasOwn ? "further authorities" : "built-in authorities"
    }`,
    lines: [...lines("proxy", proxy), ...lines("authorities", authorities)],
    facts: { proxy, authorities },
  };
}
