/** Configuration and account for clients: reading, and the writes that loosen nothing. */
import { renderTomlEdits, type TomlEdit } from "../../config/file/edit.ts";
import { readOptional, writeWhole } from "../../config/file/files.ts";
import {
  checkCredentialStore,
  loginWithApiKey,
  logout,
  readLogin,
} from "../../config/provider/login.ts";
import { providerOf } from "../../config/provider/providers.ts";
import { parseParams, refusal } from "../../frontends/app_server/rpc.ts";
import type {
  MethodContext,
  OtherMethods,
} from "../../frontends/app_server/services.ts";
import {
  ConfigBatchParams,
  type ConfigEdit,
  ConfigReadParams,
  ConfigWriteParams,
  LoginParams,
} from "../../frontends/app_server/words/settings_schema.ts";
import { sha256Hex } from "../../util/sha256.ts";
import type { ServeBase } from "./base.ts";

/** What a client may write: how a model is asked, and nothing that permits, hides or starts. */
const WRITABLE: ReadonlySet<string> = new Set([
  "model",
  "review_model",
  "model_reasoning_effort",
  "model_reasoning_summary",
  "model_verbosity",
  "service_tier",
]);

export function settingsMethods(base: ServeBase): OtherMethods {
  return new Map<
    string,
    (params: unknown, context: MethodContext) => Promise<unknown>
  >([
    ["config/read", (params) => readConfig(base, params)],
    ["config/value/write", (params) => {
      const { keyPath, value, ...place } = parseParams(
        ConfigWriteParams,
        params,
      );
      return writeConfig(base, [{ keyPath, value }], place);
    }],
    ["config/batchWrite", (params) => {
      const { edits, ...place } = parseParams(ConfigBatchParams, params);
      return writeConfig(base, edits, place);
    }],
    ["account/read", () => readAccount(base)],
    ["account/login/start", (params, context) => logIn(base, params, context)],
    ["account/logout", async (_params, { notifyAll }) => {
      await logout(base.host, base.codexHome);
      notifyAll("account/updated", accountNote(null));
      return {};
    }],
  ]);
}

// The tables of providers, servers and hooks hold what is nobody's business.
async function readConfig(base: ServeBase, params: unknown): Promise<unknown> {
  const { cwd } = parseParams(ConfigReadParams, params);
  const { config } = await base.load(cwd);
  const table = config.sandbox_workspace_write;
  const mode = config.sandbox_mode;
  const approval = config.approval_policy;
  return {
    config: {
      model: config.model,
      review_model: config.review_model ?? null,
      model_context_window: config.model_context_window ?? null,
      model_auto_compact_token_limit: config.model_auto_compact_token_limit ??
        null,
      model_auto_compact_token_limit_scope: null,
      model_provider: config.model_provider,
      approval_policy: approval === "on-failure" ? "on-request" : approval,
      approvals_reviewer: null,
      sandbox_mode: mode === "external-sandbox" ? null : mode,
      sandbox_workspace_write: {
        writable_roots: table.writable_roots,
        network_access: table.network_access,
        exclude_tmpdir_env_var: table.exclude_tmpdir_env_var,
        exclude_slash_tmp: table.exclude_slash_tmp,
      },
      forced_chatgpt_workspace_id: null,
      forced_login_method: null,
      web_search: null,
      client_search_provider: null,
      tools: null,
      instructions: null,
      developer_instructions: config.developer_instructions ?? null,
      compact_prompt: config.compact_prompt ?? null,
      model_reasoning_effort: config.model_reasoning_effort ?? null,
      model_reasoning_summary: config.model_reasoning_summary ?? null,
      model_verbosity: config.model_verbosity ?? null,
      service_tier: config.service_tier ?? null,
      analytics: null,
      apps: null,
      browser_use: null,
      computer_use: null,
      desktop: null,
    },
    origins: {},
    layers: null,
  };
}

async function writeConfig(
  base: ServeBase,
  edits: readonly ConfigEdit[],
  { filePath, expectedVersion }: {
    readonly filePath?: string | null | undefined;
    readonly expectedVersion?: string | null | undefined;
  },
): Promise<unknown> {
  const { host, codexHome } = base;
  if (codexHome === undefined) {
    throw refusal("Cannot write the configuration: there is no home folder");
  }
  const path = `${codexHome}/config.toml`;
  if (filePath && filePath !== path) {
    throw refusal(`Cannot write ${filePath}: must be ${path}`);
  }
  const changes = edits.map(toEdit);
  const before = await readOptional(host, path) ?? "";
  if (expectedVersion && expectedVersion !== sha256Hex(before)) {
    throw refusal(`Cannot write ${path}: it has changed since it was read`);
  }
  const after = renderTomlEdits(before, changes, path);
  await writeWhole(host, path, after);
  try {
    await base.load();
  } catch (error) {
    await writeWhole(host, path, before);
    throw error;
  }
  return {
    status: "ok",
    version: sha256Hex(after),
    filePath: path,
    overriddenMetadata: null,
  };
}

function toEdit({ keyPath, value }: ConfigEdit): TomlEdit {
  if (!WRITABLE.has(keyPath)) {
    throw refusal(
      `Cannot write "${keyPath}": a client may write ${
        [...WRITABLE].join(", ")
      }; the rest is the person's, in config.toml`,
    );
  }
  const path = [keyPath];
  return value === null
    ? { type: "remove", path }
    : { type: "set", path, value };
}

async function readAccount(base: ServeBase): Promise<unknown> {
  const { config } = await base.load();
  const { auth } = providerOf(config, base.host);
  const isOpenai = auth.type === "login";
  const login = isOpenai
    ? await readLogin(base.host, base.codexHome)
    : undefined;
  return {
    account: login?.type === "key" ? { type: "apiKey" } : null,
    userId: null,
    requiresOpenaiAuth: isOpenai,
    workspaceRouting: null,
  };
}

async function logIn(
  base: ServeBase,
  params: unknown,
  { notifyAll }: MethodContext,
): Promise<unknown> {
  const { type, apiKey } = parseParams(LoginParams, params);
  if (type !== "apiKey" || apiKey === undefined) {
    throw refusal(`Cannot log in by "${type}": only API keys are supported`);
  }
  const { config } = await base.load();
  checkCredentialStore(config, "cli_auth_credentials_store");
  await loginWithApiKey(base.host, base.codexHome, apiKey);
  notifyAll("account/login/completed", {
    loginId: null,
    success: true,
    error: null,
    onboardingEntrypoint: null,
  });
  notifyAll("account/updated", accountNote("apikey"));
  return { type: "apiKey" };
}

function accountNote(authMode: "apikey" | null): Record<string, unknown> {
  return { authMode, planType: null, reason: null };
}
