/** Data. Keys and features of Codex that change nothing in this program, and are said to. */
import * as z from "zod/mini";

const ACCEPTED = [
  "agents",
  "analytics",
  "approvals_reviewer",
  "apps",
  "audio",
  "auto_review",
  "background_terminal_max_timeout",
  "chatgpt_base_url",
  "check_for_update_on_startup",
  "cli_auth_credentials_store",
  "commit_attribution",
  "debug",
  "desktop",
  "disable_paste_burst",
  "disable_response_storage",
  "experimental_realtime_start_instructions",
  "experimental_realtime_ws_backend_prompt",
  "experimental_realtime_ws_base_url",
  "experimental_realtime_ws_model",
  "experimental_realtime_ws_startup_context",
  "experimental_thread_config_endpoint",
  "experimental_thread_store",
  "experimental_thread_store_endpoint",
  "experimental_use_freeform_apply_patch",
  "experimental_use_unified_exec_tool",
  "feedback",
  "file_opener",
  "ghost_snapshot",
  "include_apps_instructions",
  "include_collaboration_mode_instructions",
  "js_repl_node_module_dirs",
  "js_repl_node_path",
  "log_dir",
  "marketplaces",
  "mcp_oauth_credentials_store",
  "memories",
  "model_availability_nux",
  "model_auto_compact_token_limit_scope",
  "model_max_output_tokens",
  "notice",
  "orchestrator",
  "otel",
  "permissions",
  "personality",
  "plan_mode_reasoning_effort",
  "plugins",
  "preferred_auth_method",
  "realtime",
  "show_raw_agent_reasoning",
  "sqlite_home",
  "suppress_unstable_features_warning",
  "tool_suggest",
  "tui",
  "windows",
  "windows_wsl_setup_acknowledged",
  "zsh_path",
] as const;

type AcceptedShape = Record<
  typeof ACCEPTED[number],
  z.ZodMiniOptional<z.ZodMiniUnknown>
>;

/**
 * Stands in the schema for every key that nothing reads. One for all: it is known by
 * identity, and each of its own would cost time at every start.
 */
export const WITHOUT_EFFECT: z.ZodMiniOptional<z.ZodMiniUnknown> = z.optional(
  z.unknown(),
).check(z.describe("Accepted, without effect"));

/** One optional entry of any type for each accepted key. */
export const ACCEPTED_SHAPE: AcceptedShape = Object.fromEntries(
  ACCEPTED.map((key) => [key, WITHOUT_EFFECT]),
) as AcceptedShape;

/** Features that do something here, with what each is by default. */
export const LIVE_FEATURES = {
  hooks: true,
  shell_tool: true,
  web_search_request: false,
  web_search_cached: false,
} as const;

/** Names `--enable` and `--disable` take, with what each is by default. */
export const FEATURES: Readonly<Record<string, boolean>> = Object.freeze({
  ...LIVE_FEATURES,
  ...switchedOff([
    "apply_patch_freeform",
    "apply_patch_streaming_events",
    "apps",
    "artifact",
    "auth_elicitation",
    "child_agents_md",
    "chronicle",
    "code_mode",
    "code_mode_only",
    "codex_git_commit",
    "collaboration_modes",
    "default_mode_request_user_input",
    "enable_fanout",
    "enable_request_compression",
    "exec_permission_approvals",
    "fast_mode",
    "goals",
    "guardian_approval",
    "image_generation",
    "item_ids",
    "js_repl",
    "js_repl_tools_only",
    "local_thread_store_compression",
    "memories",
    "mentions_v2",
    "multi_agent",
    "multi_agent_v2",
    "network_proxy",
    "non_prefixed_mcp_tool_names",
    "personality",
    "plugin_sharing",
    "plugins",
    "prevent_idle_sleep",
    "realtime_conversation",
    "remote_compaction_v2",
    "remote_models",
    "request_permissions_tool",
    "request_rule",
    "resize_all_images",
    "respect_system_proxy",
    "responses_websockets",
    "responses_websockets_v2",
    "runtime_metrics",
    "search_tool",
    "shell_snapshot",
    "shell_zsh_fork",
    "skill_mcp_dependency_install",
    "sleep_tool",
    "sqlite",
    "standalone_web_search",
    "steer",
    "token_budget",
    "tool_call_mcp_elicitation",
    "tool_search",
    "tool_search_always_defer_mcp_tools",
    "tool_suggest",
    "undo",
    "unified_exec",
    "use_legacy_landlock",
    "use_linux_sandbox_bwrap",
  ]),
});

function switchedOff(names: readonly string[]): Record<string, boolean> {
  return Object.fromEntries(names.map((name) => [name, false]));
}
