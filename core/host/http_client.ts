/** The runtime's HTTP client, for networks with their own certificates and proxies. */
import { errorReason, errorText, UserError } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { ProviderEndpoint } from "../protocol/provider.ts";
import { withTimeout } from "../util/async.ts";

interface HttpClientSetup {
  /** For the `client` of a fetch; undefined when the runtime's own will do. */
  readonly client: Deno.HttpClient | undefined;
  /** What was set and could not be used. */
  readonly warnings: readonly string[];
}

type Settings = Pick<
  ProviderEndpoint,
  "name" | "caBundle" | "clientCert" | "clientKey" | "proxyUrl"
>;

const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] as const;

type Connect = (
  options: Deno.ConnectOptions,
) => Promise<Pick<Deno.Conn, "close">>;

/** Variables with a PEM file of further authorities, as other programs read them. */
const CA_VARIABLES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] as const;

/**
 * A client that also trusts the authorities of SSL_CERT_FILE, NODE_EXTRA_CA_CERTS and the
 * provider's ca_bundle, and shows the provider's client certificate. HTTP_PROXY,
 * HTTPS_PROXY, ALL_PROXY and NO_PROXY are the runtime's own business, with or without it;
 * NO_PROXY also holds against the provider's own proxy. Throws UserError "config".
 */
export async function openHttpClient(
  host: Pick<Host, "env" | "files">,
  settings: Settings,
): Promise<HttpClientSetup> {
  const warnings: string[] = [];
  const caCerts: string[] = [];
  for (const name of CA_VARIABLES) {
    const path = host.env(name);
    if (path === undefined || path === "") continue;
    try {
      caCerts.push(await readPem(host, path, "CERTIFICATE"));
    } catch (error) {
      // Shells of whole companies set it; it may well be meant for others.
      warnings.push(`${name} is ignored: ${errorText(error)}`);
    }
  }
  const options = {
    ...await readProviderPems(host, settings, caCerts),
    ...(settings.proxyUrl !== undefined && {
      proxy: { url: settings.proxyUrl },
    }),
  };
  if (Object.keys(options).length === 0) return { client: undefined, warnings };
  return { client: createClient(settings.name, options), warnings };
}

/**
 * A look at whether the address of a URL answers a connection, if only with a refusal;
 * undefined where a proxy makes the connections.
 */
export function connectionProbe(
  host: Pick<Host, "env" | "sleep">,
  settings: Pick<ProviderEndpoint, "proxyUrl">,
  connect: Connect = (options) => Deno.connect(options),
): ((url: string) => Promise<boolean>) | undefined {
  const hasProxy = PROXY_VARIABLES.some((name) =>
    (host.env(name) ?? host.env(name.toLowerCase()) ?? "") !== ""
  );
  if (hasProxy || settings.proxyUrl !== undefined) return undefined;
  return async (url) => {
    const { hostname, port, protocol } = new URL(url);
    const standard = protocol === "https:" ? 443 : 80;
    const answered = connect({
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? standard : Number(port),
    }).then((connection) => connection.close(), () => {}).then(() => true);
    return await withTimeout(answered, LIMITS.probeMs, host) === true;
  };
}

async function readProviderPems(
  host: Pick<Host, "files">,
  settings: Settings,
  caCerts: readonly string[],
): Promise<{ caCerts?: string[]; cert?: string; key?: string }> {
  const { name, caBundle, clientCert, clientKey } = settings;
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw new UserError(
      "config",
      `Cannot use the client certificate of ${name}: client_cert and client_key must both be set`,
    );
  }
  const all = caBundle === undefined
    ? [...caCerts]
    : [...caCerts, await readPem(host, caBundle, "CERTIFICATE")];
  return {
    ...(all.length > 0 && { caCerts: all }),
    ...(clientCert !== undefined && clientKey !== undefined && {
      cert: await readPem(host, clientCert, "CERTIFICATE"),
      key: await readPem(host, clientKey, "PRIVATE KEY"),
    }),
  };
}

// The runtime takes a text without any certificate for an empty list and says nothing.
async function readPem(
  host: Pick<Host, "files">,
  path: string,
  label: string,
): Promise<string> {
  let text: string;
  try {
    const bytesMax = LIMITS.certificateBytes;
    text = await host.files.readText(path, { bytesMax, pipe: true });
  } catch (error) {
    throw new UserError("config", `Cannot read ${path}: ${errorReason(error)}`);
  }
  if (new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) return text;
  throw new UserError(
    "config",
    `Cannot read ${path}: no PEM block "${label}" in it`,
  );
}

function createClient(
  name: string,
  options: Parameters<typeof Deno.createHttpClient>[0],
): Deno.HttpClient {
  try {
    return Deno.createHttpClient(options);
  } catch (error) {
    throw new UserError(
      "config",
      `Cannot use the certificates or the proxy of ${name}: ${
        errorText(error)
      }`,
    );
  }
}
