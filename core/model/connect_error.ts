/** Why a connection did not come about, in words that say what to do. Pure. */
import { errorText, ModelError } from "../protocol/error.ts";
import { publicUrl } from "./errors/errors.ts";

/** The error of a request that got no answer at all; `proxy` was to carry it. */
export function buildConnectError(
  error: unknown,
  url: string,
  proxy?: string,
): ModelError {
  const cause = causeOf(errorText(error));
  const certificate = certificateProblem(cause);
  if (certificate !== undefined) {
    return new ModelError(
      `Cannot trust ${publicUrl(url)}: ${certificate} (${cause})`,
      { kind: "unreachable", retryable: false },
    );
  }
  const via = proxy === undefined
    ? ""
    : ` through the proxy ${URL.parse(proxy)?.host ?? "of the environment"}`;
  const hint = proxy === undefined && /refused/i.test(cause)
    ? missingProgram(url)
    : "";
  return new ModelError(
    `Cannot reach ${publicUrl(url)}${via}: ${cause}${hint}`,
    {
      kind: "unreachable",
      retryable: true,
    },
  );
}

// The usual ports of servers that people run themselves, as their own manuals have them.
const LOCAL_SERVERS: Readonly<Record<string, string>> = {
  "11434": "start Ollama with `ollama serve`",
  "1234": "start the server of LM Studio with `lms server start`",
  "8000": "start vLLM with `vllm serve MODEL`",
  "8080": "start llama.cpp with `llama-server -m MODEL.gguf`",
  "4000": "start LiteLLM with `litellm --config FILE`",
};

function missingProgram(url: string): string {
  const { hostname = "", port = "" } = URL.parse(url) ?? {};
  if (!/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) return "";
  return `; no server runs there: ${
    LOCAL_SERVERS[port] ?? "start it, or set the base_url of the provider"
  }`;
}

/** The error of a broken stream. */
export function buildCutError(reason: string): ModelError {
  return new ModelError(
    `The response stopped before it was complete: ${reason}`,
    { kind: "stream", retryable: true },
  );
}

/** The error of an address from which nothing comes back at all. Waiting has been tried. */
export function buildNoConnectionError(url: string): ModelError {
  return new ModelError(
    `Cannot reach ${publicUrl(url)}: the address does not respond;` +
      " is the network up, and is a proxy needed?",
    { kind: "unreachable", retryable: false },
  );
}

/** The error of a connection on which nothing comes any more. */
export function buildSilenceError(idleMs: number): ModelError {
  return new ModelError(
    `The response stopped before it was complete: no data for ${idleMs} ms`,
    { kind: "stream", retryable: true },
  );
}

// The runtime puts the URL, query and all, before the cause: "error sending request for
// url (http://…): client error (Connect): tcp connect error: Connection refused".
function causeOf(message: string): string {
  const cause = message
    .replace(/^error sending request (from \S+ )?for (url )?.*?\): /s, "")
    .replace(/^client error \(\w+\): /, "");
  return cause.replace(/https?:\/\/\S+/g, (url) => publicUrl(url));
}

// The words of rustls, which makes the TLS connections of the runtime.
function certificateProblem(cause: string): string | undefined {
  if (/UnknownIssuer/.test(cause)) {
    return "its certificate was issued by an authority this machine does not trust;" +
      " name that authority's PEM file in SSL_CERT_FILE or in the provider's ca_bundle";
  }
  if (/CaUsedAsEndEntity/.test(cause)) {
    return "its certificate is a CA certificate itself;" +
      " the server needs one of its own, signed by it";
  }
  if (/NotValidForName|not valid for name/.test(cause)) {
    return "its certificate is for another host name; base_url must use the name in it";
  }
  if (/certificate:? expired|CertExpired/i.test(cause)) {
    return "its certificate has expired";
  }
  if (/NotValidYet|not valid yet/.test(cause)) {
    return "its certificate is not valid yet; is the clock of this machine right?";
  }
  if (/CertificateRequired|HandshakeFailure/.test(cause)) {
    return "it requires a client certificate;" +
      " set client_cert and client_key of the provider";
  }
  return /invalid peer certificate|BadCertificate|UnknownCA/.test(cause)
    ? "the certificates of the two sides do not match"
    : undefined;
}
