/** Tests of core/config/explain.ts and secrets.ts. */
import assert from "node:assert/strict";
import {
  describePermissions,
  explainConfig,
  renderExplained,
} from "../../../core/config/explain.ts";
import {
  isSecretPath,
  secretNames,
  withoutUrlSecrets,
} from "../../../core/config/secrets.ts";
import { Machine } from "./config_fixture.ts";

Deno.test("explainConfig() shows every value with who set it", async () => {
  await using machine = await Machine.create();
  await machine.user(
    'model = "m"\n[history]\npersistence = "none"\n[projects."/a.b"]\ntrust_level = "trusted"\n',
  );
  const loaded = await machine.load({
    flags: { config: ["web_search=live"], strictCache: true },
  });
  const text = renderExplained(explainConfig(loaded));
  const line = (key: string): string =>
    (text.split("\n").find((one) => one.startsWith(`${key} = `)) ?? "").replace(
      / +# /,
      " # ",
    );
  assert.equal(line("model"), `model = "m" # ${machine.userFile}:1`);
  assert.equal(
    line("history.persistence"),
    `history.persistence = "none" # ${machine.userFile}:3`,
  );
  assert.equal(
    line('projects."/a.b".trust_level'),
    `projects."/a.b".trust_level = "trusted" # ${machine.userFile}:5`,
  );
  assert.equal(line("web_search"), 'web_search = "live" # -c');
  assert.equal(line("strict_cache"), "strict_cache = true # command line");
  assert.equal(line("sandbox_mode"), 'sandbox_mode = "read-only" # default');
  assert.equal(
    line("project_root_markers"),
    'project_root_markers = [".git"] # default',
  );
  assert.equal(line("mcp_servers"), "mcp_servers = {} # default");
});

Deno.test("explainConfig() shows no secret", async () => {
  await using machine = await Machine.create();
  await machine.user(`
notify = ["x", "--token", "kept"]
openai_base_url = "http://me:SECRET1@h/v1?api_key=SECRET2"
[model_providers.p]
base_url = "http://h"
experimental_bearer_token = "SECRET3"
http_headers = { "api-key" = "SECRET4", "X-Team" = "SECRET5" }
query_params = { sub = "SECRET6", "api-version" = "1" }
env_key = "MY_KEY"
[shell_environment_policy.set]
GITHUB_TOKEN = "SECRET7"
CI = "1"
[mcp_servers.s]
command = "x"
env = { PAT = "SECRET8" }
http_headers = { Authorization = "SECRET9" }
[[hooks.Stop]]
hooks = [{ command = "x", env = { api_key = "SECRET0" } }]
`);
  const text = renderExplained(explainConfig(await machine.load()));
  assert.deepEqual(text.match(/SECRET\d/g), null);
  for (
    const kept of ['"MY_KEY"', '"1"', 'CI = "1"', '"kept"', "h/v1?api_key=***"]
  ) {
    assert.ok(text.includes(kept), kept);
  }
});

Deno.test("isSecretPath() knows keys from names of keys", () => {
  const secret = [
    "a.experimental_bearer_token",
    "a.http_headers.x",
    "a.env.ANY",
    "x.set.MY_SECRET",
    "password",
  ];
  const open = [
    "env_key",
    "tool_output_token_limit",
    "limits.max_tokens",
    "p.client_key",
    "x.set.CI",
    "model",
  ];
  for (const path of secret) {
    assert.equal(isSecretPath(["t", ...path.split(".")]), true, path);
  }
  for (const path of open) {
    assert.equal(isSecretPath(["t", ...path.split(".")]), false, path);
  }
});

Deno.test("withoutUrlSecrets() keeps the rest of a URL", () => {
  assert.equal(
    withoutUrlSecrets("https://a:b@h:1/p?x=1&access_token=t&y=2#f"),
    "https://***@h:1/p?x=1&access_token=***&y=2#f",
  );
  assert.equal(
    withoutUrlSecrets("https://h/p?auth=1&db_password=2&pwd=3&page=4"),
    "https://h/p?auth=***&db_password=***&pwd=***&page=4",
  );
  assert.equal(withoutUrlSecrets("plain text"), "plain text");
});

Deno.test("secretNames() lists every variable that holds a key", async () => {
  await using machine = await Machine.create();
  await machine.user(
    '[model_providers.p]\nenv_key = "CORP_KEY"\nenv_http_headers = { X = "CORP_HEADER" }\n[mcp_servers.s]\nurl = "http://h"\nbearer_token_env_var = "MCP_TOKEN"\nenv_http_headers = { Y = "MCP_HEADER" }\n',
  );
  const { config } = await machine.load();
  assert.deepEqual(secretNames(config), [
    "CODEX_ACCESS_TOKEN",
    "CODEX_API_KEY",
    "CORP_HEADER",
    "CORP_KEY",
    "MCP_HEADER",
    "MCP_TOKEN",
    "OPENAI_API_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "RONDO_REQUEST_GATE",
  ]);
});

Deno.test("describePermissions() says what a profile comes to, and who set each entry", async () => {
  await using machine = await Machine.create();
  await machine.user(`default_permissions = "mine"
sandbox_mode = "read-only"
[permissions.base]
extends = ":workspace"
[permissions.base.filesystem.":workspace_roots"]
".env" = "deny"
[permissions.mine]
extends = "base"
[permissions.mine.filesystem]
"/var/data" = "write"`);
  const loaded = await machine.load();
  const file = machine.userFile;
  assert.deepEqual(describePermissions(loaded), [
    `default_permissions = "mine" holds, set by ${file}:1`,
    "entry :root: read, from :workspace",
    "entry :workspace_roots .: write, from :workspace",
    `entry :workspace_roots .env: deny, from ${file}:6`,
    "entry :slash_tmp: write, from :workspace",
    "entry :tmpdir: write, from :workspace",
    `entry /var/data: write, from ${file}:10`,
    "comes to workspace-write, network closed",
    "writable besides the workspace: /var/data",
    "hidden: .env",
  ]);
  const text = renderExplained(explainConfig(loaded));
  assert.match(text, /^sandbox_mode = "read-only" .*, without effect$/m);
});
