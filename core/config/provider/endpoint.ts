/** The parts of a provider that go on the wire: its base URL and its headers. */
import { configError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import type { ProviderConfig } from "../file/schema.ts";

/** Takes a base URL apart: its query goes with every request, its end is tidied. */
export function parseBaseUrl(
  id: string,
  text: string,
): { readonly base: string; readonly query: Record<string, string> } {
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw configError(
      `Cannot use provider "${id}": its base URL is ${
        JSON.stringify(text)
      }, must begin with http:// or https://`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw configError(
      `Cannot use provider "${id}": its base URL holds a password, must be given by "env_key" or "http_headers"`,
    );
  }
  // A whole endpoint is often pasted where its base is asked for.
  const path = url.pathname.replace(/\/+$/, "")
    .replace(/\/(responses|chat\/completions)$/, "");
  return {
    base: `${url.origin}${path}`,
    query: Object.fromEntries(url.searchParams),
  };
}

/** The extra headers with their values; a bearer token among them is told apart. */
export function parseHeaders(
  id: string,
  table: ProviderConfig,
  host: Pick<Host, "env">,
): {
  readonly plain: Readonly<Record<string, string>>;
  readonly bearer: string | undefined;
} {
  const plain: Record<string, string> = {};
  let bearer: string | undefined;
  const fromEnv = Object.entries(table.env_http_headers).map((
    [name, variable],
  ) => [name, host.env(variable)?.trim() ?? ""] as const)
    .filter(([, value]) => value !== "");
  for (
    const [name, raw] of [...Object.entries(table.http_headers), ...fromEnv]
  ) {
    const value = raw.trim();
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !isHeaderText(value)) {
      throw configError(
        `Cannot use provider "${id}": header ${
          JSON.stringify(name)
        } or its value has characters that a header cannot carry`,
      );
    }
    if (name.toLowerCase() !== "authorization") {
      plain[name] = value;
      continue;
    }
    bearer = /^Bearer\s+(\S+)$/i.exec(value)?.[1];
    if (bearer !== undefined) continue;
    throw configError(
      `Cannot use provider "${id}": its authorization header must be "Bearer" and a token`,
    );
  }
  return { plain, bearer };
}

/** Whether a text can be the value of an HTTP header (RFC 9110 section 5.5), in ASCII. */
export function isHeaderText(text: string): boolean {
  return /^[\t\x20-\x7e]*$/.test(text);
}

/** Whether a base URL is one of Azure's copies of the service. */
export function isAzure(url: string): boolean {
  const { hostname, pathname } = URL.parse(url) ??
    { hostname: "", pathname: "" };
  return AZURE_HOST.test(hostname) ||
    hostname.endsWith("windows.net") && pathname.startsWith("/openai");
}

const AZURE_HOST =
  /\.((openai|aoai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)|azure-api\.net|azurefd\.net)$/i;

/**
 * Whether `POST …/responses/compact` is expected there: at OpenAI's and Azure's own hosts,
 * whatever the provider is called. Behind other addresses it is a 404, or worse.
 */
export function hasCompactEndpoint(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? "";
  return /(^|\.)(openai|chatgpt)\.com$/i.test(host) || isAzure(url);
}
