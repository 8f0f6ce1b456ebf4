/** Which values must not be shown, and which environment variables no command may see. */
import { GATE_VARIABLE } from "../protocol/provider.ts";
import type { Config } from "./file/schema.ts";

const SECRET_NAME =
  /token|secret|passw|credential|authorization|cookie|(^|[-_])key$|api[-_]?key/i;

// Keys with such a word in their name that hold a name, a text or a number.
const OPEN_KEYS: ReadonlySet<string> = new Set([
  "env_key",
  "env_key_instructions",
  "bearer_token_env_var",
  "client_key",
  "model_auto_compact_token_limit",
  "model_auto_compact_token_limit_scope",
  "tool_output_token_limit",
  "max_tokens",
  "model_max_output_tokens",
  "cli_auth_credentials_store",
  "mcp_oauth_credentials_store",
]);

// Tables of free names whose values are shown only when the name is harmless.
const VALUE_TABLES: ReadonlySet<string> = new Set([
  "http_headers",
  "query_params",
  "env",
  "set",
]);

const HARMLESS_VALUES: ReadonlySet<string> = new Set(["api-version", "accept"]);

/** Whether the value at a configuration path is shown as `***`. */
export function isSecretPath(path: readonly string[]): boolean {
  const name = path.findLast((part) => !/^\d+$/.test(part)) ?? "";
  const table = path.at(-2) ?? "";
  if (VALUE_TABLES.has(table) && path.length > 2) {
    if (HARMLESS_VALUES.has(name.toLowerCase())) return false;
    return table !== "set" || SECRET_NAME.test(name);
  }
  if (table === "env_http_headers" || OPEN_KEYS.has(name)) return false;
  return SECRET_NAME.test(name);
}

/** A URL without the password or key that may be in it. */
export function withoutUrlSecrets(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, "$1***@")
    .replace(
      /([?&][^=&#]*(?:key|token|sig|secret|passw|pwd|credential|auth)[^=&#]*=)[^&#]*/gi,
      "$1***",
    );
}

/**
 * Names of environment variables that hold keys of the configured providers and
 * servers, of telemetry and of a batch. Commands never get them, whatever `shell_environment_policy` says, unless
 * its `set` or `include_only` names them.
 */
export function secretNames(config: Config): readonly string[] {
  const names = new Set([
    "CODEX_API_KEY",
    "OPENAI_API_KEY",
    "CODEX_ACCESS_TOKEN",
    // Where the requests of a batch are let through: no business of a command.
    GATE_VARIABLE,
    // What lets somebody in at a collector.
    ...["", "TRACES_", "METRICS_", "LOGS_"].map((signal) =>
      `OTEL_EXPORTER_OTLP_${signal}HEADERS`
    ),
  ]);
  for (const provider of Object.values(config.model_providers)) {
    if (provider.env_key !== undefined) names.add(provider.env_key);
    for (const name of Object.values(provider.env_http_headers)) {
      names.add(name);
    }
  }
  for (const server of Object.values(config.mcp_servers)) {
    if (server.bearer_token_env_var !== undefined) {
      names.add(server.bearer_token_env_var);
    }
    for (const name of Object.values(server.env_http_headers)) names.add(name);
  }
  names.delete("");
  return [...names].sort();
}
