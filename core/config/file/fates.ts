/** Data. Keys and features of Codex that are not built here: what becomes of each, and why. */
import * as z from "zod/mini";

/** What becomes of a key that is set: told once at the start, or the end of the run. */
export type Fate =
  | { readonly type: "ignored"; readonly why: string }
  /** It narrows what may be done, and cannot be held. */
  | {
    readonly type: "refused";
    /** `must be …: why, what to do instead`. */
    readonly instead: string;
    /** The values that hold here. */
    readonly allowed: readonly unknown[];
  };

type Accepted = z.ZodMiniOptional<z.ZodMiniUnknown>;
type FatedSchema = Accepted & { readonly fate: Fate };

/** Stands in the schema for a key that nothing reads. */
export function ignored(why: string): FatedSchema {
  return fatedSchema(effectless(why));
}

/** Stands in the schema for a key that would narrow rights and is not built. */
export function refused(instead: string): FatedSchema {
  return fatedSchema(unheld(instead));
}

/** The fate of a schema's key; undefined when it is one that works. */
export function fateOf(schema: object | undefined): Fate | undefined {
  return schema !== undefined && "fate" in schema
    ? schema.fate as Fate
    : undefined;
}

/** What stands in the schema for all keys of a fate. */
export function fatedSchema(fate: Fate): FatedSchema {
  const description = fate.type === "ignored"
    ? `Accepted, without effect: ${fate.why}`
    : `Ends the run: ${fate.instead}`;
  const schema = z.optional(z.unknown())
    .register(z.globalRegistry, { description });
  return Object.assign(schema, { fate });
}

function effectless(why: string): Fate {
  return { type: "ignored", why };
}

function unheld(instead: string, allowed: readonly unknown[] = []): Fate {
  return { type: "refused", instead, allowed };
}

const NO_CHATGPT = 'must be "api": only API keys are supported';
const OLD_FORM = "an older form, which Codex does not read any more either";

/** Keys of the top level. The names of one reason stand together. */
export const FATED_KEYS: Readonly<Record<string, Fate>> = {
  ...all(
    "telemetry is asked for by OTEL_* variables alone",
    "otel",
  ),
  ...all(
    "nothing is measured or sent home",
    `analytics feedback rollout_trace check_for_update_on_startup
    model_availability_nux`,
  ),
  ...all(
    "there are no sub-agents, goals or reviewers besides the user",
    "agents approvals_reviewer auto_review goals memories",
  ),
  ...all(
    "there are no apps, plugins or ChatGPT services",
    `apps apps_mcp_product_sku browser_use chatgpt_base_url cloud computer_use
    desktop include_apps_instructions marketplaces mcp_enterprise_managed_auth
    orchestrator plugins responses responses_api_metadata tool_suggest`,
  ),
  ...all(
    "there is no voice",
    `audio realtime experimental_realtime_start_instructions
    experimental_realtime_webrtc_call_base_url
    experimental_realtime_ws_backend_prompt experimental_realtime_ws_base_url
    experimental_realtime_ws_model experimental_realtime_ws_startup_context`,
  ),
  ...all(
    "commands do not outlive their turn",
    "background_terminal_max_timeout thread_unload_delay_secs",
  ),
  ...all(
    "the terminal is rondo's own and has no such setting",
    `disable_paste_burst file_opener notice suppress_unstable_features_warning
    tui`,
  ),
  ...all(
    "sessions are files below the home, without a log or a database",
    `experimental_thread_config_endpoint experimental_thread_store
    experimental_thread_store_endpoint ghost_snapshot log_dir sqlite_home`,
  ),
  ...all(
    "tools are offered in one form",
    `code_mode experimental_use_freeform_apply_patch
    experimental_use_unified_exec_tool js_repl_node_module_dirs js_repl_node_path
    zsh_path`,
  ),
  ...all(
    "there are no modes of collaboration or personalities",
    `include_collaboration_mode_instructions personality
    plan_mode_reasoning_effort`,
  ),
  ...all(
    "there is one way to compact and to start servers",
    `mcp_optional_startup_grace_ms model_auto_compact_token_limit_scope
    model_post_turn_compact_threshold_percent`,
  ),
  ...all(
    OLD_FORM,
    `commit_attribution debug disable_response_storage model_max_output_tokens
    preferred_auth_method`,
  ),
  ...all(
    "on Windows there is no sandbox",
    "windows windows_wsl_setup_acknowledged",
  ),
  allow_symlinked_codex_home: effectless("links are followed"),
  forced_login_method: unheld(NO_CHATGPT, ["api"]),
  forced_chatgpt_workspace_id: unheld(
    "must be absent: only API keys are supported",
  ),
};

/** Features that do something here, with what each is by default. */
export const LIVE_FEATURES = {
  codex_hooks: true,
  hooks: true,
  shell_tool: true,
  view_image: true,
  web_search_cached: false,
  web_search_request: false,
} as const;

// The names of `codex features list` (0.171.0), and older ones that a file may still hold.
const IGNORED_FEATURES: readonly (readonly [why: string, names: string])[] = [
  [
    "there are no sub-agents",
    `
    agent_message_board agent_message_board_mcp critical_path_timing
    defer_mailbox_preemption enable_fanout goals guardian_approval
    guardian_conversation_history_tools guardian_denial_reconsideration
    guardian_enhanced_node_repl_transcripts guardian_ext
    guardian_include_additional_context guardian_native_multi_agent_history
    guardian_nested_approval_context guardian_node_repl_transcript_images
    guardian_recorded_items guardian_reuse_parent_compaction
    guardian_root_handoff_context guardian_trust_orchestrator_connectors
    guardianv2 guardianv2_decisions_comparison
    guardianv3 multi_agent multi_agent_mode multi_agent_v2
    multi_agent_v2_dynamic_tools multi_env_copy_file multi_environment_mcp
    per_environment_context recommended_plugins runtime_agent_instances
    send_async_message send_message_to_user_async
    subagent_default_context_limits subagent_thread_environments
    wake_on_agent_messages
  `,
  ],
  [
    "there are no apps, plugins or ChatGPT services",
    `
    analytics_plan_history api_key_cyber_access_programs
    app_server_websocket_compression apps apps_early_resource_discovery
    apps_mcp_path_override artifact bedrock_setup_wizard browser_annotation_api
    browser_use browser_use_external browser_use_full_cdp_access
    catalog_apps_instructions chronicle cli_daybreak codex_apps_mcp_2026_07_28
    computer_use daybreak_program_propagation deferred_executor enable_mcp_apps
    executor_capability_discovery executor_capability_discovery_v2
    external_agent_memory_import external_migration gateway_setup_wizard
    gcp_setup_wizard image_generation image_generation_animation in_app_browser
    in_app_chat in_app_dictation in_app_local_automation in_app_updates
    in_app_voice omit_app_server_notification_media plugin_discovery_prefetch
    plugin_hooks plugin_sharing plugins prefer_mxc psp realtime_conversation
    remote_control remote_plugin terminal_visualization_instructions
    tui_app_server use_agent_identity use_xaa workspace_dependencies
    workspace_owner_usage_nudge write_stdin_approval
  `,
  ],
  [
    "tools are offered in one form",
    `
    code_mode code_mode_buffered_exec code_mode_host code_mode_host_grpc
    code_mode_host_output_truncation code_mode_interrupt code_mode_only
    code_mode_only_strict_3p_tools code_mode_prewarm
    code_mode_tool_description_first code_mode_tool_search
    command_sessions_world_state default_mode_request_user_input
    deferred_tool_world_state executed_tool_call_metadata hosted_search_policy
    incremental_exec_tools incremental_tools incremental_tools_legacy
    incremental_tools_legacy_gcp js_repl js_repl_tools_only
    non_prefixed_mcp_tool_names request_permissions_tool search_tool
    shell_snapshot shell_snapshot_v2 shell_zsh_fork sleep_tool
    stable_environment_tools standalone_web_search tool_search
    tool_search_always_defer_mcp_tools tool_suggest unavailable_dummy_tools
    unified_exec unified_exec_tty unified_exec_zsh_fork
  `,
  ],
  [
    "requests and their transport are made in one way",
    `
    api_key_model_discovery async_compaction async_compaction_root_only
    collaboration_modes compaction_image_budget concurrent_reasoning_summaries
    content_item_kinds context_management current_time_reminder
    enable_request_compression fast_mode image_detail_original
    image_resize_notice instant_interrupt interrupt_on_cancel item_ids
    mcp_2026_07_28 model_catalog_in_context omit_skill_descriptions
    output_token_replay personality prediction_preserve_parent_tools
    reasoning_effort_override remote_compaction_v2 remote_models
    resize_all_images respect_system_proxy responses_websockets
    responses_websockets_v2 restored_history_prewarm
    retain_client_developer_messages retain_client_tool_outputs
    safe_image_decoder simplified_selection_hints skill_catalog_deltas
    skip_host_skill_discovery step_model_switching
    suppress_model_change_announcements system_proxy_fallback token_budget
    ultrafast_mode unbounded_connection_retries unified_image_budget
    untrusted_as_tool_output utc_environment_date
  `,
  ],
  [
    "terminal, log, servers and sandbox work in one way here",
    `
    apply_patch_freeform apply_patch_preserve_line_endings
    apply_patch_streaming_events auth_elicitation
    background_paginated_rollout_migration child_agents_md
    cli_resume_account_check codex_git_commit collab connectors
    cwd_relative_turn_diffs daemon_auto_start elevated_windows_sandbox
    enable_experimental_windows_sandbox exec_permission_approvals
    experimental_use_freeform_apply_patch experimental_use_unified_exec_tool
    experimental_windows_sandbox file_backed_tool_audio ghost_commit
    imagegenext include_apply_patch_tool local_thread_store_compression
    local_thread_store_shared_compression login_shell_package_path
    mcp_connection_sharing mcp_lazy_stdio_startup
    mcp_oauth_refresh_coordination mcp_shared_repl_cwd mcp_tool_list_changed
    memories memory_tool mentions_v2 nonfatal_clock_read_errors parallel
    powershell_shell_version prevent_idle_sleep request_permissions
    request_rule rmcp_client runtime_metrics secret_auth_storage
    skill_env_var_dependency_prompt skill_mcp_dependency_install skill_search
    skills sqlite steer streamable_shell telepathy terminal_resize_reflow
    tool_call_mcp_elicitation transcript_v2 tui2 tui_extensions_statusline
    tui_multi_backend tui_workspace undo use_legacy_landlock
    use_linux_sandbox_bwrap windows_sandbox_service worktrees
  `,
  ],
];

/** The other members of `[features]`; a name that is in neither table is an error. */
export function fatedFeatures(): Readonly<Record<string, Fate>> {
  return {
    ...Object.assign(
      {},
      ...IGNORED_FEATURES.map(([why, names]) => all(why, names)),
    ),
    credential_masking: unheld(
      "must be off: what the model reads is not searched for credentials",
      [false],
    ),
    network_proxy: unheld(
      "must be off: the network is open or closed, " +
        'set "sandbox_workspace_write.network_access"',
      [false],
    ),
    rollout_budget: unheld(
      'must be off: set "limits.max_tokens" instead',
      [false],
    ),
  };
}

/** Names `--enable` and `--disable` take. */
export function featureNames(): readonly string[] {
  return [...Object.keys(LIVE_FEATURES), ...Object.keys(fatedFeatures())]
    .sort();
}

function all(why: string, names: string): Record<string, Fate> {
  const fate = effectless(why);
  const words = names.split(/\s+/).filter((name) => name !== "");
  return Object.fromEntries(words.map((name) => [name, fate]));
}
