/** Tests of core/config/provider/providers.ts and provider_wire.ts. */
import assert from "node:assert/strict";
import {
  isOpenaiService,
  isReservedProvider,
  type Provider,
  providerIds,
  providerOf,
  renderAuthSource,
} from "../../../../core/config/provider/providers.ts";
import { configOf } from "../../../support/config.ts";

// The provider `p` with these lines in its table.
function custom(lines: string, env: Record<string, string> = {}): Provider {
  const config = configOf(
    `model_provider = "p"\n[model_providers.p]\n${lines}`,
  );
  return providerOf(config, { env: (name) => env[name] });
}

function builtIn(id: string, env: Record<string, string> = {}): Provider {
  return providerOf(configOf(""), { env: (name) => env[name] }, id);
}

Deno.test("providerOf() knows OpenAI", () => {
  assert.deepEqual(
    builtIn("openai", { OPENAI_ORGANIZATION: "org", OPENAI_PROJECT: " " }),
    {
      id: "openai",
      name: "OpenAI",
      baseUrl: "https://api.openai.com/v1",
      queryParams: {},
      headers: { "OpenAI-Organization": "org" },
      requestRetries: 4,
      streamRetries: 5,
      streamIdleMs: 300_000,
      waitMaxMs: 60_000,
      wireApi: "responses",
      supportsCompact: true,
      singleSystemMessage: false,
      pictures: {
        sideMax: 2_048,
        bytesMax: 3_750_000,
        countMax: 100,
        requestBytesMax: 20_000_000,
      },
      auth: { type: "login" },
    },
  );
  const config = configOf('openai_base_url = "http://127.0.0.1:9/v1/"');
  assert.equal(
    providerOf(config, { env: () => undefined }).baseUrl,
    "http://127.0.0.1:9/v1",
  );
});

Deno.test("providerOf() knows the servers on this machine, and sends them no key", () => {
  const ollama = builtIn("ollama");
  assert.equal(ollama.baseUrl, "http://localhost:11434/v1");
  assert.deepEqual(ollama.auth, { type: "none" });
  assert.equal(ollama.supportsCompact, false);
  assert.equal(builtIn("lmstudio").baseUrl, "http://localhost:1234/v1");
  assert.equal(
    builtIn("lmstudio", { CODEX_OSS_PORT: "99" }).baseUrl,
    "http://localhost:99/v1",
  );
  const env = { CODEX_OSS_PORT: "99", CODEX_OSS_BASE_URL: "http://box:1/api/" };
  assert.equal(builtIn("ollama", env).baseUrl, "http://box:1/api");
});

Deno.test("providerOf() reads every field of a provider of one's own", () => {
  const provider = custom(
    `name = "Corp"
base_url = "https://llm.corp/v1?api-version=1"
env_key = "CORP_KEY"
env_key_instructions = "ask Ann"
query_params = { tenant = "x" }
http_headers = { "X-A" = "b" }
env_http_headers = { "X-B" = "B", "X-None" = "NONE" }
request_max_retries = 1000
stream_max_retries = 0
stream_idle_timeout_ms = 5
supports_compact = true
single_system_message = true
image_max_side = 1
image_max_bytes = 2
request_max_images = 3
request_max_bytes = 4
ca_bundle = "/ca.pem"
client_cert = "/c.pem"
client_key = "/k.pem"
proxy = "http://proxy:8080"`,
    { B: " value " },
  );
  assert.deepEqual(provider, {
    id: "p",
    name: "Corp",
    baseUrl: "https://llm.corp/v1",
    queryParams: { "api-version": "1", tenant: "x" },
    headers: { "X-A": "b", "X-B": "value" },
    requestRetries: 100,
    streamRetries: 0,
    streamIdleMs: 5,
    waitMaxMs: 60_000,
    wireApi: "responses",
    supportsCompact: true,
    singleSystemMessage: true,
    pictures: { sideMax: 1, bytesMax: 2, countMax: 3, requestBytesMax: 4 },
    caBundle: "/ca.pem",
    clientCert: "/c.pem",
    clientKey: "/k.pem",
    proxyUrl: "http://proxy:8080",
    auth: { type: "env", name: "CORP_KEY", instructions: "ask Ann" },
  });
});

Deno.test("providerOf() gives chat completions one system text and no compaction endpoint", () => {
  const wire = 'wire_api = "chat"\nbase_url = "http://h/v1/chat/completions"\n';
  for (const more of ["", "supports_compact = true"]) {
    const provider = custom(`${wire}${more}`);
    assert.equal(provider.wireApi, "chat");
    assert.equal(provider.baseUrl, "http://h/v1");
    assert.equal(provider.singleSystemMessage, true);
    assert.equal(provider.supportsCompact, false);
  }
  assert.equal(
    custom(`${wire}single_system_message = false`).singleSystemMessage,
    false,
  );
  assert.equal(builtIn("ollama-chat").wireApi, "chat");
});

Deno.test("providerOf() chooses how to prove who we are", () => {
  const url = 'base_url = "http://h"\n';
  const sources: readonly (readonly [string, unknown])[] = [
    ["", { type: "none" }],
    ["requires_openai_auth = true", { type: "login" }],
    ['experimental_bearer_token = "t"', { type: "bearer", token: "t" }],
    ['env_key = "K"\nexperimental_bearer_token = "t"', {
      type: "env",
      name: "K",
    }],
    ['http_headers = { Authorization = "Bearer abc" }', {
      type: "bearer",
      token: "abc",
    }],
    [
      'auth = { command = "tok", args = ["a"], timeout_ms = 7, cwd = "/x" }',
      {
        type: "command",
        command: "tok",
        args: ["a"],
        timeoutMs: 7,
        refreshMs: 300_000,
        cwd: "/x",
      },
    ],
  ];
  for (const [lines, source] of sources) {
    const provider = custom(url + lines);
    assert.deepEqual(provider.auth, source, lines);
    assert.deepEqual(Object.keys(provider.headers), [], lines);
  }
});

Deno.test("renderAuthSource() says where a key comes from and never what it is", () => {
  assert.equal(
    renderAuthSource({ type: "bearer", token: "sk-1" }),
    "config.toml",
  );
  assert.equal(
    renderAuthSource({ type: "env", name: "K" }),
    "environment variable K",
  );
  assert.equal(renderAuthSource({ type: "none" }), "none needed");
});

Deno.test("providerOf() tidies what people paste as a base URL", () => {
  assert.equal(custom('base_url = "http://h/v1///"').baseUrl, "http://h/v1");
  assert.equal(
    custom('base_url = " http://h/v1/responses "').baseUrl,
    "http://h/v1",
  );
  assert.equal(custom('base_url = "http://h"').baseUrl, "http://h");
  assert.equal(custom("").baseUrl, "https://api.openai.com/v1");
});

Deno.test("providerOf() refuses what cannot work, in a sentence", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      'base_url = "localhost:1234"',
      /its base URL is "localhost:1234", must begin with http/,
    ],
    ['base_url = "ftp://h"', /must begin with http/],
    [
      'base_url = "http://me:pw@h"',
      /its base URL holds a password, must be given by "env_key"/,
    ],
    [
      'http_headers = { "X A" = "b" }',
      /header "X A" or its value has characters/,
    ],
    [
      'http_headers = { "X-A" = "a\\nb" }',
      /header "X-A" or its value has characters/,
    ],
    [
      'http_headers = { authorization = "Basic x" }',
      /must be "Bearer" and a token/,
    ],
    [
      'env_key = "K"\nauth = { command = "x" }',
      /it has both "auth" and "env_key"/,
    ],
  ];
  for (const [lines, message] of cases) {
    assert.throws(() => custom(lines), {
      name: "UserError",
      kind: "config",
      message,
    }, lines);
  }
  assert.ok(
    !errorOf(() => custom('base_url = "http://me:pw1@h"')).includes("pw1"),
  );
  assert.throws(
    () => builtIn("amazon-bedrock"),
    /requests signed for AWS are not supported/,
  );
  assert.throws(
    () => builtIn("toString"),
    /Cannot use provider "toString": it is not defined/,
  );
  assert.throws(
    () => builtIn("nobody"),
    /Cannot use provider "nobody": it is not defined/,
  );
});

Deno.test("providerOf() offers the compact endpoint where it is known to be", () => {
  assert.equal(
    custom('base_url = "https://me.openai.azure.com/openai"').supportsCompact,
    true,
  );
  assert.equal(
    custom('base_url = "https://eu.api.openai.com/v1"').supportsCompact,
    true,
  );
  for (
    const elsewhere of [
      'name = "OpenAI"\nbase_url = "http://h"',
      'base_url = "http://h/x.openai.azure.com/v1"',
      'base_url = "https://notopenai.com/v1"',
    ]
  ) assert.equal(custom(elsewhere).supportsCompact, false, elsewhere);
  assert.equal(custom('base_url = "http://h"').supportsCompact, false);
  const off =
    'base_url = "https://me.openai.azure.com"\nsupports_compact = false';
  assert.equal(custom(off).supportsCompact, false);
});

Deno.test("providerOf() takes our own variable for certificates, not those of all programs", () => {
  const env = { SSL_CERT_FILE: "/ssl.pem", CODEX_CA_CERTIFICATE: "/our.pem" };
  assert.equal(builtIn("openai", env).caBundle, "/our.pem");
  const shared = { SSL_CERT_FILE: "/ssl.pem", NODE_EXTRA_CA_CERTS: "/n.pem" };
  assert.equal(builtIn("openai", shared).caBundle, undefined);
  assert.equal(custom('ca_bundle = "/own.pem"', env).caBundle, "/own.pem");
});

Deno.test("isOpenaiService() tells OpenAI and Azure from others", () => {
  assert.equal(isOpenaiService(builtIn("openai")), true);
  assert.equal(
    isOpenaiService(custom('base_url = "https://api.openai.com/v1"')),
    true,
  );
  assert.equal(
    isOpenaiService(custom('base_url = "https://api.openai.com.evil/v1"')),
    false,
  );
  assert.equal(isOpenaiService(builtIn("ollama")), false);
});

Deno.test("providerIds() lists built-in and own ones", () => {
  const config = configOf(
    "[model_providers.x]\n[model_providers.amazon-bedrock.aws]\n",
  );
  assert.deepEqual(providerIds(config), [
    "openai",
    "amazon-bedrock",
    "ollama",
    "lmstudio",
    "x",
  ]);
  assert.equal(isReservedProvider("openai"), true);
  assert.equal(isReservedProvider("x"), false);
});

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
