/** What a table of `[mcp_servers]` means, and what of our environment a server gets. */
import assert from "node:assert/strict";
import { configOf } from "../../../support/config.ts";
import { LIMITS } from "../../../../core/protocol/limits.ts";
import {
  isToolEnabled,
  type McpServerSpec,
  parseMcpServer,
} from "../../../../tools/mcp/client/server_config.ts";
import {
  buildServerEnv,
  buildServerHeaders,
} from "../../../../tools/mcp/client/env.ts";

function parse(table: Record<string, unknown>): McpServerSpec {
  const config = configOf({ mcp_servers: { s: table } });
  const server = config.mcp_servers["s"];
  assert.ok(server !== undefined);
  return parseMcpServer("s", server, {
    source: "config.toml",
    isOwn: true,
  });
}

Deno.test("parseMcpServer() fills in what a short table leaves out", () => {
  assert.deepEqual(parse({ command: "srv" }), {
    name: "s",
    source: "config.toml",
    isOwn: true,
    transport: {
      type: "stdio",
      command: "srv",
      args: [],
      env: {},
      envVars: [],
    },
    enabled: true,
    required: false,
    startupMs: LIMITS.mcpStartupMs,
    toolMs: LIMITS.mcpToolMs,
    enabledTools: undefined,
    disabledTools: [],
    approval: { fallback: "auto", tools: {} },
    parallel: false,
    roots: false,
  });
});

Deno.test("parseMcpServer() takes every key of a program", () => {
  const spec = parse({
    command: "srv",
    args: ["-v"],
    env: { A: "1" },
    env_vars: ["B", { name: "C", source: "x" }],
    cwd: "/srv",
    enabled: false,
    required: true,
    startup_timeout_sec: 1.5,
    tool_timeout_sec: 7,
    enabled_tools: ["a"],
    disabled_tools: ["b"],
    default_tools_approval_mode: "prompt",
    tools: { a: { approval_mode: "approve" }, b: {} },
    supports_parallel_tool_calls: true,
    roots: true,
  });
  assert.deepEqual(spec, {
    name: "s",
    source: "config.toml",
    isOwn: true,
    transport: {
      type: "stdio",
      command: "srv",
      args: ["-v"],
      env: { A: "1" },
      envVars: ["B", "C"],
      cwd: "/srv",
    },
    enabled: false,
    required: true,
    startupMs: 1_500,
    toolMs: 7_000,
    enabledTools: ["a"],
    disabledTools: ["b"],
    approval: { fallback: "prompt", tools: { a: "approve" } },
    parallel: true,
    roots: true,
  });
});

Deno.test("parseMcpServer() takes every key of a server behind a URL", () => {
  const { transport, startupMs } = parse({
    url: "https://x/mcp",
    bearer_token_env_var: "T",
    http_headers: { A: "1" },
    env_http_headers: { B: "V" },
    scopes: ["read"],
    oauth: { client_id: "me" },
    oauth_resource: "https://x",
    startup_timeout_ms: 250,
  });
  assert.equal(startupMs, 250);
  assert.deepEqual(transport, {
    type: "http",
    url: "https://x/mcp",
    headers: { A: "1" },
    envHeaders: { B: "V" },
    bearerTokenEnvVar: "T",
    clientId: "me",
    scopes: ["read"],
    resource: "https://x",
  });
});

Deno.test("isToolEnabled() lets in what is on the list and not on the other", () => {
  const lists = { enabledTools: ["a", "b"], disabledTools: ["b", "c"] };
  assert.deepEqual(
    ["a", "b", "c", "d"].map((tool) => isToolEnabled(lists, tool)),
    [true, false, false, false],
  );
  const open = { enabledTools: undefined, disabledTools: ["c"] };
  assert.equal(isToolEnabled(open, "a"), true);
  assert.equal(isToolEnabled(open, "c"), false);
});

Deno.test("buildServerEnv() hands on a few variables, those that are named, and the configured", () => {
  const ours: Record<string, string> = {
    PATH: "/bin",
    HOME: "/home/x",
    LANG: "C",
    OPENAI_API_KEY: "sk-1",
    HTTPS_PROXY: "http://user:pw@proxy",
    WANTED: "yes",
    SSL_CERT_FILE: "/ca.pem",
  };
  const env = buildServerEnv(
    { env: { LANG: "de", OWN: "1" }, envVars: ["WANTED", "MISSING"] },
    (name) => ours[name],
  );
  assert.deepEqual(env, {
    PATH: "/bin",
    HOME: "/home/x",
    LANG: "de",
    SSL_CERT_FILE: "/ca.pem",
    WANTED: "yes",
    OWN: "1",
  });
});

Deno.test("buildServerHeaders() reads tokens from the environment and says what is missing", () => {
  const ours: Record<string, string> = { T: " tok ", V: "v", EMPTY: "" };
  const build = (
    spec: Parameters<typeof buildServerHeaders>[0],
  ): unknown => buildServerHeaders(spec, (name) => ours[name]);
  assert.deepEqual(
    build({
      headers: { A: "1" },
      envHeaders: { B: "V" },
      bearerTokenEnvVar: "T",
    }),
    { headers: { A: "1", B: "v", Authorization: "Bearer tok" }, missing: [] },
  );
  assert.deepEqual(
    build({ headers: {}, envHeaders: { B: "NO" }, bearerTokenEnvVar: "EMPTY" }),
    { headers: {}, missing: ["NO", "EMPTY"] },
  );
});
