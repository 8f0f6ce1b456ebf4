/** Data. For each key of config.toml a value that differs from its default, and what it stands on. */

/** `set` is laid on `base`, and what the program makes of the two must differ. */
export interface KeyRow {
  readonly set: string;
  readonly base?: string;
  /** The run ends with a message that names this. */
  readonly refused?: string;
}

const provider = 'model_provider = "p"\n[model_providers.p]\n' +
  'base_url = "http://127.0.0.1:9/v1"\n';
const auth = `${provider}[model_providers.p.auth]\ncommand = "true"\n`;
const server = '[mcp_servers.s]\ncommand = "true"\n';
const remote = '[mcp_servers.s]\nurl = "http://127.0.0.1:9"\n';
const box = 'sandbox_mode = "workspace-write"\n[sandbox_workspace_write]\n';
const environment = "[shell_environment_policy]\n";
const search = 'web_search = "live"\n[tools.web_search]\n';
const hook = '[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ncommand = "true"\n';
const granular = "[approval_policy.granular]\n" +
  "sandbox_approval = true\nrules = true\nmcp_elicitations = true\n" +
  "skill_approval = true\nrequest_permissions = true\n";
const price = "[prices.p]\ninput = 1\noutput = 1\n";
const profile = 'default_permissions = "p"\n[permissions.p]\n';

function rows(
  prefix: string,
  base: string,
  sets: readonly string[],
): [string, KeyRow][] {
  return sets.map((set) => {
    const [name = ""] = set.split(/[ =]/, 1);
    return [`${prefix}${name}`, { base, set }];
  });
}

// A switch that the base has on.
function off(prefix: string, base: string, names: string): [string, KeyRow][] {
  return names.split(" ").map((name) => [
    `${prefix}.${name}`,
    { base, set: base.replace(`${name} = true`, `${name} = false`) },
  ]);
}

/** By key, `*` for any name. */
export const KEY_ROWS: Readonly<Record<string, KeyRow>> = Object.fromEntries([
  ...rows("", "", [
    'model = "other"',
    'model_provider = "ollama"',
    'fallback = ["ollama/m"]',
    'openai_base_url = "http://127.0.0.1:9/v1"',
    "model_context_window = 20000",
    "model_auto_compact_token_limit = 9000",
    "tool_output_token_limit = 500",
    'model_catalog_json = "catalog.json"',
    'model_reasoning_effort = "low"',
    'model_reasoning_summary = "concise"',
    "model_supports_reasoning_summaries = false",
    'model_verbosity = "high"',
    'service_tier = "flex"',
    'model_instructions_file = "text.md"',
    'experimental_instructions_file = "text.md"',
    'instructions = "Be brief."',
    'developer_instructions = "Be kind."',
    'compact_prompt = "Sum up."',
    'experimental_compact_prompt_file = "text.md"',
    "include_permissions_instructions = false",
    "include_environment_context = false",
    'project_doc_fallback_filenames = ["OTHER.md"]',
    'sandbox_mode = "danger-full-access"',
    'web_search = "live"',
    'notify = ["true"]',
    "strict_cache = true",
    "hide_agent_reasoning = true",
    "show_raw_agent_reasoning = true",
    'default_permissions = ":workspace"',
  ]),
  ...rows("", 'project_doc_fallback_filenames = ["OTHER.md"]', [
    "project_doc_max_bytes = 5",
    'project_root_markers = ["marker"]',
  ]),
  ...rows("model_providers.*.", provider, [
    'name = "Named"',
    'env_key = "OTHER_KEY"',
    'experimental_bearer_token = "t"',
    'query_params = { a = "b" }',
    'http_headers = { a = "b" }',
    'env_http_headers = { a = "PLAIN" }',
    "request_max_retries = 1",
    "stream_max_retries = 1",
    "stream_idle_timeout_ms = 1000",
    "requires_openai_auth = true",
    "send_trace_context = true",
    "supports_compact = true",
    "single_system_message = true",
    "image_max_side = 100",
    "image_max_bytes = 1000",
    "request_max_images = 1",
    "request_max_bytes = 1000",
    "supports_custom_tools = false",
    "supports_parallel_tool_calls = false",
    "supports_reasoning = false",
    "supports_encrypted_reasoning = false",
    "supports_images = false",
    'ca_bundle = "text.md"',
    'proxy = "http://127.0.0.1:8"',
  ]),
  ...rows("model_providers.*.auth.", auth, [
    'args = ["a"]',
    "timeout_ms = 10",
    "refresh_interval_ms = 10",
    'cwd = "/tmp"',
  ]),
  ["model_providers.*.auth.command", { base: provider, set: auth }],
  ["model_providers.*.base_url", {
    base: provider,
    set: provider.replace(":9/", ":8/"),
  }],
  ["model_providers.*.env_key_instructions", {
    base: `${provider}env_key = "NO_KEY"\n`,
    set: 'env_key_instructions = "Ask Ada."',
  }],
  ["model_providers.*.client_cert", {
    base: provider,
    set: 'client_cert = "a.pem"\nclient_key = "a.pem"',
  }],
  ["model_providers.*.client_key", {
    base: `${provider}client_cert = "a.pem"\nclient_key = "a.pem"\n`,
    set: `${provider}client_cert = "a.pem"\nclient_key = "b.pem"`,
  }],
  ...off(
    "approval_policy.granular",
    granular,
    "sandbox_approval rules mcp_elicitations skill_approval request_permissions",
  ),
  ...rows("sandbox_workspace_write.", box, [
    'writable_roots = ["/opt"]',
    "network_access = true",
    "exclude_tmpdir_env_var = true",
    "exclude_slash_tmp = true",
    "git_commits = true",
    "allow_unix_sockets = true",
    "build_caches = true",
    'deny_read = ["/opt/x"]',
  ]),
  ...rows("shell_environment_policy.", environment, [
    'inherit = "none"',
    "ignore_default_excludes = false",
    'exclude = ["PLAIN"]',
    'set = { NEW = "1" }',
    'include_only = ["PLAIN"]',
  ]),
  ...rows("tools.web_search.", search, [
    'allowed_domains = ["example.com"]',
    'context_size = "low"',
    'location = { country = "DE" }',
  ]),
  ...rows("tools.", "[tools]\n", [
    "view_image.enabled = false",
    "update_plan.enabled = false",
  ]),
  ...rows("features.", `${hook}[features]\n`, [
    "codex_hooks.enabled = false",
    "hooks.enabled = false",
    "shell_tool.enabled = false",
    "view_image.enabled = false",
    "web_search_request.enabled = true",
  ]),
  ["features.web_search_cached.enabled", {
    base: provider,
    set: "[features]\nweb_search_cached.enabled = true",
  }],
  ["projects.*.trust_level", {
    set: '[projects."CWD"]\ntrust_level = "trusted"',
  }],
  ...rows("mcp_servers.*.", server, [
    'args = ["a"]',
    'env = { A = "b" }',
    'cwd = "/tmp"',
    "enabled = false",
    "required = true",
    "startup_timeout_sec = 1",
    "startup_timeout_ms = 900",
    "tool_timeout_sec = 1",
    'enabled_tools = ["a"]',
    'disabled_tools = ["a"]',
    'default_tools_approval_mode = "approve"',
    "supports_parallel_tool_calls = true",
    "roots = true",
  ]),
  ...rows("mcp_servers.*.", remote, [
    'bearer_token_env_var = "T"',
    'http_headers = { a = "b" }',
    'env_http_headers = { a = "PATH" }',
    'oauth.client_id = "me"',
    'oauth.token_endpoint_auth_method = "client_secret_post"',
    "oauth.callback_port = 8123",
    'oauth.callback_url = "http://127.0.0.1/back"',
    'oauth_resource = "http://127.0.0.1:9/r"',
    'scopes = ["a"]',
  ]),
  ["mcp_servers.*.command", {
    base: server,
    set: server.replace("true", "false"),
  }],
  ["mcp_servers.*.url", { base: remote, set: remote.replace(":9", ":8") }],
  ["mcp_servers.*.env_vars.*.name", {
    base: server,
    set: 'env_vars = [{ name = "PLAIN" }]',
  }],
  ["mcp_servers.*.tools.*.approval_mode", {
    base: server,
    set: '[mcp_servers.s.tools.t]\napproval_mode = "approve"',
  }],
  ["skills.config.*.path", {
    set: '[[skills.config]]\npath = "HOME/.codex/skills/one"\nenabled = false',
  }],
  ["skills.config.*.name", {
    set: '[[skills.config]]\nname = "one"\nenabled = false',
  }],
  ["skills.config.*.enabled", {
    base: '[[skills.config]]\nname = "one"\n',
    set: "enabled = false",
  }],
  ["hooks.state.*.enabled", {
    base: hook,
    set: '[hooks.state."HOME/.codex/config.toml:stop:0:0"]\nenabled = false',
  }],
  ["hooks.EVENT.*.matcher", {
    base: hook,
    set: hook.replace("]]\n", ']]\nmatcher = "x"\n'),
  }],
  ["hooks.EVENT.*.hooks.*.type", { base: hook, set: 'type = "prompt"' }],
  ["hooks.EVENT.*.hooks.*.command", {
    base: hook,
    set: hook.replace("true", "false"),
  }],
  ["hooks.EVENT.*.hooks.*.timeout", { base: hook, set: "timeout = 3" }],
  ...rows("limits.", "[limits]\n", [
    "max_requests = 1",
    "max_tokens = 1",
    "max_tool_calls = 1",
    'timeout = "5s"',
    'max_wait = "2h"',
    "max_steps = 7",
    "max_failing_rounds = 7",
    "max_same_rounds = 7",
    "tell_failing_rounds = 7",
    "tell_same_rounds = 7",
  ]),
  ["limits.max_cost", {
    base: `model = "p"\n${price}`,
    set: "[limits]\nmax_cost = 1",
  }],
  ["prices.*.input", {
    base: `model = "p"\n${price}`,
    set: `model = "p"\n${price.replace("input = 1", "input = 2")}`,
  }],
  ["prices.*.output", {
    base: `model = "p"\n${price}`,
    set: `model = "p"\n${price.replace("output = 1", "output = 2")}`,
  }],
  ["prices.*.cached_input", {
    base: `model = "p"\n${price}`,
    set: "cached_input = 0.5",
  }],
  ...rows("permissions.*.", profile, [
    'extends = ":workspace"',
    'filesystem = { "/opt/x" = "deny" }',
    "network.enabled = true",
  ]),
  ...['mode = "limited"', 'domains = { "a.b" = "allow" }', "mitm = true"].map((
    set,
  ): [string, KeyRow] => {
    const name = set.split(" ", 1)[0];
    return [`permissions.*.network.${name}`, {
      base: `${profile}[permissions.p.network]\nenabled = true\n`,
      set,
      refused: `network.${name}`,
    }];
  }),
  ["model_providers.*.wire_api", {
    base: provider,
    set: 'wire_api = "chat"',
    refused: "chat",
  }],
  ["permissions.*.workspace_roots", {
    base: `${profile}extends = ":workspace"\n`,
    set: 'workspace_roots = { "/opt" = true }',
  }],
  ["profile", {
    base: '[profiles.q]\nmodel = "other"\n',
    set: 'profile = "q"\n[profiles.q]\nmodel = "other"',
  }],
  ["profiles", {
    base: 'profile = "q"\n[profiles.q]\nmodel = "other"\n',
    set: 'profile = "q"\n[profiles.q]\nmodel = "another"',
  }],
]);

const MCP_LOGIN = [
  "e2e/mcp_test.ts",
  "mcp login goes through a browser, and the token works until mcp logout",
] as const;
const HISTORY = [
  "core/app/repl/services_test.ts",
  "history is kept beside the configuration, as large as configured, or not at all",
] as const;
const STORES = [
  "contract/key_walk_test.ts",
  "a login is stored in a file, or not at all",
] as const;

/** Keys whose effect is a run of its own: where it is seen, as FILE and name of the test. */
export const SEEN_ELSEWHERE: Readonly<
  Record<string, readonly [file: string, test: string]>
> = {
  "oss_provider": [
    "contract/config_keys_test.ts",
    "oss_provider is the provider of --oss",
  ],
  "review_model": [
    "contract/config_keys_test.ts",
    "review_model reviews, and --model has the last word",
  ],
  "mcp_oauth_callback_port": MCP_LOGIN,
  "mcp_oauth_callback_url": MCP_LOGIN,
  "history.persistence": HISTORY,
  "history.max_bytes": HISTORY,
  "cli_auth_credentials_store": STORES,
  "mcp_oauth_credentials_store": STORES,
  "allow_login_shell": [
    "contract/config_keys_test.ts",
    "bash -lc is a login where allow_login_shell asks for it, and the person's own variables otherwise",
  ],
};
