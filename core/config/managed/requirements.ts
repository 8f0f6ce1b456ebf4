/** The schema of `/etc/codex/requirements.toml`: keys of Codex 0.171, and what is built of them. */
import * as z from "zod/mini";
import { GranularApproval } from "../../protocol/policy.ts";
import { HooksTable } from "../file/schema_tables.ts";

const Text = z.lazy(() => z.string());
const Word = z.lazy(() => z.string().check(z.regex(/\S/)));
const Flag = z.lazy(() => z.optional(z.boolean()));
const SandboxModes = z.lazy(() =>
  z.array(
    z.enum([
      "read-only",
      "workspace-write",
      "danger-full-access",
      "external-sandbox",
    ]),
  )
);

/** About things that this program does not have: nothing is left to withhold. */
const FOREIGN = [
  "allow_appshots",
  "allow_browser_and_computer_use",
  "allow_remote_control",
  "application",
  "apps",
  "auto_review",
  "browser_use",
  "chatgpt_base_url",
  "check_for_update_on_startup",
  "computer_use",
  "feedback",
  "guardian_extra_policy",
  "guardian_policy_config",
  "in_app_browser",
  "log_dir",
  "marketplaces",
  "models",
  "otel",
  "plugins",
  "sqlite_home",
  "unsafe_enforce_sqlite_journal_mode",
  "windows",
] as const;

/** Why a key of Codex cannot be held; any other that is not here is unknown, or not built. */
export const UNHELD: Readonly<Record<string, string>> = {
  experimental_network:
    "cannot be held: the sandbox opens the network to all hosts or to none",
};

/** The whole file; any other key is unknown, or narrows what is not built, and ends the run. */
export const RequirementsFile = z.lazy(() =>
  z.strictObject({
    allowed_approval_policies: z.optional(
      z.array(z.union([
        z.enum(["untrusted", "on-failure", "on-request", "never"]),
        z.strictObject({ granular: GranularApproval }),
      ])).check(z.minLength(1)),
    ),
    allowed_sandbox_modes: z.optional(SandboxModes),
    remote_sandbox_config: z.optional(z.array(z.strictObject({
      hostname_patterns: z.array(Text),
      allowed_sandbox_modes: SandboxModes,
    }))),
    enforce_residency: z.optional(z.enum(["us"])),
    allowed_permission_profiles: z.optional(z.record(Text, z.boolean())),
    default_permissions: z.optional(Text),
    permissions: z.optional(z.looseObject({
      filesystem: z.optional(
        z.strictObject({ deny_read: z._default(z.array(Text), []) }),
      ),
    })),
    allowed_web_search_modes: z.optional(
      z.array(z.enum(["disabled", "cached", "indexed", "live"])),
    ),
    features: z.optional(z.record(Text, z.boolean())),
    feature_requirements: z.optional(z.record(Text, z.boolean())),
    mcp_servers: z.optional(z.record(
      Text,
      z.strictObject({
        identity: z.union([
          z.strictObject({ command: Text }),
          z.strictObject({ url: Text }),
        ]),
      }),
    )),
    hooks: z.optional(HooksTable),
    allow_managed_hooks_only: Flag,
    rules: z.optional(z.strictObject({
      prefix_rules: z.array(z.strictObject({
        pattern: z.array(z.union([
          z.strictObject({ token: Word }),
          z.strictObject({ any_of: z.array(Word).check(z.minLength(1)) }),
        ])).check(z.minLength(1)),
        // Of all rules that match the strictest counts: one that allows would do nothing.
        decision: z.enum(["prompt", "prompt-user", "forbidden"]),
        justification: z.optional(Word),
      })).check(z.minLength(1)),
    })),
    allow_login_shell: Flag,
    allowed_login_methods: z.optional(z.array(z.enum(["api", "chatgpt"]))),
    allowed_approvals_reviewers: z.optional(z.array(Text)),
    ...Object.fromEntries(
      FOREIGN.map((key) => [key, z.optional(z.unknown())]),
    ) as Readonly<Record<never, never>>,
  })
);

export type Requirements = z.infer<typeof RequirementsFile>;
