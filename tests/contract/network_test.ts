/** Networks of companies: own authorities, client certificates, proxies, as the program meets them. */
import assert from "node:assert/strict";
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import { say } from "../support/mock_model.ts";
import {
  CA_PEM,
  CLIENT_KEY_PEM,
  CLIENT_PEM,
  EXPIRED_PEM,
  OTHER_NAME_PEM,
  SERVER_KEY_PEM,
  SERVER_PEM,
} from "../support/test_certificates.ts";
import {
  type AgentHome,
  agentHome,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";
import { type MockModel, mockModel } from "../support/mock_model.ts";
import { type CheckedRun, checkRun, FREE, kindOf } from "./support.ts";

interface Door extends AsyncDisposable {
  readonly port: number;
  /** What was asked of a proxy. */
  readonly asked: readonly string[];
}

// Ends TLS and hands the bytes on to the scripted server.
async function tlsDoor(
  model: MockModel,
  options: tls.TlsOptions = {},
): Promise<Door> {
  const server = tls.createServer({
    cert: SERVER_PEM,
    key: SERVER_KEY_PEM,
    ...options,
  }, (socket) => join(socket, portOf(model)));
  server.on("tlsClientError", () => {});
  return await openDoor(server, []);
}

async function proxyDoor(): Promise<Door> {
  const asked: string[] = [];
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (chunk) => {
      const [line = ""] = chunk.toString().split("\r\n");
      asked.push(line);
      const port = Number(/^CONNECT \S+:(\d+) /.exec(line)?.[1] ?? 0);
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      join(socket, port);
    });
  });
  return await openDoor(server, asked);
}

function join(socket: net.Socket, port: number): void {
  const inner = net.connect(port, "127.0.0.1");
  for (const [from, to] of [[socket, inner], [inner, socket]] as const) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
    from.pipe(to);
  }
}

async function openDoor(
  server: net.Server,
  asked: readonly string[],
): Promise<Door> {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => server.close(() => closed())),
  };
}

function portOf(model: MockModel): number {
  return Number(new URL(model.url).port);
}

const PEMS = {
  "ca.pem": CA_PEM,
  "client.pem": CLIENT_PEM,
  "client.key": CLIENT_KEY_PEM,
};

async function exec(
  home: AgentHome,
  url: string,
  options: {
    readonly provider?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<CheckedRun> {
  const config = mockConfig(url, { provider: options.provider ?? "" });
  await Deno.writeTextFile(`${home.codexHome}/config.toml`, config);
  return checkRun(
    await runAgent({
      home,
      args: ["exec", "--json", ...FREE, "go"],
      env: options.env ?? {},
    }),
  );
}

Deno.test("a private authority is trusted by SSL_CERT_FILE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS and ca_bundle", async () => {
  await using model = mockModel({ script: () => say("done") });
  await using door = await tlsDoor(model);
  await using home = await agentHome({ files: PEMS });
  const ca = `${home.work}/ca.pem`;
  const url = `https://localhost:${door.port}/v1`;
  const untrusted = await exec(home, url);
  assert.deepEqual([untrusted.code, kindOf(untrusted)], [5, "unreachable"]);
  assert.match(
    untrusted.stderr,
    /Cannot trust https:\/\/localhost:\d+.*authority this machine does not trust.*SSL_CERT_FILE.*ca_bundle/,
  );
  assert.equal(model.requests.length, 0);
  for (
    const options of [
      { env: { SSL_CERT_FILE: ca } },
      // A list of folders, with other files in them, and one that is not there.
      { env: { SSL_CERT_DIR: `${home.work}/none:${home.work}` } },
      { env: { NODE_EXTRA_CA_CERTS: ca } },
      { provider: `ca_bundle = ${JSON.stringify(ca)}` },
    ]
  ) {
    const run = await exec(home, url, options);
    assert.equal(run.code, 0, run.stderr);
  }
  assert.equal(model.requests.length, 4);
});

Deno.test("a certificate that does not fit is named, without another try", async () => {
  await using model = mockModel();
  await using home = await agentHome({ files: PEMS });
  const env = { SSL_CERT_FILE: `${home.work}/ca.pem` };
  for (
    const [cert, why] of [
      [EXPIRED_PEM, /its certificate has expired/],
      [OTHER_NAME_PEM, /its certificate is for another host name/],
    ] as const
  ) {
    await using door = await tlsDoor(model, { cert });
    const run = await exec(home, `https://localhost:${door.port}/v1`, { env });
    assert.deepEqual([run.code, kindOf(run)], [5, "unreachable"]);
    assert.match(run.stderr, why);
    assert.equal(run.lines.some(({ type }) => type === "stream.retry"), false);
  }
});

Deno.test("a client certificate is shown to the server that wants one", async () => {
  await using model = mockModel({ script: () => say("done") });
  await using home = await agentHome({ files: PEMS });
  await using door = await tlsDoor(model, {
    ca: CA_PEM,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const url = `https://localhost:${door.port}/v1`;
  const ca = `ca_bundle = ${JSON.stringify(`${home.work}/ca.pem`)}`;
  const own = ["client_cert", "client_key"].map((key, at) =>
    `${key} = ${JSON.stringify(`${home.work}/client.${["pem", "key"][at]}`)}`
  );
  const without = await exec(home, url, { provider: ca });
  assert.equal(without.code, 5);
  assert.match(
    without.stderr,
    /requires a client certificate.*client_cert and client_key/,
  );
  const shown = await exec(home, url, { provider: [ca, ...own].join("\n") });
  assert.equal(shown.code, 0, shown.stderr);
  const half = await exec(home, url, { provider: `${ca}\n${own[0]}` });
  assert.equal(half.code, 3);
  assert.match(half.stderr, /client_key/);
});

Deno.test("a proxy stands before other machines, before this one only by the provider's own setting", async () => {
  await using model = mockModel({ script: () => say("done") });
  await using far = await tlsDoor(model, { cert: OTHER_NAME_PEM });
  await using near = await tlsDoor(model);
  await using proxy = await proxyDoor();
  await using home = await agentHome({ files: PEMS });
  const farUrl = `https://other.example:${far.port}/v1`;
  const nearUrl = `https://localhost:${near.port}/v1`;
  const proxyUrl = `http://127.0.0.1:${proxy.port}`;
  const own = `proxy = "${proxyUrl}"`;
  const ca = { SSL_CERT_FILE: `${home.work}/ca.pem` };
  const cases = [
    [farUrl, { HTTPS_PROXY: proxyUrl }, "", 1],
    [farUrl, { https_proxy: proxyUrl }, "", 1],
    [nearUrl, { HTTPS_PROXY: proxyUrl }, "", 0],
    [nearUrl, {}, own, 1],
    [nearUrl, { NO_PROXY: "localhost" }, own, 0],
  ] as const;
  let asked = 0;
  for (const [url, env, provider, count] of cases) {
    const run = await exec(home, url, { env: { ...ca, ...env }, provider });
    assert.equal(run.code, 0, run.stderr);
    asked += count;
    assert.equal(proxy.asked.length, asked, JSON.stringify([url, env]));
  }
  assert.equal(proxy.asked[0], `CONNECT other.example:${far.port} HTTP/1.1`);
});

Deno.test("a file of authorities that is broken is an error where it was set for us alone", async () => {
  await using model = mockModel({ script: () => say("done") });
  await using door = await tlsDoor(model);
  await using home = await agentHome({ files: { ...PEMS, "no.pem": "none" } });
  const url = `https://localhost:${door.port}/v1`;
  const none = `${home.work}/no.pem`;
  const ours = await exec(home, url, {
    provider: `ca_bundle = ${JSON.stringify(none)}`,
  });
  assert.equal(ours.code, 3);
  assert.match(ours.stderr, /no\.pem: no PEM block "CERTIFICATE" in it/);
  const theirs = await exec(home, url, {
    env: { SSL_CERT_FILE: none, NODE_EXTRA_CA_CERTS: `${home.work}/ca.pem` },
  });
  assert.equal(theirs.code, 0, theirs.stderr);
  assert.equal(
    theirs.lines.some((line) =>
      line.type === "warning" && /SSL_CERT_FILE is ignored/.test(line.message)
    ),
    true,
  );
});
