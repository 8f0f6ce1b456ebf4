/** The environment of a server: a few variables, and those its configuration names. Pure. */
import type { McpHttpSpec, McpStdioSpec } from "./server_config.ts";

type EnvLookup = (name: string) => string | undefined;

// Who and where one is, how to show text, and which certificates to trust. No keys, and
// no proxies, whose URLs may hold passwords.
const HANDED_ON = [
  "HOME",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "LOGNAME",
  "NODE_EXTRA_CA_CERTS",
  "PATH",
  "SHELL",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
  "TERM",
  "TMPDIR",
  // Under which span we work, so that a server's own join.
  "TRACEPARENT",
  "TRACESTATE",
  "TZ",
  "USER",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "XDG_RUNTIME_DIR",
  // Without these few nothing starts on Windows.
  "APPDATA",
  "COMSPEC",
  "LOCALAPPDATA",
  "PATHEXT",
  "SYSTEMROOT",
  "TEMP",
  "TMP",
  "USERPROFILE",
];

/** The whole environment of a server's process. */
export function buildServerEnv(
  spec: Pick<McpStdioSpec, "env" | "envVars">,
  env: EnvLookup,
): Readonly<Record<string, string>> {
  const inherited = [...HANDED_ON, ...spec.envVars].flatMap((name) => {
    const value = env(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), ...spec.env };
}

interface ServerHeaders {
  readonly headers: Readonly<Record<string, string>>;
  /** Variables that are named and not set. */
  readonly missing: readonly string[];
}

/** The headers of every request to a server behind a URL. */
export function buildServerHeaders(
  spec: Pick<McpHttpSpec, "headers" | "envHeaders" | "bearerTokenEnvVar">,
  env: EnvLookup,
): ServerHeaders {
  const headers: Record<string, string> = { ...spec.headers };
  const missing: string[] = [];
  const take = (variable: string, use: (value: string) => void): void => {
    const value = env(variable)?.trim() ?? "";
    if (value === "") missing.push(variable);
    else use(value);
  };
  for (const [header, variable] of Object.entries(spec.envHeaders)) {
    take(variable, (value) => headers[header] = value);
  }
  if (spec.bearerTokenEnvVar !== undefined) {
    take(
      spec.bearerTokenEnvVar,
      (value) => headers["Authorization"] = `Bearer ${value}`,
    );
  }
  return { headers, missing };
}
