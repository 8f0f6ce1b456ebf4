/** Where the model is served: the built-in providers, and those of the configuration. */
import { configError } from "../../protocol/error.ts";
import type { Host } from "../../protocol/host.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ProviderEndpoint } from "../../protocol/provider.ts";
import { unreachable } from "../../util/assert.ts";
import { parseDuration } from "../../util/duration.ts";
import {
  hasCompactEndpoint,
  isAzure,
  parseBaseUrl,
  parseHeaders,
} from "./endpoint.ts";
import {
  type Config,
  parseProvider,
  type ProviderConfig,
} from "../file/schema.ts";

/** What proves that we may ask the provider. */
export type AuthSource =
  | { readonly type: "none" }
  /** A variable of the environment. */
  | {
    readonly type: "env";
    readonly name: string;
    readonly instructions?: string;
  }
  | { readonly type: "bearer"; readonly token: string }
  | {
    readonly type: "command";
    readonly command: string;
    readonly args: readonly string[];
    readonly timeoutMs: number;
    readonly refreshMs: number;
    readonly cwd?: string;
  }
  /** CODEX_API_KEY, OPENAI_API_KEY, or what `login` has stored. */
  | { readonly type: "login" };

/** A provider, and how it wants to be convinced. */
export interface Provider extends ProviderEndpoint {
  readonly auth: AuthSource;
}

const OPENAI_URL = "https://api.openai.com/v1";
const OSS_PORTS = { ollama: 11434, "ollama-chat": 11434, lmstudio: 1234 };
const RESERVED = ["openai", "amazon-bedrock", "ollama", "lmstudio"] as const;

/** Whether the id belongs to a built-in provider and cannot be redefined. */
export function isReservedProvider(id: string): boolean {
  // Codex takes a table for this one, with the AWS profile in it.
  return id !== "amazon-bedrock" &&
    RESERVED.some((reserved) => reserved === id);
}

/** Every id that `model_provider` may have. */
export function providerIds(config: Config): readonly string[] {
  return [...new Set([...RESERVED, ...Object.keys(config.model_providers)])];
}

/** The selected provider, or the one of that id, with everything looked up. */
export function providerOf(
  config: Config,
  host: Pick<Host, "env">,
  id: string = config.model_provider,
): Provider {
  switch (id) {
    case "openai":
      return buildOpenai(config, host);
    case "ollama":
    case "lmstudio":
      return buildOss(config, host, { id, table: {} });
    case "amazon-bedrock":
      throw configError(
        'Cannot use provider "amazon-bedrock": requests signed for AWS are not supported, must be a provider that takes a key',
      );
    default: {
      const own = Object.hasOwn(config.model_providers, id)
        ? config.model_providers[id]
        : undefined;
      if (own !== undefined) {
        return buildProvider(config, host, { id, table: own });
      }
      // Older files of Codex name it.
      if (id === "ollama-chat") {
        return buildOss(config, host, { id, table: { wire_api: "chat" } });
      }
      throw configError(`Cannot use provider "${id}": it is not defined`);
    }
  }
}

/** Whether the provider is OpenAI's own service, or Azure's copy of it. */
export function isOpenaiService(provider: ProviderEndpoint): boolean {
  return provider.id === "openai" || provider.name === "OpenAI" ||
    isAzure(provider.baseUrl) ||
    URL.parse(provider.baseUrl)?.hostname === "api.openai.com";
}

function buildOpenai(config: Config, host: Pick<Host, "env">): Provider {
  const table = {
    ...parseProvider({}),
    name: "OpenAI",
    base_url: config.openai_base_url ?? OPENAI_URL,
    requires_openai_auth: true,
    env_http_headers: {
      "OpenAI-Organization": "OPENAI_ORGANIZATION",
      "OpenAI-Project": "OPENAI_PROJECT",
    },
  };
  return buildProvider(config, host, { id: "openai", table });
}

function buildOss(
  config: Config,
  host: Pick<Host, "env">,
  { id, table }: {
    readonly id: keyof typeof OSS_PORTS;
    readonly table: Record<string, unknown>;
  },
): Provider {
  const whole = {
    ...parseProvider(table),
    name: id === "lmstudio" ? "LM Studio" : "Ollama",
    base_url: ossUrl(host, OSS_PORTS[id]),
  };
  return buildProvider(config, host, { id, table: whole });
}

function buildProvider(
  { limits }: Config,
  host: Pick<Host, "env">,
  { id, table }: { readonly id: string; readonly table: ProviderConfig },
): Provider {
  const url = parseBaseUrl(id, table.base_url ?? OPENAI_URL);
  const headers = parseHeaders(id, table, host);
  const name = table.name ?? id;
  const isChat = table.wire_api === "chat";
  // The variables that all programs read are the HTTP client's: a wrong one is no error there.
  const caBundle = table.ca_bundle ??
    (host.env("CODEX_CA_CERTIFICATE")?.trim() || undefined);
  return {
    id,
    name,
    baseUrl: url.base,
    queryParams: { ...url.query, ...table.query_params },
    headers: headers.plain,
    requestRetries: retries(table.request_max_retries, LIMITS.requestRetries),
    streamRetries: retries(table.stream_max_retries, LIMITS.streamRetries),
    waitMaxMs: waitMaxOf(limits.max_wait),
    streamIdleMs: table.stream_idle_timeout_ms ?? LIMITS.streamIdleMs,
    wireApi: table.wire_api,
    ...(table.send_trace_context && { sendsTraceContext: true }),
    supportsCompact: !isChat &&
      (table.supports_compact ?? hasCompactEndpoint(url.base)),
    singleSystemMessage: table.single_system_message ?? isChat,
    pictures: {
      sideMax: table.image_max_side ?? LIMITS.imageSide,
      bytesMax: table.image_max_bytes ?? LIMITS.imageSentBytes,
      countMax: table.request_max_images ?? LIMITS.requestImages,
      requestBytesMax: table.request_max_bytes ?? LIMITS.requestBytes,
    },
    ...(caBundle === undefined ? {} : { caBundle }),
    ...(table.client_cert === undefined
      ? {}
      : { clientCert: table.client_cert }),
    ...(table.client_key === undefined ? {} : { clientKey: table.client_key }),
    ...(table.proxy === undefined ? {} : { proxyUrl: table.proxy }),
    auth: authSource(id, table, headers.bearer),
  };
}

function authSource(
  id: string,
  table: ProviderConfig,
  headerToken: string | undefined,
): AuthSource {
  const { auth } = table;
  if (auth !== undefined) {
    const other = ["env_key", "experimental_bearer_token"] as const;
    const clash = other.find((key) => table[key] !== undefined);
    if (clash !== undefined) {
      throw configError(
        `Cannot use provider "${id}": it has both "auth" and "${clash}", must have one of them`,
      );
    }
    return {
      type: "command",
      command: auth.command,
      args: auth.args,
      timeoutMs: auth.timeout_ms,
      refreshMs: auth.refresh_interval_ms,
      ...(auth.cwd === undefined ? {} : { cwd: auth.cwd }),
    };
  }
  if (table.env_key !== undefined) {
    const how = table.env_key_instructions;
    return {
      type: "env",
      name: table.env_key,
      ...(how === undefined ? {} : { instructions: how }),
    };
  }
  const token = table.experimental_bearer_token ?? headerToken;
  if (token !== undefined) return { type: "bearer", token };
  return { type: table.requires_openai_auth ? "login" : "none" };
}

/** Where a credential comes from, in words; never the credential. */
export function renderAuthSource(source: AuthSource): string {
  switch (source.type) {
    case "none":
      return "none needed";
    case "env":
      return `environment variable ${source.name}`;
    case "bearer":
      return "config.toml";
    case "command":
      return `command ${source.command}`;
    case "login":
      return "CODEX_API_KEY, OPENAI_API_KEY or the stored login";
    default:
      return unreachable(source);
  }
}

function ossUrl(host: Pick<Host, "env">, defaultPort: number): string {
  const url = host.env("CODEX_OSS_BASE_URL")?.trim() ?? "";
  if (url !== "") return url;
  const port = host.env("CODEX_OSS_PORT")?.trim() ?? "";
  return `http://localhost:${port === "" ? defaultPort : port}/v1`;
}

function retries(value: number | undefined, fallback: number): number {
  return Math.min(value ?? fallback, LIMITS.retriesMax);
}

function waitMaxOf(setting: string | number | undefined): number {
  if (setting === undefined) return LIMITS.retryAfterMaxMs;
  return parseDuration(String(setting)) ?? Infinity;
}
