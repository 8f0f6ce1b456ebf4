/** The runtime's HTTP client, for networks with their own certificates and proxies. */
import { configError, errorReason, errorText } from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { ProviderEndpoint } from "../protocol/provider.ts";
import { withTimeout } from "../util/async.ts";
import { PROXY_VARIABLES, proxyFor } from "./proxy.ts";

interface HttpClientSetup {
  /** For the `client` of a fetch; undefined when the runtime's own will do. */
  readonly client: Deno.HttpClient | undefined;
  /** What was set and could not be used. */
  readonly warnings: readonly string[];
}

type Settings =
  & Pick<
    ProviderEndpoint,
    "name" | "caBundle" | "clientCert" | "clientKey" | "proxyUrl"
  >
  & {
    /** Of the one server it is for; without it the runtime chooses the proxy. */
    readonly baseUrl?: string;
  };

type Connect = (
  options: Deno.ConnectOptions,
) => Promise<Pick<Deno.Conn, "close">>;

/** Variables with a PEM file of further authorities, as other programs read them. */
const CA_VARIABLES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] as const;

/**
 * A client that also trusts the authorities of SSL_CERT_FILE, NODE_EXTRA_CA_CERTS and the
 * provider's ca_bundle, and shows the provider's client certificate. HTTP_PROXY,
 * SSL_CERT_DIR too. Which proxy is used, `proxyFor()` decides where the server is known, else
 * the runtime. Throws UserError "config".
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
  caCerts.push(...await readPemFolder(host, warnings));
  const { baseUrl } = settings;
  const proxy = baseUrl === undefined
    ? settings.proxyUrl
    : proxyFor(baseUrl, (name) => host.env(name), settings.proxyUrl);
  const options = {
    ...await readProviderPems(host, settings, caCerts),
    ...(proxy !== undefined && { proxy: proxyOptions(proxy) }),
  };
  const isOurs = baseUrl !== undefined &&
    PROXY_VARIABLES.some((name) => (host.env(name) ?? "") !== "");
  if (!isOurs && Object.keys(options).length === 0) {
    return { client: undefined, warnings };
  }
  const create = (): Deno.HttpClient => createClient(settings.name, options);
  return { client: isOurs ? withoutProxies(create) : create(), warnings };
}

/**
 * A look at whether the address of a URL answers a connection, if only with a refusal;
 * undefined where a proxy makes the connections.
 */
export function connectionProbe(
  host: Pick<Host, "env" | "sleep">,
  settings: Partial<Pick<ProviderEndpoint, "proxyUrl" | "baseUrl">>,
  connect: Connect = (options) => Deno.connect(options),
): ((url: string) => Promise<boolean>) | undefined {
  const { baseUrl = "https://model.invalid", proxyUrl } = settings;
  if (proxyFor(baseUrl, (name) => host.env(name), proxyUrl) !== undefined) {
    return undefined;
  }
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

// The runtime reads the variables whenever a client is made, and knows fewer forms of them.
function withoutProxies<T>(create: () => T): T {
  const kept = PROXY_VARIABLES.flatMap((name) => {
    const value = Deno.env.get(name);
    Deno.env.delete(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  try {
    return create();
  } finally {
    for (const [name, value] of kept) Deno.env.set(name, value);
  }
}

function proxyOptions(url: string): Deno.Proxy {
  const { username, password } = URL.parse(url) ??
    { username: "", password: "" };
  if (username === "") return { url };
  const basicAuth = {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  return { url, basicAuth };
}

// OpenSSL's folders of authorities, one or more PEM files each; a list of them with colons.
async function readPemFolder(
  host: Pick<Host, "env" | "files">,
  warnings: string[],
): Promise<string[]> {
  const pems: string[] = [];
  for (const folder of (host.env("SSL_CERT_DIR") ?? "").split(":")) {
    if (folder === "") continue;
    try {
      const names = (await host.files.list(folder)).map(({ name }) => name);
      for (const name of names.toSorted().slice(0, LIMITS.certificateFiles)) {
        const path = `${folder}/${name}`;
        if (!(await host.files.stat(path))?.isFile) continue;
        // Such folders hold other files too.
        pems.push(
          ...await readPem(host, path, "CERTIFICATE").then(
            (pem) => [pem],
            () => [],
          ),
        );
      }
    } catch (error) {
      warnings.push(`SSL_CERT_DIR is ignored: ${errorText(error)}`);
    }
  }
  return pems;
}

async function readProviderPems(
  host: Pick<Host, "files">,
  settings: Settings,
  caCerts: readonly string[],
): Promise<{ caCerts?: string[]; cert?: string; key?: string }> {
  const { name, caBundle, clientCert, clientKey } = settings;
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw configError(
      `Cannot use the client certificate of ${name}: a certificate and its key must both be set (a provider has client_cert and client_key)`,
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
    throw configError(`Cannot read ${path}: ${errorReason(error)}`);
  }
  if (new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) return text;
  throw configError(`Cannot read ${path}: no PEM block "${label}" in it`);
}

function createClient(
  name: string,
  options: Parameters<typeof Deno.createHttpClient>[0],
): Deno.HttpClient {
  try {
    return Deno.createHttpClient(options);
  } catch (error) {
    throw configError(
      `Cannot use the certificates or the proxy of ${name}: ${
        errorText(error)
      }`,
    );
  }
}
