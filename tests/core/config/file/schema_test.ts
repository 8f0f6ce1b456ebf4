/** Tests of core/config/file/schema.ts: what a Codex user's file may hold, and the printed schema. */
import assert from "node:assert/strict";
import { asObject, type JsonObject } from "../../../../core/util/json/json.ts";
import { Machine } from "../config_fixture.ts";
import { renderConfigSchema } from "../../../../core/config/file/schema.ts";

const REALISTIC = `
model = "gpt-5.5"
review_model = "gpt-5.5"
model_reasoning_effort = "high"
plan_mode_reasoning_effort = "xhigh"
model_reasoning_summary = "detailed"
model_verbosity = "low"
model_supports_reasoning_summaries = true
model_auto_compact_token_limit = 200000
model_auto_compact_token_limit_scope = "total"
personality = "pragmatic"
service_tier = "flex"
approval_policy = "on-request"
approvals_reviewer = "user"
sandbox_mode = "workspace-write"
allow_login_shell = false
file_opener = "vscode"
hide_agent_reasoning = true
project_doc_max_bytes = 65536
project_doc_fallback_filenames = ["CLAUDE.md", "CONVENTIONS.md"]
project_root_markers = [".git", ".hg"]
tool_output_token_limit = 12000
background_terminal_max_timeout = 600000
web_search = "live"
notify = ["python3", "/home/me/.codex/notify.py"]
check_for_update_on_startup = false
cli_auth_credentials_store = "file"
mcp_oauth_credentials_store = "auto"
suppress_unstable_features_warning = true
commit_attribution = "none"
developer_instructions = """
Prefer small commits.
"""
include_apps_instructions = false
forced_login_method = "api"
profile = "work"
disable_paste_burst = true

[history]
persistence = "save-all"
max_bytes = 10485760

[sandbox_workspace_write]
writable_roots = ["/home/me/.pyenv/shims", "~/cache"]
network_access = true
exclude_tmpdir_env_var = false
exclude_slash_tmp = false

[shell_environment_policy]
inherit = "core"
ignore_default_excludes = false
exclude = ["AWS_*", "AZURE_*"]
set = { CI = "1" }
include_only = ["PATH", "HOME"]
experimental_use_profile = false

[tui]
notifications = ["agent-turn-complete", "approval-requested"]
animations = false
theme = "solarized"
status_line = ["model", "context"]
[tui.model_availability_nux]
gpt-5 = 3

[features]
unified_exec = true
shell_snapshot = false
multi_agent = { enabled = false, max = 3 }

[tools]
web_search = { context_size = "low", allowed_domains = ["example.com"] }
view_image = true
[tools.update_plan]
enabled = true

[model_providers.azure]
name = "Azure"
base_url = "https://me.openai.azure.com/openai"
env_key = "AZURE_OPENAI_API_KEY"
wire_api = "responses"
query_params = { api-version = "2025-04-01-preview" }
request_max_retries = 6
stream_max_retries = 8
stream_idle_timeout_ms = 600000
websocket_connect_timeout_ms = 10000
supports_websockets = false
http_headers = { "X-Team" = "core" }
env_http_headers = { "X-Org" = "ORG" }
requires_openai_auth = false

[model_providers.proxy]
name = "Corp"
base_url = "https://llm.corp.example/v1"
[model_providers.proxy.auth]
command = "corp-token"
args = ["--for", "codex"]
timeout_ms = 3000
refresh_interval_ms = 60000

[model_providers.amazon-bedrock.aws]
profile = "dev"

[mcp_servers.docs]
command = "npx"
args = ["-y", "docs-server"]
env = { API_KEY = "k" }
env_vars = ["GITHUB_TOKEN", { name = "X", source = "local" }]
startup_timeout_sec = 20
tool_timeout_sec = 45.5
enabled_tools = ["search"]
disabled_tools = ["write"]
default_tools_approval_mode = "prompt"
[mcp_servers.docs.tools.search]
approval_mode = "approve"

[mcp_servers.remote]
url = "https://mcp.example/mcp"
bearer_token_env_var = "MCP_TOKEN"
http_headers = { "X-A" = "b" }
scopes = ["read"]
enabled = false
[mcp_servers.remote.oauth]
client_id = "abc"

[[skills.config]]
path = "/home/me/.codex/skills/x/SKILL.md"
enabled = false

[agents]
max_threads = 4
[agents.reviewer]
description = "reviews"
config_file = "reviewer.toml"

[memories]
use_memories = false

[otel]
environment = "dev"
exporter = { otlp-http = { endpoint = "http://localhost:4318" } }

[analytics]
enabled = false
[feedback]
enabled = false

[notice]
hide_full_access_warning = true
[notice.model_migrations]
"gpt-5" = "gpt-5.5"

[apps._default]
enabled = false

[plugins."x@y"]
enabled = true

[[hooks.PreToolUse]]
matcher = "shell"
[[hooks.PreToolUse.hooks]]
type = "command"
command = "./check.sh"
timeout = 30
statusMessage = "checking"

[projects."/home/me/wdir"]
trust_level = "trusted"

[profiles.work]
model_reasoning_effort = "medium"
approval_policy = "never"
[profiles.work.features]
apps = true

[permissions.dev.filesystem]
":minimal" = "read"

[windows]
sandbox = "elevated"
`;

Deno.test("loadConfig() takes a full-grown Codex configuration and says what does nothing", async () => {
  await using machine = await Machine.create();
  await machine.user(REALISTIC);
  const { config, warnings } = await machine.load();
  assert.deepEqual(warnings.slice(1), [
    `Config without effect (${machine.userFile}): features.apps (line 173): there are no apps, plugins or ChatGPT services`,
  ]);
  await assert.rejects(
    machine.load({ flags: { strictConfig: true } }),
    /key "personality" has no effect: there are no modes/,
  );
  assert.ok(
    warnings[0]?.startsWith(`Config without effect (${machine.userFile}): `),
  );
  for (const key of ["personality (line 11)", "tui (line 57)"]) {
    assert.ok(warnings[0]?.includes(key), key);
  }
  assert.equal(config.model_reasoning_effort, "medium");
  assert.equal(config.approval_policy, "never");
  assert.deepEqual(config.sandbox_workspace_write.writable_roots, [
    "/home/me/.pyenv/shims",
    `${machine.home}/cache`,
  ]);
  assert.equal(
    config.mcp_servers["docs"]?.tools["search"]?.approval_mode,
    "approve",
  );
  assert.equal(config.mcp_servers["remote"]?.enabled, false);
  assert.equal(config.hooks.PreToolUse?.[0]?.hooks[0]?.command, "./check.sh");
  assert.equal(config.model_providers["proxy"]?.auth?.timeout_ms, 3000);
});

Deno.test("renderConfigSchema() describes every key, nested ones too", () => {
  const schema = renderConfigSchema();
  const properties = asObject(schema["properties"]) ?? {};
  assert.equal(
    schema["$schema"],
    "https://json-schema.org/draft/2020-12/schema",
  );
  assert.equal(schema["additionalProperties"], false);
  assert.equal(schema["required"], undefined);
  assert.ok(
    Object.keys(properties).length > 90,
    String(Object.keys(properties).length),
  );
  assert.deepEqual(asObject(properties["sandbox_mode"])?.["enum"], [
    "read-only",
    "workspace-write",
    "danger-full-access",
    "external-sandbox",
  ]);
  const sandbox = asObject(properties["sandbox_workspace_write"])
    ?.["properties"] as JsonObject;
  assert.equal(asObject(sandbox["git_commits"])?.["default"], false);
  assert.deepEqual(properties["tui"], {
    description:
      "Accepted, without effect: the terminal is rondo's own and has no such setting",
  });
});

Deno.test("renderConfigSchema() states the defaults", () => {
  const properties = asObject(renderConfigSchema()["properties"]) ?? {};
  assert.equal(asObject(properties["model"])?.["default"], "gpt-5.5");
  assert.equal(asObject(properties["model_provider"])?.["default"], "openai");
  assert.equal(
    asObject(properties["project_doc_max_bytes"])?.["default"],
    32768,
  );
});
