/** TLS and proxies as companies have them: real servers, real certificates, a real proxy. */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { denoHost } from "../../../core/host/host.ts";
import {
  connectionProbe,
  openHttpClient,
} from "../../../core/host/http_client.ts";
import { createModelClient } from "../../../core/model/client.ts";
import { ModelError, UserError } from "../../../core/protocol/error.ts";
import type { ProviderEndpoint } from "../../../core/protocol/provider.ts";
import {
  CA_PEM,
  CLIENT_KEY_PEM,
  CLIENT_PEM,
  EXPIRED_PEM,
  OTHER_NAME_PEM,
  SERVER_KEY_PEM,
  SERVER_PEM,
} from "../../support/test_certificates.ts";
import { testEndpoint, testTransport } from "../../support/settings.ts";

const ANSWER = 'data: {"type":"response.completed","response":{"id":"r"}}\n\n';

interface PemFolder extends AsyncDisposable {
  readonly path: (name: string) => string;
}

async function pemFolder(): Promise<PemFolder> {
  const folder = await Deno.makeTempDir();
  const files = {
    "ca.pem": CA_PEM,
    "client.pem": CLIENT_PEM,
    "client.key": CLIENT_KEY_PEM,
    "no.pem": "no certificate in here",
    "broken.pem":
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  return {
    path: (name) => `${folder}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function hostWith(env: Readonly<Record<string, string>> = {}): ReturnType<
  typeof denoHost
> {
  return { ...denoHost(), env: (name) => env[name] };
}

function httpsServer(cert: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert,
    key: SERVER_KEY_PEM,
    onListen: () => {},
    // A client that does not trust us ends the handshake: no news here.
    onError: () => new Response(null, { status: 500 }),
  }, () => new Response(ANSWER));
}

/** The events the provider answers with, through a client made for it. */
async function ask(
  provider: ProviderEndpoint,
  env: Readonly<Record<string, string>> = {},
): Promise<{ types: string[]; retries: number }> {
  const host = hostWith(env);
  const { client } = await openHttpClient(host, provider);
  const types: string[] = [];
  let retries = 0;
  try {
    const model = createModelClient({
      ...testTransport(host, provider),
      httpClient: client,
    });
    const events = model.stream({
      body: "{}",
      threadId: "t",
      signal: new AbortController().signal,
      onRetry: () => retries++,
    });
    for await (const batch of events) {
      types.push(...batch.map((event) => event.type));
    }
    return { types, retries };
  } finally {
    client?.close();
  }
}

Deno.test("openHttpClient() makes none when nothing is set", async () => {
  const made = await openHttpClient(hostWith(), testEndpoint("http://x"));
  assert.deepEqual(made, { client: undefined, warnings: [] });
});

Deno.test("a private authority is trusted from each of the three places, and only then", async () => {
  await using pem = await pemFolder();
  await using server = httpsServer(SERVER_PEM);
  const url = `https://127.0.0.1:${server.addr.port}/v1`;
  const ca = pem.path("ca.pem");
  const ways = [
    ask(testEndpoint(url, { caBundle: ca })),
    ask(testEndpoint(url), { SSL_CERT_FILE: ca }),
    ask(testEndpoint(url), { NODE_EXTRA_CA_CERTS: ca }),
  ];
  for (const way of ways) {
    assert.deepEqual((await way).types, ["opened", "completed"]);
  }
  await assert.rejects(ask(testEndpoint(url)), (error: ModelError) => {
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, /^Cannot trust https:\/\/127\.0\.0\.1/);
    assert.match(error.message, /SSL_CERT_FILE.*ca_bundle.*UnknownIssuer/);
    return true;
  });
});

Deno.test("a wrong certificate is named at once, without another try", async () => {
  await using pem = await pemFolder();
  const cases = [
    [EXPIRED_PEM, /has expired/],
    [OTHER_NAME_PEM, /another host name/],
  ] as const;
  for (const [cert, expected] of cases) {
    await using server = httpsServer(cert);
    const url = `https://127.0.0.1:${server.addr.port}/v1`;
    const provider = testEndpoint(url, { caBundle: pem.path("ca.pem") });
    await assert.rejects(ask(provider), (error: ModelError) => {
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /gave up after/);
      return true;
    });
  }
});

Deno.test("a server that wants a client certificate gets it, and is explained without", async () => {
  await using pem = await pemFolder();
  const server = tls.createServer({
    cert: SERVER_PEM,
    key: SERVER_KEY_PEM,
    ca: CA_PEM,
    requestCert: true,
    rejectUnauthorized: true,
  }, (socket) => {
    socket.on("error", () => {});
    socket.end(
      `HTTP/1.1 200 OK\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`,
    );
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  try {
    const { port } = server.address() as AddressInfo;
    const plain = testEndpoint(`https://127.0.0.1:${port}/v1`, {
      caBundle: pem.path("ca.pem"),
    });
    const shown = {
      ...plain,
      clientCert: pem.path("client.pem"),
      clientKey: pem.path("client.key"),
    };
    assert.deepEqual((await ask(shown)).types, ["opened", "completed"]);
    await assert.rejects(ask(plain), /requires a client certificate/);
  } finally {
    server.close();
  }
});

Deno.test("openHttpClient() refuses what the provider's settings name in vain", async () => {
  await using pem = await pemFolder();
  const cases: readonly [Partial<ProviderEndpoint>, RegExp][] = [
    [{ caBundle: pem.path("none.pem") }, /none\.pem: No such file/],
    [{ caBundle: pem.path("no.pem") }, /no\.pem: no PEM block/],
    [{ caBundle: pem.path("broken.pem") }, /certificates or the proxy of Mock/],
    [{ clientCert: pem.path("client.pem") }, /must both be set/],
    [{ clientKey: pem.path("client.key") }, /must both be set/],
    [
      { clientCert: pem.path("client.pem"), clientKey: pem.path("ca.pem") },
      /"PRIVATE KEY"/,
    ],
  ];
  for (const [settings, expected] of cases) {
    await assert.rejects(
      openHttpClient(hostWith(), testEndpoint("https://x", settings)),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.kind, "config");
        assert.match(error.message, expected);
        return true;
      },
    );
  }
});

Deno.test("openHttpClient() only warns of variables that point nowhere", async () => {
  await using pem = await pemFolder();
  const { client, warnings } = await openHttpClient(
    hostWith({
      SSL_CERT_FILE: pem.path("none.pem"),
      NODE_EXTRA_CA_CERTS: pem.path("no.pem"),
    }),
    testEndpoint("https://x"),
  );
  assert.equal(client, undefined);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? "", /^SSL_CERT_FILE is ignored: .*none\.pem/);
});

/** A proxy that notes the first line of each request and forwards tunnels. */
async function noteProxy(
  listener: Deno.TcpListener,
  target: number,
  lines: string[],
): Promise<void> {
  for await (const client of listener) {
    const buffer = new Uint8Array(4_096);
    const count = await client.read(buffer) ?? 0;
    const line = new TextDecoder().decode(buffer.subarray(0, count))
      .split("\r\n")[0] ?? "";
    lines.push(line);
    const reply = (text: string): Promise<number> =>
      client.write(new TextEncoder().encode(`HTTP/1.1 200 OK\r\n${text}`));
    if (!line.startsWith("CONNECT")) {
      await reply(`content-length: ${ANSWER.length}\r\n\r\n${ANSWER}`);
      client.close();
      continue;
    }
    const server = await Deno.connect({ hostname: "127.0.0.1", port: target });
    await reply("\r\n");
    void client.readable.pipeTo(server.writable).catch(() => {});
    void server.readable.pipeTo(client.writable).catch(() => {});
  }
}

Deno.test("proxies of the environment and of the provider are used, NO_PROXY is kept", async () => {
  await using pem = await pemFolder();
  await using server = httpsServer(SERVER_PEM);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const lines: string[] = [];
  const proxying = noteProxy(listener, server.addr.port, lines);
  proxying.catch(() => {});
  const proxy = `http://127.0.0.1:${listener.addr.port}`;
  const secure = `https://localhost:${server.addr.port}/v1`;
  const cases: readonly [Record<string, string>, string, string | null][] = [
    [{ HTTPS_PROXY: proxy }, secure, "CONNECT localhost"],
    [{ https_proxy: proxy }, secure, "CONNECT localhost"],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "localhost" }, secure, null],
    [{ HTTP_PROXY: proxy }, "http://model.invalid/v1", "POST http://model"],
    [{ PROVIDER: proxy }, "http://model.invalid/v1", "POST http://model"],
    // For one known server we decide: this machine is never behind a proxy.
    [{ HTTPS_PROXY: proxy, BASE_URL: secure }, secure, null],
    [{ ALL_PROXY: proxy, BASE_URL: secure }, secure, null],
    [
      { http_proxy: proxy, BASE_URL: "http://model.invalid/v1" },
      "http://model.invalid/v1",
      "POST http://model",
    ],
  ];
  for (const [env, url, expected] of cases) {
    lines.length = 0;
    const said = await askFromChild(url, env, pem.path("ca.pem"));
    assert.equal(said, "200", JSON.stringify(env));
    assert.equal(lines.length, expected === null ? 0 : 1, JSON.stringify(env));
    assert.ok((lines[0] ?? "").startsWith(expected ?? ""), lines[0]);
  }
});

// Of its own process, since the runtime reads the proxies from the real environment.
async function askFromChild(
  url: string,
  env: Readonly<Record<string, string>>,
  ca: string,
): Promise<string> {
  const root = decodeURIComponent(
    new URL("../../../", import.meta.url).pathname,
  );
  const code = `
    import { denoHost } from "${root}core/host/host.ts";
    import { connectionProbe, openHttpClient } from "${root}core/host/http_client.ts";
    const { client } = await openHttpClient(denoHost(), {
      name: "Mock", caBundle: ${JSON.stringify(ca)},
      proxyUrl: Deno.env.get("PROVIDER"),
      baseUrl: Deno.env.get("BASE_URL"),
    });
    const answer = await fetch(${
    JSON.stringify(url)
  }, { method: "POST", client });
    await answer.body?.cancel();
    console.log(answer.status);
    Deno.exit(0);`;
  const { PATH, HOME, DENO_DIR } = Deno.env.toObject();
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=ts", `--config=${root}deno.json`, code],
    clearEnv: true,
    env: {
      PATH: PATH ?? "",
      DENO_DIR: DENO_DIR ?? `${HOME}/.cache/deno`,
      ...env,
    },
  }).output();
  const decode = (bytes: Uint8Array): string =>
    new TextDecoder().decode(bytes).trim();
  return decode(stdout) || decode(stderr);
}

Deno.test("connectionProbe() tells an address that answers from one that is silent", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = `http://127.0.0.1:${listener.addr.port}/v1`;
  const probe = connectionProbe(hostWith(), {});
  assert.equal(await probe?.(open), true);
  const refusing = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  refusing.close();
  assert.equal(
    await probe?.(`https://127.0.0.1:${refusing.addr.port}/v1`),
    true,
  );
  const asked: Deno.ConnectOptions[] = [];
  const silent = connectionProbe(
    { ...hostWith(), sleep: () => Promise.resolve() },
    {},
    (options) => {
      asked.push(options);
      return new Promise(() => {});
    },
  );
  assert.equal(await silent?.("https://api.example.com/v1"), false);
  assert.equal(await silent?.("http://[::1]/v1"), false);
  assert.deepEqual(asked, [
    { hostname: "api.example.com", port: 443 },
    { hostname: "::1", port: 80 },
  ]);
});

Deno.test("connectionProbe() looks at nothing where a proxy connects", () => {
  const proxied = [{ HTTPS_PROXY: "x" }, { https_proxy: "x" }, {
    ALL_PROXY: "x",
  }];
  for (const env of proxied) {
    assert.equal(connectionProbe(hostWith(env), {}), undefined);
  }
  assert.equal(
    connectionProbe(hostWith(), { proxyUrl: "http://p" }),
    undefined,
  );
});
