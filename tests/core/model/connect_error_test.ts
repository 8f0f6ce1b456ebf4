/** Connections that did not come about, in the runtime's own words. */
import assert from "node:assert/strict";
import {
  buildConnectError,
  buildCutError,
  buildSilenceError,
} from "../../../core/model/connect_error.ts";

const URL_SENT = "https://me:pw@api.example.com/v1/responses?key=secret";

function connectError(cause: string): ReturnType<typeof buildConnectError> {
  return buildConnectError(
    new TypeError(
      `error sending request for url (${URL_SENT}): client error (Connect): ${cause}`,
    ),
    URL_SENT,
  );
}

Deno.test("buildConnectError() keeps the cause and drops what is secret", () => {
  assert.equal(
    connectError("tcp connect error: Connection refused (os error 111)")
      .message,
    "Cannot reach https://api.example.com/v1/responses: tcp connect error: Connection refused (os error 111)",
  );
  const other = buildConnectError(
    new TypeError(
      `error sending request from 127.0.0.1:5 for ${URL_SENT} (1.2.3.4:443): client error (SendRequest): connection closed`,
    ),
    URL_SENT,
  );
  assert.equal(
    other.message,
    "Cannot reach https://api.example.com/v1/responses: connection closed",
  );
  const plain = buildConnectError(
    new Error(`odd: ${URL_SENT} failed`),
    URL_SENT,
  );
  assert.doesNotMatch(plain.message, /secret|pw/);
});

Deno.test("buildConnectError() takes an unreachable server for worth another try", () => {
  const error = connectError("dns error: failed to lookup address information");
  assert.equal(error.kind, "unreachable");
  assert.equal(error.retryable, true);
});

Deno.test("buildConnectError() names the certificate problem and its remedy, and does not retry", () => {
  const cases: readonly [string, RegExp][] = [
    ["invalid peer certificate: UnknownIssuer", /SSL_CERT_FILE.*ca_bundle/],
    ["invalid peer certificate: CaUsedAsEndEntity", /CA certificate itself/],
    ["invalid peer certificate: NotValidForName", /another host name/],
    [
      'invalid peer certificate: certificate not valid for name "x"',
      /another host name/,
    ],
    ["invalid peer certificate: Expired", /has expired/],
    ["invalid peer certificate: certificate expired: …", /has expired/],
    ["invalid peer certificate: NotValidYet", /not valid yet/],
    ["invalid peer certificate: BadEncoding", /do not match/],
    ["received fatal alert: CertificateRequired", /client_cert and/],
    ["received fatal alert: HandshakeFailure", /client_cert and/],
    ["received fatal alert: UnknownCA", /do not match/],
  ];
  for (const [cause, expected] of cases) {
    const error = connectError(cause);
    assert.match(error.message, expected, cause);
    assert.match(error.message, /^Cannot trust https:\/\/api\.example\.com/);
    assert.equal(error.retryable, false);
  }
});

Deno.test("buildCutError() and buildSilenceError() are worth another try", () => {
  for (const error of [buildCutError("why"), buildSilenceError(5)]) {
    assert.equal(error.kind, "stream");
    assert.equal(error.retryable, true);
  }
  assert.match(buildSilenceError(1_500).message, /1500 ms/);
});

Deno.test("buildConnectError() says which program to start, and which proxy is dead", () => {
  const refused = new TypeError("tcp connect error: Connection refused");
  const at = (url: string, proxy?: string): string =>
    buildConnectError(refused, url, proxy).message;
  assert.match(at("http://localhost:11434/v1"), /`ollama serve`/);
  assert.match(at("http://127.0.0.1:1234/v1"), /`lms server start`/);
  assert.match(at("http://[::1]:8080/v1"), /`llama-server/);
  assert.match(at("http://localhost:8000/v1"), /`vllm serve/);
  assert.match(at("http://localhost:9/v1"), /set the base_url/);
  assert.doesNotMatch(at("https://api.example.com/v1"), /start/);
  const message = at(
    "https://api.example.com/v1",
    "http://u:secret@proxy:3128",
  );
  assert.match(message, /through the proxy proxy:3128/);
  assert.doesNotMatch(message, /secret/);
});
