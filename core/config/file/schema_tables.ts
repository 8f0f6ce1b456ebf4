/** The tables of config.toml, one schema each. */
import * as z from "zod/mini";
import { LIMITS } from "../../protocol/limits.ts";
import { fatedFeatures, ignored, LIVE_FEATURES, refused } from "./fates.ts";
import { fatedMakers, lazyShape } from "./lazy_shape.ts";

const Text = z.lazy(() => z.string());
const Texts = z.lazy(() => z.array(z.string()));
const TextMap = z.lazy(() => z.record(z.string(), z.string()));
const Count = z.lazy(() => z.int().check(z.minimum(0)));
const Whole = z.lazy(() => z.int().check(z.positive()));
const Positive = z.lazy(() => z.number().check(z.positive()));

const NO_WEBSOCKETS = "there are no WebSockets";

/** `[sandbox_workspace_write]` */
export const SandboxTable = z.lazy(() =>
  z.strictObject({
    writable_roots: z._default(Texts, []).check(
      z.describe(
        "Folders commands may write to besides the cwd and temp folders",
      ),
    ),
    network_access: z._default(z.boolean(), false),
    exclude_tmpdir_env_var: z._default(z.boolean(), false),
    exclude_slash_tmp: z._default(z.boolean(), false),
    git_commits: z._default(z.boolean(), false).check(
      z.describe(
        "Whether commits work in the sandbox; hooks and config stay read-only",
      ),
    ),
    allow_unix_sockets: z._default(z.boolean(), false).check(
      z.describe("Whether Unix sockets are open though the network is closed"),
    ),
    build_caches: z._default(z.boolean(), false).check(
      z.describe(
        "Whether the caches of package managers in the home folder are writable",
      ),
    ),
    deny_read: z._default(Texts, []).check(
      z.describe(
        "Absolute paths or globs whose content stays hidden in every mode",
      ),
    ),
  })
);

/** `[shell_environment_policy]` */
export const EnvironmentTable = z.lazy(() =>
  z.strictObject({
    inherit: z._default(z.enum(["all", "core", "none"]), "all"),
    ignore_default_excludes: z._default(z.boolean(), true).check(
      z.describe("False drops names with KEY, SECRET or TOKEN in them"),
    ),
    exclude: z._default(Texts, []),
    set: z._default(TextMap, {}),
    include_only: z._default(Texts, []),
    filters: refused('must be absent: set "exclude" and "include_only"'),
    experimental_use_profile: ignored("profiles of the shell are not read"),
  })
);

/** `[model_providers.<id>.auth]` */
const AuthCommandTable = z.lazy(() =>
  z.strictObject({
    command: Text,
    args: z._default(Texts, []),
    timeout_ms: z._default(z.int().check(z.positive()), LIMITS.authCommandMs),
    refresh_interval_ms: z._default(Count, LIMITS.authRefreshMs),
    cwd: z.optional(Text),
  })
);

/** `[model_providers.<id>]` */
export const ProviderTable = z.lazy(() =>
  z.strictObject({
    name: z.optional(Text),
    base_url: z.optional(Text),
    env_key: z.optional(Text).check(
      z.describe("Name of the environment variable that holds the key"),
    ),
    env_key_instructions: z.optional(Text),
    experimental_bearer_token: z.optional(Text),
    auth: z.optional(AuthCommandTable),
    aws: ignored("there is no login of AWS"),
    wire_api: z._default(z.enum(["responses", "chat"]), "responses").check(
      z.describe(
        "Which of POST /responses and POST /chat/completions the server has",
      ),
    ),
    query_params: z._default(TextMap, {}),
    http_headers: z._default(TextMap, {}),
    env_http_headers: z._default(TextMap, {}).check(
      z.describe("Header name to the environment variable with its value"),
    ),
    request_max_retries: z.optional(Count),
    stream_max_retries: z.optional(Count),
    stream_idle_timeout_ms: z.optional(Whole),
    websocket_connect_timeout_ms: ignored(NO_WEBSOCKETS),
    supports_websockets: ignored(NO_WEBSOCKETS),
    requires_openai_auth: z._default(z.boolean(), false),
    send_trace_context: z._default(z.boolean(), false).check(
      z.describe(
        "Whether requests name their span in the header traceparent, where there is telemetry",
      ),
    ),
    supports_compact: z.optional(z.boolean()).check(
      z.describe("Whether the server has POST /responses/compact"),
    ),
    single_system_message: z.optional(z.boolean()).check(
      z.describe(
        "Whether developer messages go into the instructions, for servers that take one system text; on by default for chat",
      ),
    ),
    image_max_side: z.optional(Whole).check(
      z.describe(
        "Pixels of the longer side to which pictures are made smaller",
      ),
    ),
    image_max_bytes: z.optional(Whole).check(
      z.describe("Bytes of one picture, before base64"),
    ),
    request_max_images: z.optional(Whole).check(
      z.describe("Pictures in one request; beyond, the older half is left out"),
    ),
    request_max_bytes: z.optional(Whole).check(
      z.describe(
        "Bytes of a request; beyond, the older half of its pictures is left out, and text is compacted",
      ),
    ),
    supports_custom_tools: z.optional(z.boolean()).check(
      z.describe("False offers apply_patch as a function, whatever the model"),
    ),
    supports_parallel_tool_calls: z.optional(z.boolean()).check(
      z.describe("Whether it is told that calls may come together"),
    ),
    supports_reasoning: z.optional(z.boolean()).check(
      z.describe("False asks for no reasoning, whatever the model"),
    ),
    supports_encrypted_reasoning: z.optional(z.boolean()).check(
      z.describe("False asks for no reasoning that travels with us"),
    ),
    supports_images: z.optional(z.boolean()).check(
      z.describe("Whether pictures are sent, whatever the model"),
    ),
    ca_bundle: z.optional(Text).check(
      z.describe("PEM file with further certificate authorities"),
    ),
    client_cert: z.optional(Text),
    client_key: z.optional(Text),
    proxy: z.optional(Text).check(
      z.describe("URL of the proxy to this provider"),
    ),
  })
);

/** `[history]` */
export const HistoryTable = z.lazy(() =>
  z.strictObject({
    persistence: z._default(z.enum(["save-all", "none"]), "save-all"),
    max_bytes: z.optional(Count),
  })
);

const Switch = z.lazy(() =>
  z.union([
    z.boolean(),
    z.strictObject({ enabled: z.optional(z.boolean()) }),
  ])
);

/** `[tools]` */
export const ToolsTable = z.lazy(() =>
  z.strictObject({
    web_search: z.optional(z.union([
      z.boolean(),
      z.strictObject({
        allowed_domains: z.optional(Texts),
        context_size: z.optional(z.enum(["low", "medium", "high"])),
        location: z.optional(z.record(z.string(), z.string())),
      }),
    ])),
    view_image: z.optional(Switch),
    update_plan: z.optional(Switch),
  })
);

const FeatureSwitch = z.optional(z.lazy(() =>
  z.union([
    z.boolean(),
    z.looseObject({ enabled: z.optional(z.boolean()) }),
  ])
));

/** `[features]`: bare switches, or tables with `enabled` and options. */
export const FeaturesTable = z.lazy(() =>
  z.strictObject(lazyShape({
    ...fatedMakers(fatedFeatures()) as Readonly<Record<never, never>>,
    ...Object.fromEntries(
      Object.keys(LIVE_FEATURES).map((name) => [name, () => FeatureSwitch]),
    ) as Readonly<
      Record<keyof typeof LIVE_FEATURES, () => typeof FeatureSwitch>
    >,
  }))
);

/** `[skills]` */
export const SkillsTable = z.lazy(() =>
  z.strictObject({
    config: z._default(
      z.array(z.strictObject({
        path: z.optional(Text),
        name: z.optional(Text),
        enabled: z._default(z.boolean(), true),
      })),
      [],
    ),
  })
);

const HookGroups = z.optional(z.lazy(() =>
  z.array(z.looseObject({
    matcher: z.optional(Text),
    hooks: z._default(
      z.array(z.looseObject({
        type: z._default(Text, "command"),
        command: z.optional(Text),
        timeout: z.optional(Positive),
        statusMessage: ignored("nothing is shown while a hook runs"),
      })),
      [],
    ),
  }))
));

/** `[hooks]`: event name to matchers and their commands. */
export const HooksTable = z.lazy(() =>
  z.looseObject({
    state: z._default(
      z.record(
        z.string(),
        z.looseObject({
          enabled: z.optional(z.boolean()).check(
            z.describe("False leaves out the hook FILE:EVENT:GROUP:NUMBER"),
          ),
          trusted_hash: ignored("your own hooks are trusted as they are"),
        }),
      ),
      {},
    ),
    SessionStart: HookGroups,
    SessionEnd: HookGroups,
    UserPromptSubmit: HookGroups,
    PreToolUse: HookGroups,
    PermissionRequest: HookGroups,
    PostToolUse: HookGroups,
    PreCompact: HookGroups,
    PostCompact: HookGroups,
    SubagentStart: HookGroups,
    SubagentStop: HookGroups,
    Stop: HookGroups,
  })
);

/** `[projects."<path>"]` */
export const ProjectTable = z.lazy(() =>
  z.strictObject({
    trust_level: z.optional(z.enum(["trusted", "untrusted"])),
  })
);
