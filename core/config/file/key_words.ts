/** Data. What each key of config.toml means whose schema has no words of its own. */

/** By the key's path; `*` stands for any name or number. */
const WORDS: Readonly<Record<string, string>> = {
  "model": "The model that is asked",
  "model_provider": "The table of [model_providers] in use, or a built-in one",
  "model_providers.*.name": "What it is called in messages",
  "model_providers.*.base_url": "Where its API begins, up to /v1",
  "model_providers.*.env_key_instructions":
    "Said when the variable of env_key is not set",
  "model_providers.*.experimental_bearer_token":
    "The key itself; a file that others read is no place for it",
  "model_providers.*.auth.command": "A program that prints the key",
  "model_providers.*.auth.args": "Its arguments",
  "model_providers.*.auth.timeout_ms": "How long it may take",
  "model_providers.*.auth.refresh_interval_ms":
    "After how long it is asked again",
  "model_providers.*.auth.cwd": "Where it runs",
  "model_providers.*.query_params": "Added to the URL of each request",
  "model_providers.*.http_headers": "Sent with each request",
  "model_providers.*.request_max_retries":
    "How often a request that got no answer is sent again",
  "model_providers.*.stream_max_retries":
    "How often a request whose answer broke off is sent again",
  "model_providers.*.stream_idle_timeout_ms":
    "How long an answer may pause before it counts as broken off",
  "model_providers.*.requires_openai_auth": "Takes the stored OpenAI key",
  "model_providers.*.client_cert": "PEM file that the client shows itself with",
  "model_providers.*.client_key": "PEM file with the key of client_cert",
  "openai_base_url": "Address of the built-in provider openai",
  "oss_provider": "What --oss means",
  "model_context_window": "Tokens that the model takes",
  "model_auto_compact_token_limit":
    "Tokens of a conversation at which it is compacted",
  "tool_output_token_limit": "Tokens of one output that the model is shown",
  "model_catalog_json": "A file with facts about models, in Codex's form",
  "model_reasoning_effort": "How hard the model thinks: low, medium, high, …",
  "model_reasoning_summary": "How much of its reasoning the server tells",
  "model_supports_reasoning_summaries":
    "Whether the model reasons, where its name does not say it",
  "model_verbosity": "How long its answers are",
  "service_tier": "Sent as the tier of service",
  "model_instructions_file": "A file in place of the built-in instructions",
  "experimental_instructions_file": "The older name of model_instructions_file",
  "instructions": "A text in place of the built-in instructions",
  "developer_instructions": "A text that comes before the first message",
  "compact_prompt": "A text that asks for the summary of a compaction",
  "experimental_compact_prompt_file": "The same, from a file",
  "include_permissions_instructions":
    "Whether the model is told what it may do",
  "include_environment_context":
    "Whether the model is told of folder, shell and date",
  "project_doc_max_bytes": "Bytes of AGENTS.md files that are read",
  "project_doc_fallback_filenames": "Names read where there is no AGENTS.md",
  "project_root_markers": "What lies in the root of a project",
  "approval_policy": "When you are asked before something is done",
  "approval_policy.granular.sandbox_approval":
    "Whether you are asked to leave the sandbox",
  "approval_policy.granular.rules": "Whether rules that ask do ask",
  "approval_policy.granular.mcp_elicitations":
    "Whether MCP servers may ask you",
  "approval_policy.granular.skill_approval": "Read as in Codex; no skill asks",
  "approval_policy.granular.request_permissions":
    "Read as in Codex; there is no such request",
  "sandbox_mode": "What commands may touch",
  "sandbox_workspace_write.network_access":
    "Whether commands reach the network",
  "sandbox_workspace_write.exclude_tmpdir_env_var":
    "Whether $TMPDIR stays closed",
  "sandbox_workspace_write.exclude_slash_tmp": "Whether /tmp stays closed",
  "shell_environment_policy.inherit":
    "Which variables commands begin with: all, the few of any shell, none",
  "shell_environment_policy.exclude": "Names (globs) that are left out",
  "shell_environment_policy.set": "Variables that are set",
  "shell_environment_policy.include_only":
    "Names (globs) that alone are kept, when there are any",
  "projects.*.trust_level": "Your decision about the folder",
  "web_search": "Whether the model may search, and how fresh the pages are",
  "tools.web_search": "Switch, or settings, of the server's web search",
  "tools.web_search.allowed_domains": "The only sites it looks at",
  "tools.web_search.context_size": "How much of what it finds is read",
  "tools.web_search.location": "Where you are: country, region, city, timezone",
  "tools.view_image": "Whether the model may look at pictures",
  "tools.view_image.enabled": "The same",
  "tools.update_plan": "Whether the model may keep a plan",
  "tools.update_plan.enabled": "The same",
  "features.codex_hooks": "Whether hooks run",
  "features.hooks": "Whether hooks run",
  "features.shell_tool": "Whether the model may run commands",
  "features.view_image": "Whether the model may look at pictures",
  "features.web_search_cached": 'The older form of web_search = "cached"',
  "features.web_search_request": 'The older form of web_search = "live"',
  "features.*.enabled": "The same",
  "mcp_servers.*.command": "The program of a server on this machine",
  "mcp_servers.*.args": "Its arguments",
  "mcp_servers.*.env": "Variables that are set for it",
  "mcp_servers.*.env_vars.*.name": "The same, as a table",
  "mcp_servers.*.cwd": "Where it runs",
  "mcp_servers.*.url": "Address of a server elsewhere",
  "mcp_servers.*.bearer_token_env_var": "Variable with the token for url",
  "mcp_servers.*.http_headers": "Sent with each request to url",
  "mcp_servers.*.env_http_headers":
    "Header name to the environment variable with its value",
  "mcp_servers.*.oauth.client_id": "A client that was registered by hand",
  "mcp_servers.*.oauth.token_endpoint_auth_method":
    "How that client says its secret",
  "mcp_servers.*.oauth.callback_port": "Port that the browser comes back to",
  "mcp_servers.*.oauth_resource": "What the login is for, when not url",
  "mcp_servers.*.scopes": "What a login asks for",
  "mcp_servers.*.enabled": "Whether it is used",
  "mcp_servers.*.required": "Whether its failure ends the run",
  "mcp_servers.*.startup_timeout_sec": "How long its start may take",
  "mcp_servers.*.startup_timeout_ms": "The same in milliseconds",
  "mcp_servers.*.tool_timeout_sec": "How long one call may take",
  "mcp_servers.*.enabled_tools": "The only tools that are offered",
  "mcp_servers.*.disabled_tools": "Tools that are not offered",
  "mcp_servers.*.default_tools_approval_mode":
    "Whether its calls ask: by what a tool says of itself, always, never",
  "mcp_servers.*.tools.*.approval_mode": "The same for one tool",
  "mcp_servers.*.supports_parallel_tool_calls":
    "Whether its calls may run together",
  "mcp_oauth_callback_port":
    "Port that the browser comes back to after a login",
  "mcp_oauth_callback_url": "Address that it comes back to",
  "skills.config.*.path": "A skill by its folder",
  "skills.config.*.name": "A skill by its name",
  "skills.config.*.enabled": "Whether it is offered",
  "hooks.*.*.matcher": "Which calls it is for; all without it",
  "hooks.*.*.hooks.*.type": "Only command",
  "hooks.*.*.hooks.*.command": "What runs, with JSON on its stdin",
  "hooks.*.*.hooks.*.timeout": "Seconds it may take",
  "notify": "A program and its arguments, run after each turn",
  "history.persistence": "Whether what you type is kept for later",
  "history.max_bytes": "Bytes of it that are kept",
  "limits.max_requests": "Requests of one run",
  "limits.max_tokens": "Tokens of one run",
  "limits.max_tool_calls": "Tool calls of one run",
  "prices.*.input": "Per million tokens",
  "prices.*.cached_input": "Per million tokens from the cache",
  "prices.*.output": "Per million tokens of the answer",
  "strict_cache":
    "Whether a prompt that does not begin with the last one fails",
  "hide_agent_reasoning": "Whether reasoning is left out of what is shown",
  "permissions.*.extends": "The profile that this one adds to",
  "permissions.*.workspace_roots": "Further folders of the workspace",
  "permissions.*.filesystem": "Paths and places, and what is open there",
  "permissions.*.network.enabled": "Whether commands reach the network",
  "permissions.*.network.mode": "Only full can be held",
  "permissions.*.network.domains": "Cannot be held, and ends the run",
  "permissions.*.network.mitm": "Cannot be held, and ends the run",
  "profile": "The profile in use",
  "profiles": "Settings by the name of a profile",
};

const PATTERNS = Object.entries(WORDS).map(([path, words]) => ({
  parts: path.split("."),
  words,
}));

/** The words for a key; undefined where its schema has its own. */
export function wordsOfKey(path: readonly string[]): string | undefined {
  return PATTERNS.find(({ parts }) =>
    parts.length === path.length &&
    parts.every((part, at) => part === "*" || part === path[at])
  )?.words;
}
