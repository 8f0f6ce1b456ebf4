/** The configuration as the parts of the program need it. */
import type { Flags, LimitRaise } from "../contract/command_line.ts";
import { usageError } from "../protocol/error.ts";
import type { ApprovalPolicy } from "../protocol/policy.ts";
import type { ProviderEndpoint } from "../protocol/provider.ts";
import type {
  LoopLimits,
  ModelInfo,
  Price,
  RunLimits,
  TurnMode,
  TurnSettings,
} from "../protocol/settings.ts";
import type { JsonObject } from "../util/json/json.ts";
import { parseDuration } from "../util/duration.ts";
import type { LoadedConfig } from "./load.ts";
import { sandboxPolicyOf } from "./permissions/permissions.ts";
import { modelInfoOf } from "./provider/models.ts";
import { listedOf } from "./provider/prices.ts";
import { isOpenaiService } from "./provider/providers.ts";
import type { Config } from "./file/schema.ts";
import { LIVE_FEATURES } from "./file/fates.ts";

/**
 * When the user is asked. Without a user, `on-request` and `on-failure` are
 * `never`; `untrusted` and `granular` stay, since `never` would allow more than they do.
 */
function approvalPolicyOf(
  config: Config,
  options: { readonly canAsk: boolean },
): ApprovalPolicy {
  const policy = config.approval_policy;
  if (options.canAsk) return policy;
  return policy === "on-request" || policy === "on-failure" ? "never" : policy;
}

/** The settings a thread starts with. */
export function turnSettingsOf(
  loaded: Pick<
    LoadedConfig,
    "config" | "catalog" | "cwd" | "permissions" | "managed"
  >,
  options: {
    readonly shell: string;
    readonly canAsk: boolean;
    /** Instead of the configured model. */
    readonly model?: string;
    /** Instead of the configured one. */
    readonly provider?: string;
    readonly outputSchema?: TurnSettings["outputSchema"];
  },
): TurnSettings {
  const { config } = loaded;
  const model = modelInfoOf(
    config,
    loaded.catalog,
    options.model,
    options.provider,
  );
  return {
    model,
    ...reasoningOf(config, model),
    ...verbosityOf(config, model),
    ...serviceTierOf(config, model),
    cwd: loaded.cwd,
    approval: approvalPolicyOf(config, {
      // Where policy forbids "never", nobody answers what would have been asked.
      canAsk: options.canAsk ||
        loaded.managed?.refusal({ approval: "never" }) !== undefined,
    }),
    sandbox: sandboxPolicyOf(loaded),
    shell: options.shell,
    ...(options.outputSchema === undefined
      ? {}
      : { outputSchema: options.outputSchema }),
  };
}

/** What changes with another model: the configured effort goes along, unless one is named. */
export function modelPatchOf(
  { config, catalog }: Pick<LoadedConfig, "config" | "catalog">,
  slug: string,
  effort?: string,
): Pick<TurnSettings, "model" | "reasoningEffort"> {
  const model = modelInfoOf(config, catalog, slug);
  const wanted = effort ?? config.model_reasoning_effort ??
    model.reasoningEffort;
  return {
    model,
    ...(model.supportsReasoning && wanted !== undefined &&
      { reasoningEffort: wanted }),
  };
}

/** The mode a thread opens in: as this run asks, else as it was left. Throws UserError. */
export function openingMode(
  { flags: { plan, acceptPlan }, isReview = false }: {
    readonly flags: Pick<Flags, "plan" | "acceptPlan">;
    readonly isReview?: boolean;
  },
  /** How the thread was left. */
  { isPlanning = false }: { readonly isPlanning?: boolean } = {},
): TurnMode | undefined {
  if (acceptPlan && !isPlanning) {
    throw usageError(
      "Cannot accept a plan: the session is not in plan mode, must be one that --plan or /plan has begun",
    );
  }
  if (isReview) return "review";
  return plan || (isPlanning && !acceptPlan) ? "plan" : undefined;
}

/** When a model that goes round in circles is stopped. */
export function loopLimitsOf({ limits }: Config): LoopLimits {
  const { max_failing_rounds, max_same_rounds } = limits;
  return {
    stepsMax: limits.max_steps,
    failing: { tell: limits.tell_failing_rounds, end: max_failing_rounds },
    idle: { tell: limits.tell_same_rounds, end: max_same_rounds },
  };
}

/** `[limits]`, after `--raise`. */
export function limitsOf(
  config: Config,
  raises: readonly LimitRaise[] = [],
): RunLimits {
  const { limits } = config;
  const values: Record<LimitRaise["limit"], number | undefined> = {
    "requests": limits.max_requests,
    "tokens": limits.max_tokens,
    "tool-calls": limits.max_tool_calls,
    "cost": limits.max_cost,
  };
  for (const raise of raises) {
    // The limit of an earlier run was perhaps only on its command line: then the room that
    // is added is all there is.
    const old = raise.relative ? values[raise.limit] ?? 0 : 0;
    values[raise.limit] = raise.amount + old;
  }
  const all: Record<keyof RunLimits, number | undefined> = {
    requestsMax: values["requests"],
    tokensMax: values["tokens"],
    toolCallsMax: values["tool-calls"],
    costMax: values["cost"],
    timeoutMs: limits.timeout === undefined
      ? undefined
      : parseDuration(String(limits.timeout)),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined),
  );
}

/** The price of a model, per million tokens; of `[prices]`, else as it is listed. */
export function priceOf(config: Config, slug: string): Price | undefined {
  const price = Object.hasOwn(config.prices, slug)
    ? config.prices[slug]
    : undefined;
  if (price === undefined) return listedOf(slug)?.price;
  return {
    input: price.input,
    cachedInput: price.cached_input ?? price.input,
    output: price.output,
  };
}

/** How the server searches the web; only OpenAI's own do it without being told to. */
export function webSearchOf(
  config: Config,
  provider: ProviderEndpoint,
): "disabled" | "cached" | "live" {
  // It is a tool that the server itself runs.
  if (provider.wireApi === "chat") return "disabled";
  if (config.web_search !== undefined) return config.web_search;
  if (config.tools.web_search === false) return "disabled";
  if (config.tools.web_search === true) return "live";
  if (featureOn(config, "web_search_request")) return "live";
  if (featureOn(config, "web_search_cached")) return "cached";
  const isOff = Object.hasOwn(config.features, "web_search_request");
  return !isOff && isOpenaiService(provider) ? "cached" : "disabled";
}

/** `[tools.web_search]` in the words of the request. */
export function webSearchOptions(
  config: Config,
  model: Pick<ModelInfo, "searchesImages">,
): JsonObject {
  const table = config.tools.web_search;
  const content = model.searchesImages
    ? { search_content_types: ["text", "image"] }
    : {};
  if (typeof table !== "object") return content;
  const { allowed_domains: domains, context_size: size, location } = table;
  return {
    ...content,
    ...(domains !== undefined && { filters: { allowed_domains: domains } }),
    ...(size !== undefined && { search_context_size: size }),
    ...(location !== undefined && {
      user_location: { type: "approximate", ...location },
    }),
  };
}

/** Whether a built-in tool is offered; only those with a switch can be off. */
export function isToolOn(
  config: Config,
  model: Pick<ModelInfo, "hasShell">,
  name: string,
): boolean {
  switch (name) {
    case "shell":
    case "exec_command":
    case "write_stdin":
      return model.hasShell !== false && featureOn(config, "shell_tool");
    case "view_image":
      return featureOn(config, "view_image") &&
        switchOf(config.tools[name]) !== false;
    case "update_plan":
      return switchOf(config.tools[name]) !== false;
    default:
      return true;
  }
}

/** Whether a feature that does something here is on: configured, or by default. */
export function featureOn(
  config: Config,
  name: keyof typeof LIVE_FEATURES,
): boolean {
  return switchOf(config.features[name]) ?? LIVE_FEATURES[name];
}

function switchOf(
  value: boolean | { readonly enabled?: boolean | undefined } | undefined,
): boolean | undefined {
  return typeof value === "boolean" ? value : value?.enabled;
}

function verbosityOf(
  config: Config,
  model: ModelInfo,
): Pick<TurnSettings, "verbosity"> {
  const verbosity = config.model_verbosity ?? model.verbosity;
  return verbosity === undefined || !model.supportsVerbosity
    ? {}
    : { verbosity };
}

function serviceTierOf(
  config: Config,
  model: ModelInfo,
): Pick<TurnSettings, "serviceTier"> {
  const serviceTier = config.service_tier ?? model.serviceTier;
  return serviceTier === undefined ? {} : { serviceTier };
}

function reasoningOf(
  config: Config,
  model: ModelInfo,
): Pick<TurnSettings, "reasoningEffort" | "reasoningSummary"> {
  if (!model.supportsReasoning) return {};
  const effort = config.model_reasoning_effort ?? model.reasoningEffort;
  const summary = config.model_reasoning_summary ?? model.reasoningSummary;
  return {
    ...(effort === undefined ? {} : { reasoningEffort: effort }),
    ...(summary === undefined ? {} : { reasoningSummary: summary }),
  };
}
