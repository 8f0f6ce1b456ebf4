/** Where each signal goes: the OTEL_EXPORTER_OTLP_* variables. Pure. */
import { LIMITS } from "../protocol/limits.ts";
import { decoded, parsePairs, type Variables } from "./variables.ts";

export type SignalName = "traces" | "metrics" | "logs";

/** Where one signal goes, and how. */
export interface SignalSettings {
  readonly url: string;
  readonly encoding: "json" | "protobuf";
  /** With their values; never shown. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly isCompressed: boolean;
  /** Paths of PEM files, as they were given. */
  readonly caBundle?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

const COLLECTOR = "http://localhost:4318";

/** How one signal is sent: when somebody named it, or the collector for all of them. */
export function parseSignal(
  env: Variables,
  name: SignalName,
): SignalSettings | undefined {
  const upper = name.toUpperCase();
  const exporter = env.word(`OTEL_${upper}_EXPORTER`);
  const own = env.text(`OTEL_EXPORTER_OTLP_${upper}_ENDPOINT`);
  const base = env.text("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (exporter === "none") return undefined;
  if (exporter !== "" && exporter !== "otlp") {
    env.warn(
      `OTEL_${upper}_EXPORTER is "${exporter}", must be otlp or none: no ${name} are sent`,
    );
    return undefined;
  }
  if (exporter === "" && own === "" && base === "") return undefined;
  const encoding = parseProtocol(env, upper);
  const address = parseAddress(own || base || COLLECTOR);
  if (address === undefined) {
    const which = own === "" ? "" : `${upper}_`;
    env.warn(
      `OTEL_EXPORTER_OTLP_${which}ENDPOINT is no address, must begin with http:// or https://: nothing is sent there`,
    );
    return undefined;
  }
  if (encoding === undefined) return undefined;
  const { url, headers } = address;
  return {
    url: own === "" ? `${url.replace(/\/+$/, "")}/v1/${name}` : url,
    encoding,
    headers: {
      ...headers,
      ...headersOf(env, "OTEL_EXPORTER_OTLP_HEADERS"),
      ...headersOf(env, `OTEL_EXPORTER_OTLP_${upper}_HEADERS`),
    },
    timeoutMs: timeoutOf(env, upper),
    isCompressed: parseCompression(env, upper),
    ...pemFiles(env, upper),
  };
}

function option(env: Variables, upper: string, name: string): string {
  return env.text(`OTEL_EXPORTER_OTLP_${upper}_${name}`) ||
    env.text(`OTEL_EXPORTER_OTLP_${name}`);
}

function pemFiles(
  env: Variables,
  upper: string,
): Pick<SignalSettings, "caBundle" | "clientCert" | "clientKey"> {
  const caBundle = option(env, upper, "CERTIFICATE");
  const clientCert = option(env, upper, "CLIENT_CERTIFICATE");
  const clientKey = option(env, upper, "CLIENT_KEY");
  return {
    ...(caBundle !== "" && { caBundle }),
    ...(clientCert !== "" && { clientCert }),
    ...(clientKey !== "" && { clientKey }),
  };
}

function parseCompression(env: Variables, upper: string): boolean {
  const name = option(env, upper, "COMPRESSION").toLowerCase();
  if (!["", "none", "gzip"].includes(name)) {
    env.warn(
      `OTEL_EXPORTER_OTLP_COMPRESSION is "${name}", must be gzip or none: nothing is compressed`,
    );
  }
  return name === "gzip";
}

function timeoutOf(env: Variables, upper: string): number {
  const all = env.count(
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    LIMITS.telemetryTimeoutMs,
    1,
  );
  return env.count(`OTEL_EXPORTER_OTLP_${upper}_TIMEOUT`, all, 1);
}

function parseProtocol(
  env: Variables,
  upper: string,
): SignalSettings["encoding"] | undefined {
  const protocol = option(env, upper, "PROTOCOL");
  switch (protocol.toLowerCase()) {
    case "":
    case "http/protobuf":
      return "protobuf";
    case "http/json":
      return "json";
    default: {
      const own = env.text(`OTEL_EXPORTER_OTLP_${upper}_PROTOCOL`);
      env.warn(
        `OTEL_EXPORTER_OTLP_${
          own === "" ? "" : `${upper}_`
        }PROTOCOL is "${protocol}", must be http/protobuf or http/json: nothing is sent by it. The endpoint is then the collector's port for HTTP (4318 as a rule)`,
      );
      return undefined;
    }
  }
}

// A name and a password in it are sent as what they are, and shown nowhere.
function parseAddress(
  text: string,
): Pick<SignalSettings, "url" | "headers"> | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const { username, password } = url;
  if (username === "" && password === "") return { url: text, headers: {} };
  url.username = "";
  url.password = "";
  const plain = [username, password].map((part) => decoded(part) ?? part)
    .join(":");
  const bytes = new TextEncoder().encode(plain);
  return {
    url: url.href,
    headers: { authorization: `Basic ${bytes.toBase64()}` },
  };
}

function headersOf(
  env: Variables,
  variable: string,
): Readonly<Record<string, string>> {
  const { pairs, isWhole } = parsePairs(env.text(variable));
  const sendable = Object.entries(pairs).filter(([name, value]) =>
    /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)
  );
  // What it holds may be a secret, also where it is misspelt.
  if (!isWhole || sendable.length < Object.keys(pairs).length) {
    env.warn(
      `${variable} is not understood in full, must be name=value,name=value`,
    );
  }
  return Object.fromEntries(
    sendable.map(([name, value]) => [name.toLowerCase(), value]),
  );
}
