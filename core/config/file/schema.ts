/** config.toml as one schema: what may be in it, what it means, what holds without it. */
import * as z from "zod/mini";
import { LIMITS } from "../../protocol/limits.ts";
import { GranularApproval } from "../../protocol/policy.ts";
import {
  deepFreeze,
  DeepReadonly,
  type JsonObject,
} from "../../util/json/json.ts";
import { FATED_KEYS } from "./fates.ts";
import { fatedMakers, lazyShape } from "./lazy_shape.ts";
import { LimitsTable, PriceTable } from "./schema_limits.ts";
import { PermissionTable } from "./schema_permissions.ts";
import {
  EnvironmentTable,
  FeaturesTable,
  HistoryTable,
  HooksTable,
  ProjectTable,
  ProviderTable,
  SandboxTable,
  SkillsTable,
  ToolsTable,
} from "./schema_tables.ts";
import { McpServerTable } from "./schema_mcp.ts";

const Text = z.lazy(() => z.optional(z.string()));
const Tokens = z.lazy(() => z.optional(z.int().check(z.positive())));
const On = z.lazy(() => z._default(z.boolean(), true));
const Off = z.lazy(() => z._default(z.boolean(), false));
const CredentialStore = z.lazy(() =>
  z._default(z.enum(["file", "keyring", "auto", "ephemeral"]), "auto")
);
const LOGINS_ARE_FILES = z.describe(
  "Logins are files here: keyring and ephemeral refuse them",
);

/** The schema of each key of the top level. */
export const CONFIG_KEYS = lazyShape({
  model: () => z._default(z.string().check(z.minLength(1)), "gpt-5.5"),
  review_model: () =>
    Text.check(
      z.describe("Model of `exec review`, unless --model names one"),
    ),
  model_provider: () => z._default(z.string(), "openai"),
  model_providers: () => z._default(z.record(z.string(), ProviderTable), {}),
  fallback: () =>
    z._default(
      z.array(z.string().check(z.regex(/^[^/]+\/.+$/))),
      [],
    ).check(
      z.describe(
        "PROVIDER/MODEL to go on with, in order, when the provider is out or its quota spent",
      ),
    ),
  openai_base_url: () => Text,
  oss_provider: () => z.optional(z.enum(["ollama", "lmstudio"])),
  model_context_window: () => Tokens,
  model_auto_compact_token_limit: () => Tokens,
  tool_output_token_limit: () => Tokens,
  model_catalog_json: () => Text,
  model_reasoning_effort: () => Text,
  model_reasoning_summary: () =>
    z.optional(
      z.enum(["auto", "concise", "detailed", "none"]),
    ),
  model_supports_reasoning_summaries: () => z.optional(z.boolean()),
  model_verbosity: () => z.optional(z.enum(["low", "medium", "high"])),
  service_tier: () => Text,

  model_instructions_file: () => Text,
  experimental_instructions_file: () => Text,
  instructions: () => Text,
  developer_instructions: () => Text,
  compact_prompt: () => Text,
  experimental_compact_prompt_file: () => Text,
  include_permissions_instructions: () => On,
  include_environment_context: () => On,
  project_doc_max_bytes: () =>
    z._default(
      z.int().check(z.minimum(0)),
      LIMITS.projectDocBytes,
    ),
  project_doc_fallback_filenames: () => z._default(z.array(z.string()), []),
  project_root_markers: () => z._default(z.array(z.string()), [".git"]),

  approval_policy: () =>
    z._default(
      z.union([
        z.enum(["untrusted", "on-failure", "on-request", "never"]),
        z.strictObject({ granular: GranularApproval }),
      ]),
      "on-request",
    ),
  sandbox_mode: () =>
    z._default(
      z.enum([
        "read-only",
        "workspace-write",
        "danger-full-access",
        "external-sandbox",
      ]),
      "read-only",
    ),
  sandbox_workspace_write: () => z.prefault(SandboxTable, {}),
  shell_environment_policy: () => z.prefault(EnvironmentTable, {}),
  allow_login_shell: () =>
    z.optional(z.boolean()).check(
      z.describe(
        "Unset, `bash -lc` runs without a login and `login` of exec_command is obeyed; true obeys both, false none",
      ),
    ),
  projects: () => z._default(z.record(z.string(), ProjectTable), {}),

  web_search: () => z.optional(z.enum(["disabled", "cached", "live"])),
  tools: () => z.prefault(ToolsTable, {}),
  features: () => z._default(FeaturesTable, {}),
  mcp_servers: () =>
    z._default(
      z.record(
        z.string().check(z.regex(/^[a-zA-Z0-9_-]+$/)),
        McpServerTable,
      ),
      {},
    ),
  mcp_oauth_callback_port: () => z.optional(z.int()),
  mcp_oauth_callback_url: () => Text,
  skills: () => z.prefault(SkillsTable, {}),
  hooks: () => z.prefault(HooksTable, {}),
  notify: () => z.optional(z.array(z.string()).check(z.minLength(1))),

  history: () => z.prefault(HistoryTable, {}),
  limits: () => z.prefault(LimitsTable, {}),
  prices: () =>
    z._default(z.record(z.string(), PriceTable), {}).check(
      z.describe(
        "Models without a table cost what their makers list, in dollars",
      ),
    ),
  strict_cache: () => Off,
  hide_agent_reasoning: () => Off,
  show_raw_agent_reasoning: () =>
    Off.check(
      z.describe("Show the model's own reasoning, where a server sends it"),
    ),
  cli_auth_credentials_store: () => CredentialStore.check(LOGINS_ARE_FILES),
  mcp_oauth_credentials_store: () => CredentialStore.check(LOGINS_ARE_FILES),

  default_permissions: () =>
    Text.check(
      z.describe("A profile of [permissions], or a built-in one"),
    ),
  permissions: () => z._default(z.record(z.string(), PermissionTable), {}),

  profile: () => Text,
  profiles: () =>
    z._default(
      z.record(z.string(), z.record(z.string(), z.unknown())),
      {},
    ),
  ...fatedMakers(FATED_KEYS) as Readonly<Record<never, never>>,
});

/** The whole of config.toml. Keys are those of the file. */
const ConfigFile = z.strictObject(CONFIG_KEYS);

/** The configuration with every default filled in; frozen. */
export type Config = DeepReadonly<z.infer<typeof ConfigFile>>;
export type ProviderConfig = DeepReadonly<z.infer<typeof ProviderTable>>;
export type McpServerConfig = DeepReadonly<z.infer<typeof McpServerTable>>;

/** Keys a project's own file may not set: they are about the machine and its user. */
export const MACHINE_KEYS: ReadonlySet<string> = new Set([
  "model_provider",
  "model_providers",
  "fallback",
  "openai_base_url",
  "chatgpt_base_url",
  "oss_provider",
  "model_catalog_json",
  "notify",
  "profile",
  "profiles",
  "projects",
  "project_root_markers",
  "cli_auth_credentials_store",
  "mcp_oauth_credentials_store",
  "mcp_oauth_callback_port",
  "mcp_oauth_callback_url",
  "default_permissions",
  "permissions",
  "forced_login_method",
  "forced_chatgpt_workspace_id",
  "history",
  "prices",
  "otel",
  "analytics",
  "feedback",
  "log_dir",
  "sqlite_home",
  "check_for_update_on_startup",
]);

/** One provider's table with its defaults; the table must have been checked. */
export function parseProvider(table: unknown): ProviderConfig {
  return deepFreeze(z.parse(ProviderTable, table)) as ProviderConfig;
}

/** Generated from the schema that checks the file (JSON Schema 2020-12). */
export function renderConfigSchema(): JsonObject {
  const schema = z.toJSONSchema(ConfigFile, { io: "input" }) as JsonObject;
  return { ...schema, title: "config.toml" };
}
