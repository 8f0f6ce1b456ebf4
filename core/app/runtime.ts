/** What one run of the program works with: configuration, sandbox, rules. */
import { sandboxPolicyOf } from "../config/permissions/permissions.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { providerOf } from "../config/provider/providers.ts";
import { reapChild } from "../host/system/libc.ts";
import type { Flags } from "../contract/command_line.ts";
import {
  errorCode,
  errorReason,
  usageError,
  type UserError,
} from "../protocol/error.ts";
import type { Host } from "../protocol/host.ts";
import type { Sandbox } from "../protocol/command.ts";
import type { ThreadMeta } from "../protocol/log.ts";
import type { EditorFiles } from "../protocol/tool.ts";
import { resolvePath } from "../util/path.ts";
import type { JsonObject } from "../util/json/json.ts";
import { createSandbox, type SessionSandbox } from "../../sandbox/mod.ts";
import { openRuleStore, type RuleStore } from "../../tools/gate/rule_store.ts";
import { buildManagedRules } from "../policy/rules.ts";
import { type AgentRuntime } from "./agent.ts";
import { openHooks } from "./hooks.ts";
import { findShell } from "./login_shell.ts";
import { type McpPerson, openMcp } from "./mcp_access.ts";
import type { TelemetryAccess } from "../telemetry/access.ts";
import { openTransport, withTrace } from "./transport.ts";

export interface Runtime extends AgentRuntime {
  readonly sandbox: SessionSandbox;
}

interface RuntimeOptions {
  readonly canAsk: boolean;
  readonly source: ThreadMeta["source"];
  readonly outputSchema?: JsonObject;
  /** Base instructions, over those of the configuration. */
  readonly instructions?: string;
  /** Answers MCP servers that ask for more than a yes. */
  readonly person?: McpPerson;
  /** The person's, where the program serves one. */
  readonly editor?: EditorFiles | undefined;
  /** Of the process; without it nothing is traced. */
  readonly telemetryAccess?: TelemetryAccess;
}

/** Loads the configuration and opens what it names. Throws UserError. */
export async function openRuntime(
  host: Host,
  flags: Flags,
  options: RuntimeOptions,
): Promise<Runtime> {
  const cwd = await realFolder(host, flags.cd ?? ".");
  const loaded = await loadConfig(host, { flags, cwd, canAsk: options.canAsk });
  const sandbox = createSandbox({
    host,
    codexHome: loaded.codexHome,
    // A cassette holds what this run was told, not what one before it found.
    ...(flags.record === undefined && flags.replay === undefined && {
      proofHome: loaded.codexHome,
    }),
    reapChild,
  });
  const telemetry = await options.telemetryAccess?.open();
  const traced = withTrace(host, telemetry?.carrier);
  const mcp = openMcp(traced, loaded, { flags, person: options.person });
  warmSandbox(sandbox, loaded);
  const rules = await loadRules(host, loaded, flags);
  const reached = await openTransport(host, providerOf(loaded.config, host));
  const { hooks, warnings } = await openHooks(traced, loaded, flags);
  return {
    host,
    loaded,
    flags,
    sandbox,
    rules,
    shell: await findShell(host),
    ...(mcp !== undefined && { mcp }),
    ...reached,
    hooks,
    telemetry,
    warnings: [...reached.warnings, ...warnings],
    ...options,
  };
}

/** The rules of the user and of a trusted project. */
export async function loadRules(
  host: Host,
  loaded: LoadedConfig,
  flags: Flags,
): Promise<RuleStore> {
  const { codexHome: home, managed } = loaded;
  const rows = managed?.requirements.rules?.prefix_rules;
  return await openRuleStore({
    host,
    ...(managed !== undefined && rows !== undefined && {
      managed: buildManagedRules(rows, managed.file),
    }),
    folders: ["/etc/codex/rules"],
    project: loaded.trust.sources.filter(({ kind }) => kind === "rules"),
    ignoreFiles: flags.ignoreRules ?? false,
    ...(flags.rules !== undefined && {
      files: flags.rules.map((path) => resolvePath(host.cwd, path)),
    }),
    savedPath: home === undefined ? home : `${home}/rules/default.rules`,
  });
}

// The probe of the sandbox runs in other processes: it is begun early and awaited late,
// where its outcome, good or bad, is asked for again.
function warmSandbox(sandbox: Sandbox, loaded: LoadedConfig): void {
  const policy = sandboxPolicyOf(loaded);
  sandbox.sandboxStatus(policy, loaded.cwd).catch(() => {});
}

/** The folder with all links resolved. Throws UserError when there is none. */
export async function realFolder(host: Host, path: string): Promise<string> {
  const full = resolvePath(host.cwd, path);
  const fail = (state: string): UserError =>
    usageError(`Cannot work in ${full}: ${state}`);
  try {
    const stat = await host.files.stat(full);
    if (stat?.isDirectory) return await host.files.realPath(full);
    throw fail(stat === undefined ? "no such folder" : "not a folder");
  } catch (error) {
    throw errorCode(error) === undefined ? error : fail(errorReason(error));
  }
}
