/** The providers of a run: the one that is asked, and those that stand in for it. */
import { createAuth } from "../config/provider/auth.ts";
import { type Provider, providerOf } from "../config/provider/providers.ts";
import { priceOf } from "../config/settings.ts";
import { createModelClient } from "../model/client.ts";
import type { Host } from "../protocol/host.ts";
import type { TurnSettings } from "../protocol/settings.ts";
import type { Fallback, ThreadDeps } from "../session/state/deps.ts";
import { costOf } from "../session/state/budget.ts";
import type { TelemetryAccess } from "../telemetry/access.ts";
import type { Telemetry, ThreadTrace } from "../telemetry/telemetry.ts";
import type { LoadedConfig } from "../config/load.ts";
import { programOf } from "./program.ts";
import { openTransport, type Reached } from "./transport.ts";

/** A run that may be followed. */
export interface TracedRun {
  /** Absent where nobody wants any. */
  readonly telemetry?: Telemetry | undefined;
  readonly telemetryAccess?: Pick<TelemetryAccess, "takeWarnings">;
}

interface Run {
  readonly host: Host;
  readonly loaded: LoadedConfig;
  /** Of the thread, where somebody follows its work. */
  readonly trace?: ThreadTrace | undefined;
}

type ToolsAt = (provider: Provider) => ThreadDeps["tools"];

/** One provider with the model it is asked for. */
export function providerDeps(
  { host, loaded, trace }: Run,
  { provider, transport, slug, toolsAt }: {
    readonly provider: Provider;
    readonly transport: Reached["transport"];
    readonly slug: string;
    readonly toolsAt: ToolsAt;
  },
): Omit<Fallback, "settings"> {
  const price = priceOf(loaded.config, slug);
  const model = createModelClient({
    host,
    provider,
    auth: createAuth(host, provider, loaded),
    program: programOf(host, loaded),
    ...transport,
  });
  const tools = toolsAt(provider);
  return {
    endpoint: provider,
    model: trace?.model(model, (usage) => price && costOf(usage, price)) ??
      model,
    tools: trace === undefined
      ? tools
      : async (...asked) => trace.tools(await tools(...asked)),
    ...(price !== undefined && { price }),
  };
}

/** Those that `fallback` names, in its order. Throws UserError. */
export async function openFallbacks(
  run: Run,
  settingsFor: (slug: string, providerId: string) => TurnSettings,
  toolsAt: ToolsAt,
): Promise<readonly Fallback[]> {
  const { host, loaded } = run;
  return await Promise.all(loaded.config.fallback.map(async (name) => {
    const end = name.indexOf("/");
    const provider = providerOf(loaded.config, host, name.slice(0, end));
    const slug = name.slice(end + 1);
    const { transport } = await openTransport(host, provider);
    return {
      ...providerDeps(run, { provider, transport, slug, toolsAt }),
      settings: modelSettings(settingsFor(slug, provider.id)),
    };
  }));
}

function modelSettings(settings: TurnSettings): Fallback["settings"] {
  const { model, reasoningEffort, reasoningSummary, verbosity, serviceTier } =
    settings;
  return {
    model,
    ...(reasoningEffort !== undefined && { reasoningEffort }),
    ...(reasoningSummary !== undefined && { reasoningSummary }),
    ...(verbosity !== undefined && { verbosity }),
    ...(serviceTier !== undefined && { serviceTier }),
  };
}
