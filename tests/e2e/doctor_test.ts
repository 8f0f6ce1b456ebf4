/** doctor with the real program: what it says of good and bad machines. */
import assert from "node:assert/strict";
import { asObject, type JsonObject } from "../../core/util/json/json.ts";
import { mockModel, refusingUrl } from "../support/mock_model.ts";
import {
  type AgentHome,
  agentHome,
  isCompiled,
  mockConfig,
  runAgent,
} from "../support/run_agent.ts";

interface Report {
  readonly code: number;
  readonly report: JsonObject;
  check(name: string): JsonObject;
}

async function doctor(
  home: AgentHome,
  options: {
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string | undefined>>;
  } = {},
): Promise<Report> {
  const run = await runAgent({
    home,
    args: ["doctor", "--json", ...options.args ?? []],
    ...(options.env !== undefined && { env: options.env }),
  });
  const report = JSON.parse(run.stdout) as JsonObject;
  return {
    code: run.code,
    report,
    check: (name) => {
      const checks = report["checks"] as readonly JsonObject[];
      const found = checks.find((one) => one["name"] === name);
      assert.ok(found, `no check ${name} in ${run.stdout}`);
      return found;
    },
  };
}

Deno.test("doctor says what a turn would run with, and ends with 0", async () => {
  await using model = mockModel();
  await using home = await agentHome({ config: mockConfig(model.url) });
  // Without a sandbox the test holds on every machine.
  const args = ["-c", 'sandbox_mode="danger-full-access"'];
  const { code, report, check } = await doctor(home, { args });
  assert.equal(code, 0, JSON.stringify(report));
  assert.equal(report["ok"], true);
  assert.equal(check("credentials")["source"], "env");
  assert.equal(check("home")["writable"], true);
  const provider = check("provider");
  assert.equal(provider["tried"], `HEAD ${model.url}`);
  assert.equal(provider["status"], "ok");
  assert.equal(provider["http_status"], 404);
  assert.deepEqual(model.requests.map(({ method, path }) => [method, path]), [
    ["HEAD", "/v1"],
  ]);
  assert.equal(model.request(0).headers.get("authorization"), null);
  const layers = check("configuration")["layers"] as readonly JsonObject[];
  assert.ok(
    layers.some(({ kind, file }) =>
      kind === "user" && file === `${home.codexHome}/config.toml`
    ),
  );
  const roles = asObject(check("permissions")["roles"]);
  assert.deepEqual(roles?.["apply-patch"], ["read", "write"]);
  if (isCompiled()) {
    const agent = ["read", "write", "net", "env", "run", "sys"];
    assert.deepEqual(roles?.["agent"], agent);
  }
});

Deno.test("doctor tries every back end, and says of each that holds what it holds", async () => {
  await using model = mockModel();
  await using home = await agentHome({ config: mockConfig(model.url) });
  const { check, code } = await doctor(home, {
    args: ["-c", 'sandbox_mode="read-only"'],
  });
  const sandbox = check("sandbox");
  const attempts = sandbox["rungs"] as readonly JsonObject[];
  assert.ok(attempts.length > 0);
  for (const attempt of attempts) {
    const enforces = attempt["enforces"] as readonly string[];
    assert.equal(attempt["holds"], enforces.includes("fs_write"));
    assert.equal(attempt["holds"], attempt["detail"] === "");
  }
  const held = attempts.find((attempt) => attempt["holds"]);
  assert.equal(sandbox["chosen"], held?.["name"] ?? "none");
  assert.equal(code, held === undefined ? 8 : 0);
});

Deno.test("doctor ends with the exit code of what is missing", async () => {
  await using model = mockModel();
  await using home = await agentHome({ config: mockConfig(model.url) });
  const noKey = await doctor(home, { env: { MOCK_KEY: undefined } });
  assert.equal(noKey.code, 4);
  assert.equal(noKey.check("credentials")["status"], "failed");

  const args = ["-c", `model_providers.mock.base_url="${refusingUrl()}"`];
  const away = await doctor(home, { args });
  assert.equal(away.code, 5);
  assert.match(String(away.check("provider")["problem"]), /Cannot reach http:/);

  const broken = await doctor(home, { args: ["-c", "model=3"] });
  assert.equal(broken.code, 3);
  assert.match(
    String(broken.check("configuration")["problem"]),
    /"model" is 3/,
  );

  // The key is missed before the network is.
  const both = await doctor(home, { args, env: { MOCK_KEY: undefined } });
  assert.equal(both.code, 4);
});

Deno.test("doctor shows no password of a proxy, and names files of authorities that cannot be read", async () => {
  await using model = mockModel();
  await using home = await agentHome({ config: mockConfig(model.url) });
  const run = await runAgent({
    home,
    args: ["doctor"],
    env: {
      HTTPS_PROXY: "http://me:hunter2@proxy.example:3128",
      SSL_CERT_FILE: `${home.root}/missing.pem`,
    },
  });
  assert.match(
    run.stdout,
    /proxy HTTPS_PROXY: http:\/\/\*\*\*@proxy\.example:3128/,
  );
  assert.doesNotMatch(run.stdout, /hunter2/);
  assert.match(
    run.stdout,
    /SSL_CERT_FILE is ignored: Cannot read .*missing\.pem/,
  );
  assert.match(run.stdout, /^credentials {4}ok {7}Mock: key from/m);
});

Deno.test("doctor says that an absent home can be made, and when it cannot", async () => {
  await using home = await agentHome();
  const env = { CODEX_HOME: undefined };
  const away = { ...env, HOME: `${home.root}/not/there` };
  const absent = (await doctor(home, { env: away })).check("home");
  assert.equal(absent["status"], "ok");
  assert.match(String(absent["summary"]), /created by the first session/);
  await assert.rejects(Deno.stat(`${home.root}/not`));

  await Deno.writeTextFile(`${home.root}/file`, "");
  const under = { ...env, HOME: `${home.root}/file` };
  const below = (await doctor(home, { env: under })).check("home");
  assert.equal(below["status"], "warning");
  assert.equal(below["writable"], false);
});

Deno.test("--version --verbose and doctor name the runtime and its hash", async () => {
  await using home = await agentHome();
  const said = await runAgent({ home, args: ["--version", "--verbose"] });
  const sha256 = /sha256 of the (?:runtime|executable) ([0-9a-f]{64})\n/
    .exec(said.stdout)?.[1];
  assert.ok(sha256, said.stdout);
  const { stdout } = await runAgent({ home, args: ["doctor", "--json"] });
  assert.equal(JSON.parse(stdout).runtime.sha256, sha256);
  const plain = await runAgent({ home, args: ["--version"] });
  assert.doesNotMatch(plain.stdout, /sha256/);
});

/** A machine without some programs, whose home is on a disk that is full. */
const POOR = [
  ...["/usr/bin/unshare", "-mn", "/bin/sh", "-c"],
  'mount -t tmpfs -o size=4k none "$CODEX_HOME" && for p in git bash bwrap; do for f in /usr/bin /bin; do [ ! -f $f/$p ] || mount --bind /dev/null $f/$p; done; done; exec "$@"',
  "sh",
];

Deno.test("doctor names programs that are missing and a disk that is full", {
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
}, async () => {
  await using home = await agentHome();
  const run = async (...args: string[]) =>
    await runAgent({ home, args: ["doctor", ...args], under: POOR });
  const report = JSON.parse((await run("--json")).stdout);
  const found = Object.fromEntries(
    report.checks.map((one: JsonObject) => [one["name"], one["summary"]]),
  );
  assert.equal(found["programs"], "missing: bash, git");
  assert.equal(found["home"], `${home.codexHome}: the disk is full`);
  assert.equal(found["temporary"], `${home.temp} is writable`);
  const { stdout } = await run();
  const remedies = ["install git", "install bash", "make room, or set"]
    .concat("export OPENAI_API_KEY=", "a network or HTTPS_PROXY");
  for (const text of remedies) {
    assert.equal(stdout.split(text).length, 2, `${text} in ${stdout}`);
  }
  assert.equal(stdout.split("apt-get install bubblewrap").length, 2, stdout);
});
