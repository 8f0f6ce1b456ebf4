/** A provider that is out, or whose quota is spent: the turn goes on at the next one. */
import { ModelError, UserError } from "../../protocol/error.ts";
import type { ProviderModel, TurnSettings } from "../../protocol/settings.ts";
import type { Fallback } from "../state/deps.ts";
import type { TurnContext } from "./context.ts";
import { leaveForeign } from "./repair.ts";

/** Runs it, and again with each provider of the fallback while one after the other is out. */
export async function withFallback<T>(
  first: TurnContext,
  run: (context: TurnContext) => Promise<T>,
): Promise<T> {
  for (let context = first;;) {
    try {
      return await run(context);
    } catch (error) {
      const [next, ...rest] = context.deps.fallback ?? [];
      // A fallback without a key is as good as none: the one after it may have one.
      const isUseless = isOut(error) || context !== first && isLockedOut(error);
      if (next === undefined || context.signal.aborted || !isUseless) {
        throw error;
      }
      context = await goOn(context, { next, rest, reason: error.message });
    }
  }
}

/** The settings of a conversation that goes on there: nothing of the last model is left. */
export function settingsAt(
  { settings }: Pick<Fallback, "settings">,
  before: TurnSettings,
): TurnSettings {
  const {
    reasoningEffort: _effort,
    reasoningSummary: _summary,
    verbosity: _verbosity,
    serviceTier: _tier,
    ...kept
  } = before;
  return Object.freeze({ ...kept, ...settings });
}

async function goOn(
  context: TurnContext,
  { next, rest, reason }: {
    readonly next: Fallback;
    readonly rest: readonly Fallback[];
    readonly reason: string;
  },
): Promise<TurnContext> {
  const { state, turnId = "" } = context;
  const { settings: _, ...place } = next;
  const deps = { ...context.deps, ...place, fallback: rest };
  const settings = settingsAt(next, context.settings);
  context.emit({
    type: "provider.switched",
    from: placeOf(context),
    to: placeOf({ deps, settings }),
    reason,
    lostTokens: state.usedTokens(),
  });
  const provider = deps.endpoint.id;
  context.log.append({ type: "provider_switched", turnId, settings, provider });
  context.follow(next, deps);
  context.budget.usePrice(next.price);
  context.cacheWatch.forget();
  state.leaveProvider();
  const there = { ...context, deps, settings };
  leaveForeign(there);
  await sayModel(there);
  return there;
}

// As after any other change of the model.
async function sayModel({ state, deps, settings }: TurnContext): Promise<void> {
  if (state.sent === undefined) return;
  const { items, sent } = await deps.context.contextUpdate(
    state.sent,
    settings,
  );
  state.transcript.append(items);
  state.sent = sent;
}

function placeOf(
  { deps, settings }: Pick<TurnContext, "deps" | "settings">,
): ProviderModel {
  return { provider: deps.endpoint.id, model: settings.model.slug };
}

function isLockedOut(error: unknown): error is ModelError | UserError {
  return (error instanceof ModelError || error instanceof UserError) &&
    error.kind === "auth";
}

// Out, or its quota spent: what another provider does not share. A busy limit comes here
// when the retries are used up.
function isOut(error: unknown): error is ModelError {
  if (!(error instanceof ModelError)) return false;
  const { kind, status = 0 } = error;
  switch (kind) {
    case "rate_limit":
    case "unreachable":
    case "stream":
      return true;
    case "http":
      return error.retryable || status >= 500 || status === 402;
    default:
      return false;
  }
}
