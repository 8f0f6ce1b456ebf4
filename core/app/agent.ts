/** Puts one agent together: provider, tools behind the gate, prompt, limits. */
import {
  isToolOn,
  limitsOf,
  loopLimitsOf,
  openingMode,
  turnSettingsOf,
  webSearchOf,
  webSearchOptions,
} from "../config/settings.ts";
import type { LoadedConfig } from "../config/load.ts";
import { modelInfoOf, modelWarnings } from "../config/provider/models.ts";
import { type Provider, providerOf } from "../config/provider/providers.ts";
import { secretNames } from "../config/secrets.ts";
import { confine } from "../policy/mode.ts";
import type { Flags } from "../contract/command_line.ts";
import type { LiveGate, Sandbox } from "../protocol/command.ts";
import type { Hooks } from "../protocol/hooks.ts";
import type { Host } from "../protocol/host.ts";
import type { ThreadMeta } from "../protocol/log.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import { createCheckpoints } from "../session/undo/checkpoints.ts";
import type { ThreadDeps } from "../session/state/deps.ts";
import type { Agent, AgentRequest } from "../session/thread/open.ts";
import { basename } from "../util/path.ts";
import type { JsonObject } from "../util/json/json.ts";
import { BASE_INSTRUCTIONS } from "../../prompts/mod.ts";
import { createGate } from "../../tools/gate/gate.ts";
import { LiveSessions } from "../../tools/live/sessions.ts";
import { builtinTools } from "../../tools/mod.ts";
import type { RuleStore } from "../../tools/gate/rule_store.ts";
import { openNotify } from "./hooks.ts";
import { loadInstructions, loadText, type TextPlace } from "./instructions.ts";
import {
  openPersonVariables,
  withoutLoginShells,
  withVariables,
} from "./login_shell.ts";
import type { McpAccess } from "./mcp_access.ts";
import { openFallbacks, providerDeps, type TracedRun } from "./providers.ts";
import { promptSourceOf, type StagedFolder } from "./prompt_source.ts";
import type { Reached } from "./transport.ts";

/** What is the same for all threads of this run. */
export interface AgentRuntime extends TracedRun {
  readonly host: Host;
  readonly loaded: LoadedConfig;
  readonly flags: Flags;
  readonly sandbox: Sandbox;
  readonly rules: RuleStore;
  /** What command lines are written for. */
  readonly shell: string;
  /** Whether somebody can be asked. */
  readonly canAsk: boolean;
  readonly outputSchema?: JsonObject;
  /** What the user should know of how this run was opened. */
  readonly warnings: readonly string[];
  /** How the provider is reached. */
  readonly transport: Reached["transport"];
  readonly hooks: Hooks;
  /** What decides whether a turn is done, beside the model. */
  readonly openCheck?: ThreadDeps["openCheck"];
  /** Who started this run, for hooks and notifiers. */
  readonly source: ThreadMeta["source"];
  /** Instead of those of the configuration. */
  readonly instructions?: string;
  /** Instead of the configured one. */
  readonly model?: string;
  /** Its threads review, and do nothing else. */
  readonly isReview?: boolean;
  /** Absent when no MCP server is configured. */
  readonly mcp?: McpAccess;
  readonly editor?: Parameters<typeof builtinTools>[0]["editor"];
  /** Its threads work in a copy of the folder. */
  readonly stage?: StagedFolder;
}

/** Makes the agent around a thread; the first event says what it consists of. */
export async function createAgent(
  runtime: AgentRuntime,
  request: AgentRequest,
): Promise<Agent> {
  const { host, loaded, flags, sandbox, transport } = runtime;
  const { threadId, warn } = request;
  const run = { ...runtime, trace: runtime.telemetry?.watch(threadId) };
  const { config } = loaded;
  const mode = openingMode(runtime, request.restored);
  const settings = { ...settingsOf(runtime), mode };
  const { sandbox: policy } = confine(settings);
  const provider = providerOf(config, host);
  const instructions = await instructionsOf(
    runtime,
    request.restored?.meta.instructions,
  );
  [...loaded.warnings, ...runtime.warnings].forEach(warn);
  runtime.telemetryAccess?.takeWarnings().forEach(warn);
  modelWarnings(config, settings.model).forEach(warn);
  const context = promptSourceOf(runtime, instructions, warn);
  const compactPrompt = config.compact_prompt ??
    await loadText(textPlaceOf(runtime), "experimental_compact_prompt_file");
  const { slug } = settings.model;
  const live = new LiveSessions(host);
  const toolsAt = toolsOf(runtime, request, live);
  const settingsAt = (model: string, providerId: string): TurnSettings =>
    settingsOf({ ...runtime, model }, providerId);
  const fallback = await openFallbacks(run, settingsAt, toolsAt);
  const notify = openNotify(host, loaded, {
    source: runtime.source,
    flags,
    warn,
  });
  return {
    settings,
    deps: {
      host,
      ...providerDeps(run, { provider, transport, slug, toolsAt }),
      observer: run.trace,
      fallback,
      live,
      instructions,
      refuseSettings: loaded.managed?.refusal,
      ...(compactPrompt !== undefined && { compactPrompt }),
      reasoning: config.hide_agent_reasoning
        ? "none"
        : config.show_raw_agent_reasoning
        ? "raw"
        : "summary",
      context,
      ...checkpointsOf(runtime, request),
      hooks: runtime.hooks,
      openCheck: runtime.openCheck,
      ...(notify !== undefined && { notify }),
      limits: limitsOf(config, flags.raise),
      loops: loopLimitsOf(config),
      strictCache: flags.strictCache ?? config.strict_cache,
    },
    started: {
      sandbox: await sandbox.sandboxStatus(policy, settings.cwd),
      instructionFiles: await context.docFiles(settings),
    },
  };
}

/** The settings a thread of this run starts with. */
export function settingsOf(
  runtime:
    & Pick<
      AgentRuntime,
      "loaded" | "canAsk" | "outputSchema" | "model"
    >
    & Partial<Pick<AgentRuntime, "shell" | "stage">>,
  providerId?: string,
): TurnSettings {
  const { loaded, canAsk, outputSchema, model, shell, stage } = runtime;
  const settings = turnSettingsOf(loaded, {
    shell: basename(shell ?? "/bin/sh"),
    canAsk,
    ...(outputSchema !== undefined && { outputSchema }),
    ...(model !== undefined && { model }),
    ...(providerId !== undefined && { provider: providerId }),
  });
  return stage?.settingsIn(settings) ?? settings;
}

/**
 * The base instructions of this run: those of the configuration, else those the thread
 * already has, else those of the model.
 */
export async function instructionsOf(
  runtime: AgentRuntime,
  restored?: string,
): Promise<string> {
  const { loaded: { config, catalog }, model, source, flags } = runtime;
  const said = runtime.instructions ??
    await loadInstructions(textPlaceOf(runtime)) ?? restored;
  if (said !== undefined) return said;
  const { instructions, promptStyle = "full" } = modelInfoOf(
    config,
    catalog,
    model,
  );
  if (instructions !== undefined) return instructions;
  const base = BASE_INSTRUCTIONS[promptStyle];
  const isAnswered = source !== "exec" || flags.input === "jsonl";
  return isAnswered ? base : `${base}\n\n${BASE_INSTRUCTIONS.headless}`;
}

function textPlaceOf(runtime: AgentRuntime): TextPlace {
  const { sandbox, cwd } = settingsOf(runtime);
  return {
    host: runtime.host,
    loaded: runtime.loaded,
    files: runtime.sandbox.readable(sandbox, cwd),
  };
}

function checkpointsOf(
  { host, loaded, flags, sandbox, stage }: AgentRuntime,
  { threadId, warn }: AgentRequest,
): Pick<Agent["deps"], "checkpoints"> {
  const { codexHome } = loaded;
  if (codexHome === undefined || flags.ephemeral) return {};
  // Nothing of the person's is changed.
  if (stage !== undefined) return {};
  return {
    checkpoints: createCheckpoints(host, {
      codexHome,
      threadId,
      readable: (place) => sandbox.readable(place.sandbox, place.cwd),
      warn,
    }),
  };
}

function createAgentGate(
  runtime: AgentRuntime,
  warn: AgentRequest["warn"],
): LiveGate {
  const { host, loaded, sandbox, rules } = runtime;
  const { sandbox: policy, cwd } = settingsOf(runtime);
  const variables = openPersonVariables(host, { policy, cwd, warn });
  const isAsked = loaded.config.allow_login_shell !== false;
  const gate = createGate({
    host: { ...host, envAll: variables.envAll },
    sandbox,
    rules,
    environment: {
      policy: loaded.config.shell_environment_policy,
      secretNames: secretNames(loaded.config),
    },
    // A name in a shared folder could be taken by somebody else first.
    ...(loaded.codexHome !== undefined && !runtime.flags.ephemeral && {
      spoolFolder: `${loaded.codexHome}/spool`,
    }),
  });
  return isAsked ? withVariables(gate, variables) : gate;
}

function toolsOf(
  runtime: AgentRuntime,
  { threadId, warn }: AgentRequest,
  sessions: LiveSessions,
): (provider: Provider) => ThreadDeps["tools"] {
  const { loaded: { config }, shell } = runtime;
  const liveGate = createAgentGate(runtime, warn);
  const { allow_login_shell: login } = config;
  return (provider) => async (settings, asker) => {
    const mcpServers = await runtime.mcp?.mcpServers();
    return [
      ...builtinTools({
        host: runtime.host,
        shell,
        gate: login ? liveGate : withoutLoginShells(liveGate),
        live: { gate: liveGate, sessions, allowsLogin: login ?? true },
        offersLive: settings.model.liveCommands ?? false,
        sandbox: runtime.sandbox,
        // Chat completions know no free text.
        applyPatch: provider.wireApi === "chat"
          ? "function"
          : settings.model.applyPatch,
        webSearch: webSearchOf(config, provider),
        webSearchOptions: webSearchOptions(config, settings.model),
        editor: runtime.editor,
      }).filter(({ name }) => isToolOn(config, settings.model, name)),
      ...await mcpServers?.tools({ threadId, ...asker }) ?? [],
    ];
  };
}
